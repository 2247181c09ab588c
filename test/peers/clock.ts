/**
 * Time driven by hand: it stands still until a test moves it, and every timer that falls due is
 * called on the way, in order, with `now()` at its own moment.
 */
import type { Clock, Timer } from '../../src/clock.js';

class HandTimer implements Timer {
  readonly at: number;
  readonly act: () => void;
  private readonly timers: HandTimer[];
  held = true;

  /** Takes its place in `timers`: by moment, those of the same moment in the order they were set. */
  constructor(timers: HandTimer[], at: number, act: () => void) {
    this.at = at;
    this.act = act;
    this.timers = timers;
    const later = timers.findIndex((other) => other.at > at);
    timers.splice(later === -1 ? timers.length : later, 0, this);
  }

  cancel(): void {
    const index = this.timers.indexOf(this);
    if (index !== -1) this.timers.splice(index, 1);
  }

  unref(): this {
    this.held = false;
    return this;
  }
}

export class HandClock implements Clock {
  private time = 0;
  private readonly start: Date;
  private readonly timers: HandTimer[] = [];

  /** `start` is the time of day at `now() === 0`. */
  constructor(start = new Date('2024-01-01T00:00:00Z')) {
    this.start = start;
  }

  now(): number {
    return this.time;
  }

  wall(): Date {
    return this.wallAt(this.time);
  }

  wallAt(ms: number): Date {
    return new Date(this.start.getTime() + ms);
  }

  after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    return new HandTimer(this.timers, this.time + Math.max(0, ms), () => act(arg as A));
  }

  /** How many timers are set; a test that is over should find none. */
  get pending(): number {
    return this.timers.length;
  }

  /** How many of them would keep a process running. */
  get holding(): number {
    return this.timers.filter((timer) => timer.held).length;
  }

  /** Lets `ms` pass. Timers set on the way are called too, if they fall due within it. */
  advance(ms: number): void {
    const end = this.time + ms;
    while (this.timers.length > 0 && this.timers[0].at <= end) {
      const timer = this.timers.shift() as HandTimer;
      this.time = timer.at;
      timer.act();
    }
    this.time = end;
  }
}

/** A clock for what looks at it while it works: while `isCostly`, every look takes its time. */
export class CostlyClock extends HandClock {
  isCostly = false;
  lookMs = 1;
  /** How often somebody asked for the next turn of the event loop. */
  turns = 0;
  private spentMs = 0;

  override now(): number {
    if (this.isCostly) this.spentMs += this.lookMs;
    if (this.spentMs > 100_000) throw new Error('it looks at the clock for ever');
    return super.now() + this.spentMs;
  }

  override after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    if (ms === 0) this.turns++;
    return super.after(ms, act, arg);
  }
}
