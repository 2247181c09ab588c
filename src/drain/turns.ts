/**
 * Does something to thousands of connections, a few milliseconds a turn of the event loop: all of
 * them take a second or more, and what is not among them must not stand still for that long.
 */
import type { Clock } from '../clock.js';

/** How long a turn may work; what follows from its work takes as long again. */
export const TURN_MS_MAX = 3;
/** How many it does at least, so that a core shared with others does not make it take for ever. */
export const TURN_ITEMS_MIN = 32;

/** Does `act` to each of `items`, then `done`. From `wholeFromMs` on the rest is done in one turn. */
export function inTurns<T>(
  clock: Clock,
  items: Iterable<T>,
  act: (item: T) => void,
  done: () => void,
  wholeFromMs = Infinity,
): void {
  const left = [...items];
  let at = 0;
  const turn = (): void => {
    const now = clock.now();
    const until = now < wholeFromMs ? now + TURN_MS_MAX : Infinity;
    const atLeast = at + TURN_ITEMS_MIN;
    while (at < left.length && (at < atLeast || clock.now() <= until)) act(left[at++]);
    if (at < left.length) clock.after(0, turn);
    else done();
  };
  turn();
}
