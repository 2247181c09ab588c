/**
 * Ends by force what is left, in turns that hold nobody up, and counts the work that this costs:
 * what has been said goodbye to, and has taken it, is none.
 */
import type { Clock } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { EndedBy } from '../tunnel/events.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { inTurns } from './turns.js';

/** Where the process has to be gone within 1.5 s: after this long the rest is cut in one turn. */
export const CUT_ALL_NOW_MS_MAX = 750;

/**
 * Cuts `tunnels`, those that are still there when it is their turn, then calls `done`. `beganMs` is
 * when the end began that this is the last part of.
 */
export function cutAll(
  clock: Clock,
  tunnels: Iterable<Tunnel>,
  endedBy: EndedBy,
  done: () => void,
  beganMs = clock.now(),
): void {
  const cut = (tunnel: Tunnel): void => {
    if (!tunnel.isOver) tunnel.cut(endedBy);
  };
  const wholeFromMs = endedBy === 'deadline' ? Infinity : beganMs + CUT_ALL_NOW_MS_MAX;
  inTurns(clock, tunnels, cut, done, wholeFromMs);
}

/**
 * Work that has been cut so far, by us or by a limit of its own, though its sockets may have yet to
 * close: requests, sockets and streams that have not parted.
 */
export function cutIn(tracker: Tracker): number {
  let { cut } = tracker;
  for (const { active, client, hasParted, exchangesOpen } of tracker.tunnels()) {
    if (active && client.destroyed && !hasParted) cut += Math.max(1, exchangesOpen);
  }
  return cut;
}
