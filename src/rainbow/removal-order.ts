/**
 * Which pods a ReplicaSet's controller removes first when it shrinks, as far as that can be relied
 * on: (Kubernetes' ActivePodsWithRanks) without a node, pending, not ready, then by deletion cost.
 * Pure. What comes behind the cost tells only pods apart that have the same one.
 */
import type { PodFacts, PodName } from './contract.js';
import { isSafe, nameOf } from './work.js';

/**
 * The cost of a pod that may go: less than anybody would give (the least is one less), so that it is
 * known as ours when it has to be taken back.
 */
export const IDLE_COST = -(2 ** 31 - 1);

const PHASES: readonly PodFacts['phase'][] = ['Pending', 'Unknown', 'Running'];

export interface Shrink {
  /** So many of the first to be removed are safe, when the costs are set. */
  readonly idle: number;
  /** Of how many. */
  readonly of: number;
  readonly costs: readonly (PodName & { readonly cost: number })[];
}

/** What can be taken from a colour by shrinking it. */
export function shrinkable(pods: readonly PodFacts[]): Shrink {
  // The controller sees its own, and none that goes already.
  const removable = pods.filter(({ isOwned, isTerminating }) => isOwned && !isTerminating);
  const costs = removable
    .map((pod) => ({ ...nameOf(pod), before: pod.deletionCost, cost: costOf(pod) }))
    .filter(({ before, cost }) => before !== cost)
    .map(({ name, uid, cost }) => ({ name, uid, cost }));
  const order = [...removable].sort(compareRemoval);
  const firstBusy = order.findIndex((pod) => !isSafe(pod));
  return { idle: firstBusy === -1 ? order.length : firstBusy, of: order.length, costs };
}

/** What others gave stays, but on what may go. */
function costOf(pod: PodFacts): number {
  if (isSafe(pod)) return IDLE_COST;
  return pod.deletionCost === IDLE_COST ? 0 : pod.deletionCost;
}

function compareRemoval(one: PodFacts, other: PodFacts): number {
  return (
    Number(one.node !== undefined) - Number(other.node !== undefined) ||
    PHASES.indexOf(one.phase) - PHASES.indexOf(other.phase) ||
    Number(one.isReady) - Number(other.isReady) ||
    costOf(one) - costOf(other) ||
    // As bad as it can come.
    Number(isSafe(one)) - Number(isSafe(other))
  );
}
