/**
 * A histogram as plain numbers: cheap enough to be fed from the hot path, and read by whoever
 * renders it.
 */

export class Buckets {
  /** Inclusive upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** How many values fell into each; the last one is for what is above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > this.bounds[at]) at++;
    this.counts[at]++;
    this.sum += value;
  }
}
