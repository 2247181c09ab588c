/**
 * Have load balancers stopped sending? Told by the work that begins: none for a while, behind a
 * shortest time and up to a longest one. Looks only when it is asked.
 */
import type { Tracker } from '../tracker.js';
import type { Budget } from './budget.js';

export class Settling {
  private readonly tracker: Tracker;
  private readonly quietMs: number;
  private worksSeen = 0;
  private workSeenMs = 0;

  /** `quietMs`: for how long no work may have begun. */
  constructor(tracker: Tracker, quietMs: number) {
    this.tracker = tracker;
    this.quietMs = quietMs;
  }

  begin(now: number): void {
    this.worksSeen = this.tracker.worksBegun;
    this.workSeenMs = now;
  }

  /** Balancers have stopped sending, or had long enough to. */
  isOver({ settleFromMs, settleUntilMs }: Budget, now: number): boolean {
    if (this.tracker.worksBegun !== this.worksSeen) this.begin(now);
    if (now >= settleUntilMs) return true;
    return now >= settleFromMs && now >= this.workSeenMs + this.quietMs;
  }
}
