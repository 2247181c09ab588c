/**
 * Is anything at work? Connections as the tracker counts them, and what the app says by its leases.
 * Pure reading: it keeps nothing of its own.
 */
import type { Tracker } from '../tracker.js';
import type { Leases } from './leases.js';

export class Work {
  private readonly tracker: Tracker;
  private readonly leases: Leases;

  constructor(tracker: Tracker, leases: Leases) {
    this.tracker = tracker;
    this.leases = leases;
  }

  get isGoingOn(): boolean {
    return this.tracker.activeTotal > 0 || this.leases.size > 0;
  }

  /** As above, for sure: not where a connection has only come, or a request only begun. */
  get isKnown(): boolean {
    return this.tracker.workTotal > 0 || this.leases.size > 0;
  }

  /** Clock time of the last moment at which something was at work; it may be still. */
  get lastMs(): number {
    return Math.max(this.tracker.lastActiveMs, this.leases.lastHeldMs);
  }

  /** Since when nothing is that was known to be work; undefined while something is, or may be. */
  get quietSinceMs(): number | undefined {
    if (this.isGoingOn) return undefined;
    return Math.max(this.tracker.quietSinceMs, this.leases.lastHeldMs);
  }
}
