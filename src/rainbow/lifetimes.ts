/**
 * For how long connections live, learned from those that ended and those that are still open. Of
 * the first only a bucket is known, of the second only that they are older yet. Pure. What is not
 * known for sure comes as several curves, each with its weight.
 */
import { alike, bucketsOf, gathered, type Lives, oldestOf, sum } from './lifetimes/buckets.js';
import type { Curve } from './lifetimes/curve.js';
import { curveOf } from './lifetimes/hazards.js';
import { likelyLimit } from './lifetimes/limit.js';

export interface Lifetimes {
  readonly curves: readonly Curve[];
  /** How many ended. */
  readonly ended: number;
  /** Nothing has been seen that was older: beyond, it is a guess. */
  readonly seenSeconds: number;
}

/** The middles of nine equal shares of a normal distribution. */
const DEVIATIONS = [-1.593, -0.967, -0.589, -0.282, 0, 0.282, 0.589, 0.967, 1.593];

const WEIGHT_MIN = 0.01;

/** What all colours of a group together tell of one kind; undefined if they tell nothing. */
export function learnLifetimes(told: readonly Lives[]): Lifetimes | undefined {
  const all = alike(told);
  const lives = all.map((life) => ({ ...life, open: gathered(life.open) }));
  const buckets = bucketsOf(lives);
  const ended = sum(buckets.map((bucket) => bucket.ended));
  if (ended === 0) return undefined;
  const likeliest = curveOf(buckets, 0);
  const oldest = oldestOf(all);
  const limit = likelyLimit(lives, buckets, likeliest, oldest);
  const curves = DEVIATIONS.flatMap((deviation, at) => {
    const curve = curveOf(buckets, deviation);
    if (limit === undefined) return [curve];
    const share = (at + 0.5) / DEVIATIONS.length;
    const limited = { ...curve, limit: limit.at(share), weight: limit.chance };
    return [limited, { ...curve, weight: 1 - limit.chance }].filter(
      ({ weight }) => weight > WEIGHT_MIN,
    );
  });
  const last = buckets.findLast((bucket) => bucket.ended > 0);
  return { curves, ended, seenSeconds: Math.max(oldest, last?.to ?? 0) };
}
