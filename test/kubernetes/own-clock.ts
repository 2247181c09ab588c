/**
 * The clock of one process of several, over the hand-driven time of them all: it runs a little
 * faster or slower, tells another time of day, and while its process is paused nothing of it runs.
 */
import type { Clock, Timer } from '../../src/clock.js';
import type { HandClock } from '../peers/clock.js';

export interface Oddity {
  /** How fast it runs: 1 is right. */
  readonly pace: number;
  /** How far its time of day is off. */
  readonly skewMs: number;
}

export class OwnClock implements Clock {
  private readonly real: HandClock;
  private readonly oddity: Oddity;
  private isPaused = false;
  /** What fell due in a pause. */
  private readonly late: (() => void)[] = [];

  constructor(real: HandClock, oddity: Oddity) {
    this.real = real;
    this.oddity = oddity;
  }

  now(): number {
    return this.real.now() * this.oddity.pace;
  }

  wall(): Date {
    return new Date(this.real.wall().getTime() + this.oddity.skewMs);
  }

  wallAt(ms: number): Date {
    return new Date(this.wall().getTime() + ms - this.now());
  }

  after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    let isCancelled = false;
    const due = (): void => {
      if (this.isPaused) this.late.push(due);
      else if (!isCancelled) act(arg as A);
    };
    const timer = this.real.after(ms / this.oddity.pace, due);
    const cancel = (): void => {
      isCancelled = true;
      timer.cancel();
    };
    const own: Timer = { cancel, unref: () => own };
    return own;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** Everything that fell due runs now, in its order; a process that was killed is never resumed. */
  resume(): void {
    this.isPaused = false;
    for (const due of this.late.splice(0)) due();
  }
}
