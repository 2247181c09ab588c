/**
 * What the pods of a colour say, summed up: what is at work, who is safe, who drains. Pure. What is
 * not known is never counted as nothing.
 */
import type { PodFacts, PodName } from './contract.js';

/** Values of tidegate.dev/drain that drain; the second leaves the pod ready. */
const DRAINING: readonly (string | undefined)[] = ['true', 'keep'];

export function isSafe({ answer }: PodFacts): boolean {
  return answer.known && answer.safe;
}

/** Its annotation asks it to drain, by whomever that was set. */
export function isAskedToDrain({ drain }: PodFacts): boolean {
  return DRAINING.includes(drain);
}

export function isDraining(pod: PodFacts): boolean {
  return isAskedToDrain(pod) && !isSafe(pod);
}

/** Connections and leases; undefined if the pod does not say. */
export function workIn({ answer }: PodFacts): number | undefined {
  return answer.known ? answer.active + answer.leases : undefined;
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
