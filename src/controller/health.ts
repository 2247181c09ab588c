/**
 * Whether the parts of a replica turn, and what they do not know yet. A part that asks in vain turns
 * all the same: to start it anew would help nobody.
 */
import type { Clock } from '../clock.js';
import type { Looks } from './looks.js';
import { resourceOf } from './rights.js';
import type { Stores } from './stores.js';

/** So long after no pod was asked, though there are some, nobody asks any more. */
const STUCK_MS = 180_000;
const STUCK_ROUNDS = 6;
/** A watch says something every minute, and lists are tried every ten. */
const SILENT_MS = 300_000;

export class Health {
  private readonly clock: Clock;
  private readonly lookEveryMs: number;
  private readonly stores: Pick<Stores, 'unknown' | 'silent'>;
  private readonly looks: () => Pick<Looks, 'isAsking'>;
  private lastLookMs: number | undefined;
  private lastSweepMs: number | undefined;
  /** Since when there is somebody to be asked, as far as anybody has looked. */
  private busySinceMs: number | undefined;

  constructor(clock: Clock, lookEveryMs: number, stores: Health['stores'], looks: Health['looks']) {
    this.clock = clock;
    this.lookEveryMs = lookEveryMs;
    this.stores = stores;
    this.looks = looks;
  }

  /** A pod was asked. */
  looked(): void {
    this.lastLookMs = this.clock.now();
  }

  /** All groups have had their look. */
  swept(): void {
    this.lastSweepMs = this.clock.now();
  }

  /** By the clock; undefined: never. */
  get last(): { readonly lookMs: number | undefined; readonly sweepMs: number | undefined } {
    return { lookMs: this.lastLookMs, sweepMs: this.lastSweepMs };
  }

  stuck(): readonly string[] {
    // Only those who look know whom they ask: a pod that is pending has an address, and no turn.
    if (!this.looks().isAsking) this.busySinceMs = undefined;
    else this.busySinceMs ??= this.clock.now();
    if (this.busySinceMs === undefined) return [];
    const sinceMs = Math.max(this.busySinceMs, this.lastLookMs ?? 0);
    const mostMs = Math.max(STUCK_MS, STUCK_ROUNDS * this.lookEveryMs);
    return this.clock.now() - sinceMs > mostMs ? ['no pod has been asked for minutes'] : [];
  }

  /** What was known once may be another by now: an API server that is away is told of so, too. */
  unknown(): readonly string[] {
    const unlisted = this.stores.unknown().map((one) => `${namesOf(one)} are not listed yet`);
    const silent = this.stores.silent(SILENT_MS).map((one) => {
      return `nothing was heard of ${namesOf(one)} for minutes`;
    });
    return [...unlisted, ...silent];
  }
}

function namesOf({ resource, namespace }: ReturnType<Stores['unknown']>[number]): string {
  const where = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
  return `${resourceOf(resource)} of ${where}`;
}
