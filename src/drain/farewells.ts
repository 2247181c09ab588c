/**
 * Says goodbye, in the close window, to every connection that can be said goodbye to: each at a
 * moment of its own, so that they come back as an even trickle. One timer for all of them. It cuts
 * nothing: what takes no goodbye is left to its own limit and to the deadline.
 */
import type { Clock, Timer } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { type Chance, momentsIn, orderOf } from './schedule.js';
import { inTurns } from './turns.js';

/** What a tick may catch up with: more at once would be seen as a burst. The rest is planned anew. */
export const LAG_MS_MAX = 100;
/** How often it looks whether others have come that can be said goodbye to. */
export const NEWCOMER_LOOK_MS = 1_000;

/** The close window's end, and that of everything. */
export interface WindowEnd {
  readonly untilMs: number;
  readonly deadlineMs: number;
}

export class Farewells {
  private readonly clock: Clock;
  private readonly tracker: Tracker;
  private readonly ratePerSecond: number;
  private readonly random: Chance;
  private end: WindowEnd | undefined;
  private tunnels: Tunnel[] = [];
  private moments: number[] = [];
  private next = 0;
  private known = new Set<Tunnel>();
  private lookMs = 0;
  private timer: Timer | undefined;
  /** How much had passed on each connection when all had settled. */
  private passed = new WeakMap<Tunnel, number>();

  constructor(clock: Clock, tracker: Tracker, ratePerSecond: number, random: Chance) {
    this.clock = clock;
    this.tracker = tracker;
    this.ratePerSecond = ratePerSecond;
    this.random = random;
  }

  /** How many connections there are to say goodbye to, at most; costs nothing. */
  get count(): number {
    return this.tracker.activeTotal - this.tracker.active.http1;
  }

  /** From now on it counts as quiet where nothing passes. */
  settled(): void {
    this.passed = new WeakMap();
    const note = (tunnel: Tunnel): void => void this.passed.set(tunnel, tunnel.bytesPassed);
    inTurns(this.clock, this.partners(), note, () => undefined);
  }

  /** The close window opens; open already, it goes on. */
  open(end: WindowEnd): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.plan(end);
  }

  /** Nobody is said goodbye to any more. */
  stop(): void {
    this.timer?.cancel();
    this.end = undefined;
    this.tunnels = [];
    this.moments = [];
    this.known = new Set();
    this.next = 0;
  }

  private tick(): void {
    const { moments, tunnels, end } = this;
    if (end === undefined) return;
    const now = this.clock.now();
    const dueMs = Math.min(now, (moments[this.next] ?? now) + LAG_MS_MAX);
    while (moments[this.next] <= dueMs) this.say(tunnels[this.next++]);
    if (dueMs < now || this.hasNewcomers(now)) this.plan(end);
    else this.arm();
  }

  private say(tunnel: Tunnel): void {
    if (isPartner(tunnel)) tunnel.sayFarewell();
    else this.known.delete(tunnel); // it may become one again
  }

  /** Plans anew for all that are left; those who are not asked yet are looked at in turns. */
  private plan(end: WindowEnd): void {
    const waiting = this.tunnels.slice(this.next);
    for (const tunnel of this.partners()) {
      if (!this.known.has(tunnel)) waiting.push(tunnel);
      this.known.add(tunnel);
    }
    const quiet: Tunnel[] = [];
    const busy: Tunnel[] = [];
    const sort = (tunnel: Tunnel): void => {
      if (!isPartner(tunnel)) return;
      const isQuiet = this.passed.get(tunnel) === tunnel.bytesPassed;
      (isQuiet ? quiet : busy).push(tunnel);
    };
    inTurns(this.clock, waiting, sort, () => {
      if (this.end === end) this.spread(orderOf(quiet, busy, this.random), end);
    });
  }

  /** Over the time that is left; behind the window, over half of that. */
  private spread(tunnels: Tunnel[], { untilMs, deadlineMs }: WindowEnd): void {
    const now = this.clock.now();
    const span = { fromMs: now, untilMs: Math.max(untilMs, (now + deadlineMs) / 2) };
    this.tunnels = tunnels;
    this.moments = momentsIn(span, tunnels.length, this.ratePerSecond, this.random);
    this.next = 0;
    this.lookMs = now + NEWCOMER_LOOK_MS;
    this.arm();
  }

  private hasNewcomers(now: number): boolean {
    if (now < this.lookMs) return false;
    this.lookMs = now + NEWCOMER_LOOK_MS;
    for (const tunnel of this.partners()) if (!this.known.has(tunnel)) return true;
    return false;
  }

  private *partners(): Generator<Tunnel> {
    for (const tunnel of this.tracker.tunnels()) if (isPartner(tunnel)) yield tunnel;
  }

  private arm(): void {
    const { moments, next, lookMs, clock } = this;
    const at = Math.min(moments[next] ?? lookMs, lookMs);
    this.timer?.cancel();
    // Whole milliseconds: timers of the same length are cheap, and what is due meanwhile goes along.
    this.timer = clock.after(Math.max(0, Math.ceil(at - clock.now())), () => this.tick());
  }
}

/**
 * It can be said goodbye to: HTTP ends with its answers, and an app must have been reached. Only an
 * event stream can come from another pod, and have no app here.
 */
function isPartner({ active, kind, app, isOver }: Tunnel): boolean {
  return active && kind !== 'http1' && (app !== undefined || kind === 'sse') && !isOver;
}
