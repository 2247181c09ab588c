/**
 * Time in which short waits take none: whoever waits goes on at once, and it is later by as much.
 * What waits for longer, like a call for its answer, waits as ever.
 */
import { type Clock, systemClock, type Timer } from '../../src/clock.js';

export class HurriedClock implements Clock {
  private readonly limitMs: number;
  private skippedMs = 0;

  /** Waits below `limitMs` take no time. */
  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  now(): number {
    return systemClock.now() + this.skippedMs;
  }

  wall(): Date {
    return this.wallAt(this.now());
  }

  wallAt(ms: number): Date {
    return systemClock.wallAt(ms);
  }

  after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    const isShort = ms < this.limitMs;
    if (isShort) this.skippedMs += Math.max(0, ms);
    return systemClock.after(isShort ? 0 : ms, act, arg as A);
  }
}
