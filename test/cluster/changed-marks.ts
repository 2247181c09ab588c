/**
 * How soon what has changed in a pod stands on it: by the bodies of writes, as the API server has told them.
 */
import type { Level } from '../../src/controller/contract.js';
import { recordedOn } from '../../src/controller/marks.js';
import { VERDICT_ANNOTATION } from '../../src/kubernetes/keys.js';
import type { Call } from './audited.js';

/** What is to stand on a pod, and since when. */
export interface Changed {
  readonly atMs: number;
  readonly level: Level;
  /** When it changed first, if this is its second change. */
  readonly firstMs?: number;
}

export const isMark = ({ resource }: Call): boolean => resource === 'pods';

/** How long it took from each one's change to the write that says so. */
export function firstMarks(
  writes: readonly Call[],
  changes: ReadonlyMap<string, Changed>,
): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  for (const call of writes.filter(isMark)) {
    const { atMs = Infinity, level } = changes.get(call.name) ?? {};
    const isSaid = call.atMs >= atMs && levelIn(call) === level;
    if (isSaid && !seen.has(call.name)) seen.set(call.name, call.atMs - atMs);
  }
  return seen;
}

/** Those that were marked between their two changes. */
export function restedOf(
  writes: readonly Call[],
  changes: ReadonlyMap<string, Changed>,
): ReadonlySet<string> {
  const isBetween = ({ name, atMs: writtenMs }: Call): boolean => {
    const { firstMs = Infinity, atMs = -Infinity } = changes.get(name) ?? {};
    return writtenMs >= firstMs && writtenMs < atMs;
  };
  return new Set(writes.filter((call) => isMark(call) && isBetween(call)).map(({ name }) => name));
}

function annotationIn({ body }: Call, key: string): string | undefined {
  const { metadata } = (body ?? {}) as Annotated;
  return metadata?.annotations?.[key] ?? undefined;
}

interface Annotated {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string | null>> };
}

function levelIn(call: Call): Level | undefined {
  const verdict = annotationIn(call, VERDICT_ANNOTATION);
  return recordedOn({ safe: undefined, verdict, cost: undefined, evict: undefined }).summary?.level;
}
