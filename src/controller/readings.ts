/**
 * What a scrape reads of the parts. What has to be counted anew, pod by pod, is counted once for a
 * scrape, however many metrics tell of it.
 */
import { VERSION } from '../build.js';
import type { Clock } from '../clock.js';
import type { ControllerMetricsSources, Counts, GroupCounts } from '../metrics/controller.js';
import type { Calls } from './calls.js';
import { PILES, type Piles, pilesOf } from './piles.js';
import type { Tallies } from './tallies.js';

export interface ReadingsOf {
  readonly clock: Clock;
  readonly calls: Calls;
  readonly tallies: Tallies;
  readonly isLeader: () => boolean;
  readonly isSynced: () => boolean;
  readonly piles: () => Piles;
  readonly groups: () => readonly GroupCounts[];
  /** By the clock. */
  readonly lastLookMs: () => number | undefined;
  readonly lastSweepMs: () => number | undefined;
}

/** A scrape is over by then. */
const SCRAPE_MS = 500;
const NO_PILES = pilesOf({ pods: [], lookedAt: () => undefined, isOld: () => false });

export function metricsSources(of: ReadingsOf): ControllerMetricsSources {
  const { clock, calls, tallies } = of;
  const counted = keptFor(SCRAPE_MS, clock, of.piles);
  // Told by who leads alone, so that the sum over replicas is what there is.
  const piles = (): Piles => (of.isLeader() ? counted() : NO_PILES);
  const held = (read: (pile: Piles['held']['drained']) => number): Counts =>
    Object.fromEntries(PILES.map((pile) => [pile, read(piles().held[pile])]));
  const ofDay = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : clock.wallAt(ms).getTime();
  return {
    version: VERSION,
    isLeader: of.isLeader,
    isSynced: of.isSynced,
    pods: () => piles().pods,
    heldPods: () => held(({ pods }) => pods),
    heldBytes: () => held(({ memoryBytes }) => memoryBytes),
    groups: () => (of.isLeader() ? of.groups() : []),
    actions: () => tallies.actions,
    goodbyes: () => tallies.goodbyes,
    rights: () => calls.rights(),
    calls: () => calls.counts,
    watchRestarts: () => tallies.restarts,
    lastLookMs: () => ofDay(of.lastLookMs()),
    lastSweepMs: () => ofDay(of.lastSweepMs()),
    residentBytes: () => process.memoryUsage.rss(),
  };
}

/** Read anew once it is older than that. */
function keptFor<T>(ms: number, clock: Clock, read: () => T): () => T {
  let kept: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    if (kept === undefined || clock.now() - kept.atMs >= ms) {
      kept = { value: read(), atMs: clock.now() };
    }
    return kept.value;
  };
}
