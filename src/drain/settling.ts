/**
 * Have load balancers stopped sending? Told by what arrives: nothing new for a while, behind a
 * shortest time and up to a longest one. Looks only when it is asked.
 */
import type { Tracker } from '../tracker.js';
import type { Budget } from './budget.js';

export class Settling {
  private readonly tracker: Tracker;
  private readonly quietMs: number;
  private arrivalsSeen = 0;
  private arrivalSeenMs = 0;

  /** `quietMs`: for how long nobody may have come. */
  constructor(tracker: Tracker, quietMs: number) {
    this.tracker = tracker;
    this.quietMs = quietMs;
  }

  begin(now: number): void {
    this.arrivalsSeen = this.tracker.arrivals;
    this.arrivalSeenMs = now;
  }

  /** Balancers have stopped sending, or had long enough to. */
  isOver({ settleFromMs, settleUntilMs }: Budget, now: number): boolean {
    if (this.tracker.arrivals !== this.arrivalsSeen) this.begin(now);
    if (now >= settleUntilMs) return true;
    return now >= settleFromMs && now >= this.arrivalSeenMs + this.quietMs;
  }
}
