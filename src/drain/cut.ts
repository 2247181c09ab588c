/**
 * Ends by force what is left, in turns that hold nobody up, and counts the work that this costs:
 * what has been said goodbye to, and has taken it, is none.
 */
import type { Clock } from '../clock.js';
import type { EndedBy } from '../tunnel/events.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import { inTurns } from './turns.js';

/** Where the process has to be gone within 1.5 s: after this long the rest is cut in one turn. */
export const CUT_ALL_NOW_MS_MAX = 750;

/**
 * Cuts `tunnels`, those that are still there when it is their turn; tells `done` how much work.
 * `beganMs` is when the end began that this is the last part of.
 */
export function cutAll(
  clock: Clock,
  tunnels: Iterable<Tunnel>,
  endedBy: EndedBy,
  done: (work: number) => void,
  beganMs = clock.now(),
): void {
  let work = 0;
  inTurns(
    clock,
    tunnels,
    (tunnel) => void (work += cut(tunnel, endedBy)),
    () => done(work),
    endedBy === 'deadline' ? Infinity : beganMs + CUT_ALL_NOW_MS_MAX,
  );
}

/** Returns how much work that ends: requests, sockets and streams that have not parted. */
function cut(tunnel: Tunnel, endedBy: EndedBy): number {
  if (tunnel.isOver) return 0;
  const work = tunnel.active ? Math.max(1, tunnel.exchangesOpen) : 0;
  tunnel.cut(endedBy);
  return tunnel.hasParted ? 0 : work; // a goodbye that has not left by now was never said
}
