/**
 * Whether something ends connections at a certain age: the app, a load balancer. Then many are about
 * as old as the oldest and nobody is older, though new ones came long before. Pure.
 */
import { type Bucket, type Lives, sum } from './buckets.js';
import { type Curve, type Limit, lived } from './curve.js';
import { shareOfEnded } from './hazards.js';

export interface LikelyLimit {
  /** That there is one. */
  readonly chance: number;
  /** If there is: with this chance it is not above. */
  readonly at: (chance: number) => Limit;
}

/** A limit is as likely as none, and as likely at 1 h as at 2 h or 4 h (from 10 min to a day). */
const LIMIT_ODDS = 0.2;
const ROUNDS = 40;

/** Ages of a colour between half of the oldest and the oldest itself. */
interface Window {
  readonly from: number;
  /** As far back as it can have had new connections. */
  readonly to: number;
  readonly count: number;
  readonly mean: number;
}

/** Undefined: nothing speaks for one. */
export function likelyLimit(
  lives: readonly Lives[],
  buckets: readonly Bucket[],
  curve: Curve,
  oldest: number,
): LikelyLimit | undefined {
  const bucket = buckets.findLast(({ ended }) => ended > 0);
  if (bucket === undefined || oldest > bucket.to || oldest < bucket.from / 2) return undefined;
  const windows = lives
    .map((life) => windowOf(life, oldest, curve))
    .filter(({ count }) => count > 0);
  if (windows.length === 0) return undefined;
  const missing = windows.map(({ from, to, count }) => {
    const beyond = lived(curve, oldest, Math.min(to, bucket.to));
    return (count * beyond) / lived(curve, from, oldest);
  });
  const perSecond = evenHazard(windows, oldest);
  const density = sum(windows.map((window) => densityAt(oldest, window, perSecond)));
  const at = (chance: number): Limit => {
    const seconds = Math.max(bucket.from, oldest - Math.log(1 - chance) / density);
    return { seconds, from: bucket.from, perSecond };
  };
  // That it is right here is as unlikely as the place is narrow: no limit without need.
  const narrow = LIMIT_ODDS / (density * oldest);
  return { chance: narrow / (narrow + Math.exp(-sum(missing))), at };
}

/** How many of a window there are at its upper end, each second. */
function densityAt(oldest: number, { from, count }: Window, perSecond: number): number {
  const width = oldest - from;
  const whole = perSecond * width;
  return whole < 1e-6 ? count / width : (count * perSecond) / Math.expm1(whole);
}

function windowOf(life: Lives, oldest: number, curve: Curve): Window {
  const from = Math.max(oldest / 2, life.youngestSeconds);
  const inside = life.open.filter(({ seconds }) => seconds > from && seconds <= oldest);
  const count = sum(inside.map((aged) => aged.count));
  const mean = sum(inside.map((aged) => aged.count * aged.seconds)) / Math.max(1, count);
  if (count === 0) return { from, to: from, count, mean };
  // At the rate at which these came, all that it ever had took so long to come.
  const all = sum([...life.open, ...life.ended].map((some) => some.count));
  const span = (all * lived(curve, from, oldest)) / count;
  return { from, to: Math.min(life.oldestSeconds, life.youngestSeconds + span), count, mean };
}

/** The hazard that their mean ages speak for, if new ones came evenly: 0 if they do not. */
function evenHazard(windows: readonly Window[], oldest: number): number {
  let [low, high] = [0, 50 / oldest];
  for (let round = 0; round < ROUNDS; round++) {
    const middle = (low + high) / 2;
    const surplus = sum(
      windows.map(({ from, count, mean }) => {
        const width = oldest - from;
        return count * (mean - from - width * shareOfEnded(middle * width));
      }),
    );
    // Younger than that: the hazard is higher.
    if (surplus < 0) low = middle;
    else high = middle;
  }
  return low;
}
