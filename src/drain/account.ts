/**
 * What one drain comes to, counted from where the tracker stood when it began. Keeps numbers and
 * decides nothing.
 */
import type { Clock } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { Ended } from './forced.js';
import type { DrainReport } from './report.js';

export class Account {
  readonly reason: string;
  /** Leases that the drain has ended. */
  leasesLost = 0;
  private readonly clock: Clock;
  private readonly tracker: Tracker;
  private readonly startMs: number;
  private readonly startedAt: Date;
  private readonly activeAtStart: number;
  /** How work had ended in all, before this drain. */
  private readonly before: Ended & { readonly finished: number };

  constructor(reason: string, clock: Clock, tracker: Tracker) {
    this.reason = reason;
    this.clock = clock;
    this.tracker = tracker;
    this.startMs = clock.now();
    this.startedAt = clock.wall();
    this.activeAtStart = tracker.activeTotal;
    const { finished, farewell, cut } = tracker;
    this.before = { finished, farewell, cut };
  }

  /** `activeAtEnd` and the counts as they were when it was decided to end. */
  report(ended: DrainReport['ended'], activeAtEnd: number, { farewell, cut }: Ended): DrainReport {
    const { reason, startedAt, activeAtStart, before } = this;
    return {
      reason,
      ended,
      startedAt,
      tookMs: this.clock.now() - this.startMs,
      activeAtStart,
      activeAtEnd,
      leasesAtEnd: this.leasesLost,
      finished: this.tracker.finished - before.finished,
      farewell: farewell - before.farewell,
      cut: cut - before.cut,
    };
  }
}
