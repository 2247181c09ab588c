/**
 * What the pods of a colour say, summed up: what is at work, who is safe, who is asked to drain.
 * Pure. What is not known is never counted as nothing, but in a pod of which nothing has ever run.
 */
import type { PodFacts, PodName } from './contract.js';

/** Values of tidegate.dev/drain that drain; the second leaves the pod ready. */
const DRAINING: readonly (string | undefined)[] = ['true', 'keep'];

/** It says so; or nothing in it can ever have had any work, by the API server's word. */
export function isSafe({ answer, neverStarted }: PodFacts): boolean {
  return answer.known ? answer.safe : neverStarted;
}

/** Its app has not been there yet, and nobody waits for it: safe by force alone. */
export function isOnlyStarting({ answer }: PodFacts): boolean {
  return answer.known && answer.reason === 'starting' && answer.active === 0 && answer.leases === 0;
}

/** Its annotation asks it to drain, by whomever that was set. */
export function isAskedToDrain({ drain }: PodFacts): boolean {
  return DRAINING.includes(drain);
}

/** Connections and leases; undefined if the pod does not say. */
export function workIn({ answer, neverStarted }: PodFacts): number | undefined {
  if (!answer.known) return neverStarted ? 0 : undefined;
  return answer.active + answer.leases;
}

/** Of all of them; undefined as soon as one does not say. */
export function workOf(pods: readonly PodFacts[]): number | undefined {
  let sum = 0;
  for (const pod of pods) {
    const work = workIn(pod);
    if (work === undefined) return undefined;
    sum += work;
  }
  return sum;
}

export function nameOf({ name, uid }: PodFacts): PodName {
  return { name, uid };
}
