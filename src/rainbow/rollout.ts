/**
 * How far a Deployment's controller has come, and what its pods are made from, as the API server has
 * it. Another program's words: what is missing counts as nothing.
 */

export interface Rollout {
  readonly uid: string;
  readonly wanted: number;
  readonly ready: number;
  /** The controller has seen what is wanted, and all pods are of the newest template. */
  readonly isCaughtUp: boolean;
  readonly templateLabels: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

export function readRollout(deployment: unknown): Rollout {
  const { metadata, spec, status } = fieldsOf(deployment, 'metadata', 'spec', 'status');
  const wanted = countOf(spec['replicas'], 1);
  const { template } = fieldsOf(spec, 'template');
  return {
    uid: String(metadata['uid']),
    wanted,
    ready: countOf(status['readyReplicas'], 0),
    isCaughtUp:
      countOf(status['observedGeneration'], 0) >= countOf(metadata['generation'], 0) &&
      countOf(status['updatedReplicas'], 0) >= wanted &&
      countOf(status['replicas'], 0) <= countOf(status['updatedReplicas'], 0),
    templateLabels: fieldsOf(fieldsOf(template, 'metadata').metadata, 'labels').labels,
  };
}

function fieldsOf<K extends string>(value: unknown, ...keys: readonly K[]): Record<K, Fields> {
  const fields = isFields(value) ? value : {};
  const parts = keys.map((key) => [key, isFields(fields[key]) ? fields[key] : {}] as const);
  return Object.fromEntries(parts) as Record<K, Fields>;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countOf(value: unknown, missing: number): number {
  return typeof value === 'number' ? value : missing;
}
