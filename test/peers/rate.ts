/**
 * How many things happened in the busiest second: of any second, wherever it begins, not of those
 * that a clock on the wall would count.
 */

/** `moments` in milliseconds, in order. */
export function busiestSecond(moments: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < moments.length; last++) {
    while (moments[last] - moments[first] >= 1_000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
