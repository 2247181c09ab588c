/**
 * Ends by force what is left, a few milliseconds a turn of the event loop: thousands of connections
 * take a second or more, and what is not among them must not stand still for that long.
 */
import type { Clock } from '../clock.js';
import type { EndedBy } from '../tunnel/events.js';
import type { Tunnel } from '../tunnel/tunnel.js';

/** How long a turn may cut; that the sockets close takes as long again. */
export const CUT_MS_MAX = 3;
/** How many a turn cuts at least, so that a core shared with others does not make it take for ever. */
export const CUTS_MIN = 32;
/** Where the process has to be gone within 1.5 s: after this long the rest is cut in one turn. */
export const CUT_ALL_NOW_MS_MAX = 750;

/** Cuts `tunnels`, those that are still there when it is their turn; tells `done` how much work. */
export function cutAll(
  clock: Clock,
  tunnels: Iterable<Tunnel>,
  endedBy: EndedBy,
  done: (work: number) => void,
): void {
  const left = [...tunnels];
  const inTurnsUntil = endedBy === 'deadline' ? Infinity : clock.now() + CUT_ALL_NOW_MS_MAX;
  let at = 0;
  let work = 0;
  const turn = (): void => {
    const now = clock.now();
    const until = now < inTurnsUntil ? now + CUT_MS_MAX : Infinity;
    const atLeast = at + CUTS_MIN;
    while (at < left.length && (at < atLeast || clock.now() <= until)) {
      work += cut(left[at++], endedBy);
    }
    if (at < left.length) clock.after(0, turn);
    else done(work);
  };
  turn();
}

/** Returns how much work that ends: requests, sockets and streams. */
function cut(tunnel: Tunnel, endedBy: EndedBy): number {
  if (tunnel.isOver) return 0;
  const work = tunnel.active ? Math.max(1, tunnel.exchangesOpen) : 0;
  tunnel.cut(endedBy);
  return work;
}
