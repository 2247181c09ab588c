/**
 * Ends by force what is left, a few milliseconds a turn of the event loop: thousands of connections
 * take a second or more, and what is not among them must not stand still for that long.
 */
import type { Clock } from '../clock.js';
import type { EndedBy } from '../tunnel/events.js';
import type { Tunnel } from '../tunnel/tunnel.js';

/** How long a turn may cut; that the sockets close takes as long again. */
export const CUT_MS_MAX = 3;

/** Cuts `tunnels`, those that are still there when it is their turn; tells `done` how much work. */
export function cutAll(
  clock: Clock,
  tunnels: Iterable<Tunnel>,
  endedBy: EndedBy,
  done: (work: number) => void,
): void {
  const left = [...tunnels];
  let at = 0;
  let work = 0;
  const turn = (): void => {
    const until = clock.now() + CUT_MS_MAX;
    while (at < left.length && clock.now() <= until) work += cut(left[at++], endedBy);
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
