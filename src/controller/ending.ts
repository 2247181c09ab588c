/**
 * How long a replica that ends waits for what is under way: until it is over, and no longer than it
 * may, since whoever ends it does not wait either.
 */
import type { Clock } from '../clock.js';

const LOOK_MS = 25;

/** Whether all of them have come to rest in time. */
export async function areAtRest(
  clock: Clock,
  msMax: number,
  ...parts: readonly (() => boolean)[]
): Promise<boolean> {
  const endMs = clock.now() + msMax;
  const isOver = (): boolean => parts.every((isAtRest) => isAtRest());
  while (!isOver() && clock.now() < endMs) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
  return isOver();
}

/** Tells whether `work` is over. */
export function overOnce(work: Promise<unknown>): () => boolean {
  let isOver = false;
  const over = (): void => void (isOver = true);
  work.then(over, over);
  return () => isOver;
}
