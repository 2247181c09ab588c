/**
 * How far a Deployment's controller has come, and what its pods are labelled with, as the API server
 * has it.
 */
import type { Labels } from '../kubernetes/labels.js';
import { fieldsAt, labelsAt, metadataOf, numberAt } from './objects.js';

export interface Rollout {
  readonly uid: string;
  readonly wanted: number;
  readonly ready: number;
  /** Ready for as long as the Deployment wants them to have been (minReadySeconds). */
  readonly available: number;
  /** The controller has seen what is wanted, and all pods are of the newest template. */
  readonly isCaughtUp: boolean;
  readonly templateLabels: Labels;
}

export function readRollout(deployment: unknown): Rollout {
  const { uid, generation } = metadataOf(deployment);
  const spec = fieldsAt(deployment, 'spec');
  const status = fieldsAt(deployment, 'status');
  // Zeroes are left out of a status.
  const count = (key: string): number => numberAt(status, key) ?? 0;
  const wanted = numberAt(spec, 'replicas') ?? 1;
  const updated = count('updatedReplicas');
  const hasSeen = count('observedGeneration') >= generation;
  return {
    uid,
    wanted,
    ready: count('readyReplicas'),
    available: count('availableReplicas'),
    isCaughtUp: hasSeen && updated >= wanted && count('replicas') <= updated,
    templateLabels: labelsAt(fieldsAt(spec, 'template', 'metadata'), 'labels'),
  };
}
