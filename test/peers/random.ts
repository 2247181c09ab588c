/**
 * Chance that can be repeated: a small generator of pseudo-random numbers (mulberry32) with the
 * few questions that fuzzing asks of it. Never used where secrecy matters.
 */

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A whole number from 0 up to, but without, `below`. */
  int(below: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  }

  /** True once in `times`, on average. */
  once(times: number): boolean {
    return this.int(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)];
  }

  shuffle<T>(list: T[]): T[] {
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.int(last + 1);
      [list[last], list[other]] = [list[other], list[last]];
    }
    return list;
  }
}

/** The seed of one case of a run: cases can be repeated one by one. */
export function seedOf(run: number, index: number): number {
  return Math.imul(run ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
}

/** The run's seed: the environment's, or the one given. */
export function seedOfRun(otherwise: number): number {
  const told = process.env.TIDEGATE_TEST_SEED;
  return told === undefined ? otherwise : Number(told);
}
