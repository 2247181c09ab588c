/**
 * Ends the connections on which nothing is at work: those that stay quiet for a while after
 * settling. Whoever comes back on one of them within that time is answered, and told by the answer.
 */
import type { Clock, Timer } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { inTurns } from './turns.js';

/** How often it looks which of them have been quiet for long enough. */
export const IDLE_LOOK_MS = 1_000;

/** A timer may fire this much too early, and the next look is far. */
const TIMER_EARLY_MS = 1;

export class IdleEnds {
  private readonly clock: Clock;
  private readonly tracker: Tracker;
  private readonly quietMs: number;
  private settledMs = 0;
  private timer: Timer | undefined;

  /** `quietMs`: for how long a connection may stay quiet. */
  constructor(clock: Clock, tracker: Tracker, quietMs: number) {
    this.clock = clock;
    this.tracker = tracker;
    this.quietMs = quietMs;
  }

  /** Balancers had stopped sending at `settledMs`. */
  begin(settledMs: number): void {
    if (this.timer !== undefined) return;
    this.settledMs = settledMs;
    this.lookAt(settledMs + this.quietMs);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /**
   * Connections that were there when it settled have yet to be ended: while one of them may speak,
   * the app is needed. For no longer than that, whatever becomes of them.
   */
  get isUnderWay(): boolean {
    const now = this.clock.now();
    for (const tunnel of this.idle()) {
      const { openedMs, isParting } = tunnel;
      const isAwaited = now < this.quietSince(tunnel) + this.quietMs + IDLE_LOOK_MS;
      if (openedMs <= this.settledMs && isAwaited && !isParting) return true;
    }
    return false;
  }

  private look(): void {
    const due = this.clock.now() - this.quietMs + TIMER_EARLY_MS;
    const endQuiet = (tunnel: Tunnel): void => {
      if (isIdle(tunnel) && this.quietSince(tunnel) <= due) tunnel.endIdle();
    };
    inTurns(this.clock, this.idle(), endQuiet, () => undefined);
    this.lookAt(this.clock.now() + IDLE_LOOK_MS);
  }

  /** A loop that was held up comes to its timers first: who has spoken meanwhile is read before. */
  private lookAt(ms: number): void {
    this.timer = this.clock.after(Math.max(0, ms - this.clock.now()), () => {
      this.timer = this.clock.after(0, () => this.look());
    });
  }

  private quietSince({ idleSinceMs, openedMs }: Tunnel): number {
    return Math.max(idleSinceMs, openedMs, this.settledMs);
  }

  private *idle(): Generator<Tunnel> {
    const { open, idle } = this.tracker;
    for (const kind of ['http1', 'tcp'] as const) {
      if (idle[kind] === 0) continue;
      for (const tunnel of open[kind]) if (isIdle(tunnel)) yield tunnel;
    }
  }
}

function isIdle(tunnel: Tunnel): boolean {
  return !tunnel.isBusy && !tunnel.isOver && !tunnel.isParting;
}
