/**
 * Ends a drain by force: a goodbye to everything that has had none, a short while for those who
 * take it, and the rest is cut. It holds nobody up but for as long as its limits say.
 */
import type { Clock } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { cutAll } from './cut.js';
import { inTurns } from './turns.js';

export type Force = 'deadline' | 'now';

/** How long those who were said goodbye to have before the cut, from the beginning of the end. */
export const GRACE_MS: Readonly<Record<Force, number>> = { deadline: 500, now: 1_100 };
/** What of that the cut itself is given where the process has to be gone, for each who is left. */
const CUT_MS_EACH = 0.04;
/** Where the process has to be gone within 1.5 s, all goodbyes are said by then. */
export const SAY_ALL_NOW_MS_MAX = 300;
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
  const isWaitedFor = force === 'now' ? isReached : hasBeenTold;
  const look = (): void => {
    const left = countOf(tracker.tunnels(), isWaitedFor);
    const cutMs = force === 'now' ? Math.floor(left * CUT_MS_EACH) : 0;
    const leftMs = beganMs + GRACE_MS[force] - cutMs - clock.now();
    if (left > 0 && leftMs > 0) {
      clock.after(Math.min(leftMs, LEFT_LOOK_MS), look);
      return;
    }
    const endedBy = force === 'deadline' ? 'deadline' : 'drain';
    const tell = (): void => done({ ...endedIn(tracker), cut: cutIn(tracker) });
    cutAll(clock, tracker.tunnels(), endedBy, tell, beganMs);
  };
  const wholeFromMs = force === 'deadline' ? Infinity : beganMs + SAY_ALL_NOW_MS_MAX;
  inTurns(clock, tracker.tunnels(), sayGoodbye, look, wholeFromMs);
}

function sayGoodbye(tunnel: Tunnel): void {
  if (tunnel.isOver || !isReached(tunnel)) return;
  if (tunnel.active) tunnel.sayFarewell();
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

/** Work that was cut, by us or by a limit of its own meanwhile, though its sockets may have yet to close. */
function cutIn(tracker: Tracker): number {
  let { cut } = tracker;
  for (const { active, client, hasParted, exchangesOpen } of tracker.tunnels()) {
    if (active && client.destroyed && !hasParted) cut += Math.max(1, exchangesOpen);
  }
  return cut;
}

/** A client whose app was never reached has nothing that could still be finished. */
function isReached({ app }: Tunnel): boolean {
  return app !== undefined;
}

function hasBeenTold({ hasSaidFarewell, isParting }: Tunnel): boolean {
  return hasSaidFarewell || isParting;
}

function countOf(tunnels: Iterable<Tunnel>, holds: (tunnel: Tunnel) => boolean): number {
  let count = 0;
  for (const tunnel of tunnels) if (holds(tunnel)) count++;
  return count;
}
