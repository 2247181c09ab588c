/**
 * Ends a drain by force: a goodbye to everything that has had none, a short while for those who
 * take it, and the rest is cut. It holds nobody up but for as long as its limits say.
 */
import type { Clock } from '../clock.js';
import type { Tracker } from '../tracker.js';
import { isElsewhere } from '../tunnel/dial.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { cutAll, cutIn } from './cut.js';
import { inTurns } from './turns.js';

export type Force = 'deadline' | 'now';

/** How long those who were said goodbye to have before the cut, from the beginning of the end. */
export const GRACE_MS: Readonly<Record<Force, number>> = { deadline: 500, now: 1_100 };
/** What of that the cut itself is given where the process has to be gone, for each who is left. */
const CUT_MS_EACH = 0.04;
/** Where the process has to be gone within 1.5 s, all goodbyes are said by then. */
export const SAY_ALL_NOW_MS_MAX = 300;
/** Whoever is told last has this long at least: answers may have come that nobody has read. */
export const TOLD_MS_MIN = 100;
/** How often it looks whether anybody is left. */
export const LEFT_LOOK_MS = 20;

/** How much work has been ended in all, though its sockets may have yet to close. */
export interface Ended {
  readonly farewell: number;
  readonly cut: number;
}

/** Ends everything, and tells `done` what that comes to. */
export function endByForce(
  clock: Clock,
  tracker: Tracker,
  force: Force,
  done: (ended: Ended) => void,
): void {
  const beganMs = clock.now();
  let toldMs = 0;
  const isWaitedFor = force === 'now' ? mayEnd : hasBeenTold;
  const look = (): void => {
    const left = sayAndCount(tracker.tunnels(), isWaitedFor);
    const cutMs = force === 'now' ? Math.floor(left * CUT_MS_EACH) : 0;
    const untilMs = Math.max(beganMs + GRACE_MS[force] - cutMs, toldMs + TOLD_MS_MIN);
    const leftMs = untilMs - clock.now();
    if (left > 0 && leftMs > 0) {
      clock.after(Math.min(leftMs, LEFT_LOOK_MS), look);
      return;
    }
    const endedBy = force === 'deadline' ? 'deadline' : 'drain';
    const tell = (): void => done({ ...endedIn(tracker), cut: cutIn(tracker) });
    cutAll(clock, tracker.tunnels(), endedBy, tell, beganMs);
  };
  const told = (): void => {
    toldMs = clock.now();
    look();
  };
  const wholeFromMs = force === 'deadline' ? Infinity : beganMs + SAY_ALL_NOW_MS_MAX;
  inTurns(clock, tracker.tunnels(), sayGoodbye, told, wholeFromMs);
}

/** Somebody whose app was never reached hears that nobody answers here. */
function sayGoodbye(tunnel: Tunnel): void {
  if (tunnel.isOver || tunnel.hasSaidFarewell) return;
  if (tunnel.active) tunnel.sayFarewell(false);
  else if (!tunnel.isParting) tunnel.endIdle();
}

/** What has been ended so far: work that has taken its goodbye counts, though its sockets linger. */
export function endedIn(tracker: Tracker): Ended {
  let { farewell } = tracker;
  for (const tunnel of tracker.tunnels()) {
    if (tunnel.active && tunnel.hasParted) farewell += Math.max(1, tunnel.exchangesOpen);
  }
  return { farewell, cut: tracker.cut };
}

/** A client whose app was never reached needs no more than that its refusal leaves. */
function mayEnd(tunnel: Tunnel): boolean {
  return tunnel.app !== undefined || tunnel.owesClient || isElsewhere(tunnel);
}

function hasBeenTold(tunnel: Tunnel): boolean {
  return (tunnel.hasSaidFarewell || tunnel.isParting) && mayEnd(tunnel);
}

/** How many there are of them; who has come meanwhile is told, too. */
function sayAndCount(tunnels: Iterable<Tunnel>, holds: (tunnel: Tunnel) => boolean): number {
  let count = 0;
  for (const tunnel of [...tunnels]) {
    sayGoodbye(tunnel);
    if (!tunnel.isOver && holds(tunnel)) count++;
  }
  return count;
}
