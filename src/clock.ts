/**
 * Time, in one place, so that tests can hand out their own. The only file that touches Date, the
 * monotonic clock and timers. It must cost next to nothing beyond the timer it sets.
 */

/** A pending act. It keeps the process running until it has happened, unless `unref` is called. */
export interface Timer {
  /** The act will not happen. Harmless when it already has. */
  cancel(): void;
  /** The process need not stay for this. */
  unref(): this;
}

export interface Clock {
  /** Milliseconds since some moment; never goes back. For every difference and deadline. */
  now(): number;
  /** The time of day, for people and for other machines. Never subtract two of them. */
  wall(): Date;
  /** The time of day at a moment of `now()`. */
  wallAt(ms: number): Date;
  /**
   * Calls `act` with `arg` after `ms`; a fixed function with an argument saves a closure. After 0:
   * in this turn of the event loop, but behind the reading of what has arrived.
   */
  after<A>(ms: number, act: (arg: A) => void, arg: A): Timer;
  after(ms: number, act: () => void): Timer;
}

/** The longest time a timer can be set to: Node fires at once what is longer. 24.8 days. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

class SystemTimer implements Timer {
  private readonly timeout: NodeJS.Timeout;

  constructor(ms: number, act: (arg: unknown) => void, arg: unknown) {
    this.timeout = setTimeout(act, Math.min(ms, TIMER_MS_MAX), arg);
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  unref(): this {
    this.timeout.unref();
    return this;
  }
}

class SystemTurn implements Timer {
  private readonly immediate: NodeJS.Immediate;

  constructor(act: (arg: unknown) => void, arg: unknown) {
    this.immediate = setImmediate(act, arg);
  }

  cancel(): void {
    clearImmediate(this.immediate);
  }

  unref(): this {
    this.immediate.unref();
    return this;
  }
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  wallAt: (ms) => new Date(Date.now() + ms - performance.now()),
  after: <A>(ms: number, act: (arg: A) => void, arg?: A): Timer => {
    const plain = act as (arg: unknown) => void;
    return ms <= 0 ? new SystemTurn(plain, arg) : new SystemTimer(ms, plain, arg);
  },
};

/** The moment that another machine's text names, in milliseconds as of `wall()`; NaN if none. */
export function momentOf(text: string): number {
  return Date.parse(text);
}

/** The same moment as a text, ISO 8601 in UTC. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString();
}
