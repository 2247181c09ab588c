/**
 * What this replica has done and seen, as counts that only grow: for the metrics, which have each
 * value of each label from the beginning.
 */
import type { Telling } from '../kubernetes/events.js';
import {
  type ActionName,
  type ActionResult,
  ACTIONS,
  type Goodbye,
  GOODBYES,
  RESULTS,
} from './contract.js';

/** The kinds that are watched, as `watch_restarts_total` names them. */
export const WATCHED = [
  'pods',
  'replicasets.apps',
  'deployments.apps',
  'services',
  'endpointslices.discovery.k8s.io',
  'horizontalpodautoscalers.autoscaling',
] as const;

/** What becomes of an Event, as an action has it. */
const TOLD: Readonly<Record<Telling, ActionResult>> = {
  made: 'done',
  counted: 'done',
  known: 'done',
  crowded: 'stopped',
  gone: 'stopped',
  refused: 'failed',
  failed: 'failed',
};

export class Tallies {
  readonly actions = zeros(ACTIONS, () => zeros(RESULTS, () => 0));
  readonly goodbyes = zeros(GOODBYES, () => 0);
  readonly restarts: Record<string, number> = zeros(WATCHED, () => 0);

  acted(action: ActionName, result: ActionResult): void {
    this.actions[action][result]++;
  }

  told(telling: Telling): ActionResult {
    const result = TOLD[telling];
    this.acted('event', result);
    return result;
  }

  ended(goodbye: Goodbye): void {
    this.goodbyes[goodbye]++;
  }

  /** Of a kind that is not among those nobody need know. */
  restarted(resource: string): void {
    if (resource in this.restarts) this.restarts[resource] += 1;
  }
}

function zeros<K extends string, V>(keys: readonly K[], value: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value()])) as Record<K, V>;
}
