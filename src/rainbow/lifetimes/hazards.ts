/**
 * From buckets to a curve: the hazard that makes what was seen likeliest, and how far it may be off.
 * Kaplan and Meier's estimate, but that of those who ended only a bucket is known. Pure.
 */
import { type Bucket, type Came, sum } from './buckets.js';
import { type Curve, powerOf, shareAt } from './curve.js';

interface Fit {
  readonly hazard: number;
  /** So many of which the moment is known would tell as much of it. */
  readonly events: number;
}

/** A hazard that grows is not taken to grow on where nobody has been seen. */
const TAIL_MAX = 1;

const TAIL_MIN = 0.05;

const ROUNDS = 30;

const SHAPE_ROUNDS = 3;

const CAME_STEPS = 12;

/** Counts may be fractions, and their sums off by less than anybody. */
const SOMEBODY = 1e-6;
const HAZARD_MIN = 1e-9;

const HAZARD_MAX = 50;

/**
 * In each bucket the hazard that makes what was seen likeliest. Where few were seen it is drawn to
 * what the buckets before it lead one to expect, which counts as much as one connection; how far it
 * may be off, is the gamma distribution's, `deviation` standard deviations from its middle.
 */
export function curveOf(buckets: readonly Bucket[], deviation: number): Curve {
  const bounds = [0];
  const hazards = [0];
  let power = 1;
  for (const bucket of buckets) {
    const { from, to, ended, outlived, open } = bucket;
    if (open.length === 0 && ended + outlived < SOMEBODY) break;
    const before = hazards[hazards.length - 1];
    const expected = before > 0 ? before * ((to / from) ** clampTail(power) - 1) : 0.01;
    hazards.push(before + likely(fit(bucket, before, expected), deviation));
    bounds.push(to);
    power = powerOf(from, to, before, hazards[hazards.length - 1]);
  }
  return { bounds, hazards, tail: clampTail(power), limit: undefined, weight: 1 };
}

/** Found by halving: at the likeliest hazard, events are what the exposure leads one to expect. */
function fit(bucket: Bucket, before: number, expected: number): Fit {
  const { from, to, ended, came, outlived, open } = bucket;
  const priorExposure = Math.min(1, 1 / expected);
  const priorEvents = priorExposure * expected;
  let hazard = expected;
  let surplus = (at: number): number => 1 - at;
  // How the hazard lies in the bucket depends on how high it is.
  for (let round = 0; round < SHAPE_ROUNDS; round++) {
    const power = powerOf(from, to, before, before + hazard);
    const share = (seconds: number): number => shareAt(seconds, from, to, power);
    const through = open.map(({ seconds, count }) => count * share(seconds));
    const known = outlived + sum(through) + priorExposure;
    const reached = came.map((some) => reachedOf(some, bucket, share));
    surplus = (at) =>
      (ended + priorEvents) / at -
      known -
      sum(reached.map((some) => some.count * exposureOfEnded(some, at)));
    hazard = zeroOf(surplus, HAZARD_MIN, HAZARD_MAX);
  }
  const slope = (surplus(0.99 * hazard) - surplus(1.01 * hazard)) / (0.02 * hazard);
  return { hazard, events: hazard * hazard * slope };
}

/** Those who ended in a bucket, by how much of its hazard they can have reached until now. */
interface Reached {
  readonly count: number;
  /** That all of it can lie behind them, and each of the shares below: in seconds of coming. */
  readonly whole: number;
  readonly step: number;
  readonly shares: readonly number[];
}

/**
 * Whoever came less than the bucket's end ago could not end later than now: they are taken to have
 * come evenly.
 */
function reachedOf(
  { first, last, count }: Came,
  { from, to }: Bucket,
  share: (seconds: number) => number,
): Reached {
  const [low, high] = [Math.max(from, last), Math.min(to, first)];
  if (count === 0 || high <= low) return { count, whole: 1, step: 0, shares: [] };
  const step = (high - low) / CAME_STEPS;
  const shares = Array.from({ length: CAME_STEPS }, (_, at) => share(low + (at + 0.5) * step));
  return { count, whole: Math.max(0, first - to), step, shares };
}

/** Of a bucket's hazard, what one who ended in it had behind it on average. */
function exposureOfEnded({ whole, step, shares }: Reached, hazard: number): number {
  let all = whole * -Math.expm1(-hazard);
  let exposure = all * shareOfEnded(hazard);
  for (const share of shares) {
    const ended = -step * Math.expm1(-hazard * share);
    all += ended;
    exposure += ended * share * shareOfEnded(hazard * share);
  }
  return exposure / all;
}

/** The same for those who came before. */
export function shareOfEnded(hazard: number): number {
  if (hazard < 1e-4) return 0.5;
  return 1 / hazard - 1 / Math.expm1(hazard);
}

/** A gamma distribution's value so far from its middle (Wilson and Hilferty). */
function likely({ hazard, events }: Fit, deviation: number): number {
  const shape = Math.max(0.5, events);
  const root = 1 - 1 / (9 * shape) + deviation / (3 * Math.sqrt(shape));
  return hazard * Math.max(0.05, root) ** 3;
}

/** Where a falling function crosses zero, or the end that is nearer to it. */
function zeroOf(falling: (at: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let round = 0; round < ROUNDS; round++) {
    const middle = Math.sqrt(low * high);
    if (falling(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}

function clampTail(power: number): number {
  return Math.min(TAIL_MAX, Math.max(TAIL_MIN, power));
}
