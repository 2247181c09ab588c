/**
 * How likely a connection is to get how old, as a curve: the cumulative hazard at some ages, and
 * what lies between and behind them. Pure arithmetic; where a curve comes from is not known here.
 */

/** One of the likely answers. */
export interface Curve {
  /** The cumulative hazard at bounds that ascend from 0: the chance to outlive x is exp(-it). */
  readonly bounds: readonly number[];
  readonly hazards: readonly number[];
  /** Behind the last bound it grows with this power of the age. */
  readonly tail: number;
  /** Nobody gets older. */
  readonly limit: Limit | undefined;
  /** How likely it is, compared with the others. */
  readonly weight: number;
}

export interface Limit {
  readonly seconds: number;
  /** From here on the hazard is an even one, up to the limit. */
  readonly from: number;
  readonly perSecond: number;
}

const STEPS = 64;

/** The cumulative hazard at an age. */
export function hazardAt({ bounds, hazards, tail, limit }: Curve, seconds: number): number {
  if (limit !== undefined && seconds >= limit.seconds) return Infinity;
  if (limit !== undefined && seconds > limit.from) {
    const at = bounds.findIndex((bound) => bound >= limit.from);
    return hazards[at] + limit.perSecond * (seconds - limit.from);
  }
  const above = bounds.findIndex((bound) => bound >= seconds);
  if (above === 0) return 0;
  if (above === -1) {
    const last = bounds.length - 1;
    return hazards[last] * (seconds / bounds[last]) ** tail;
  }
  const [from, to] = [bounds[above - 1], bounds[above]];
  const [low, high] = [hazards[above - 1], hazards[above]];
  return low + (high - low) * shareAt(seconds, from, to, powerOf(from, to, low, high));
}

/** The mean time that somebody spends between two ages. */
export function lived(curve: Curve, from: number, to: number): number {
  if (to <= from) return 0;
  const step = (to - from) / STEPS;
  let seconds = 0;
  for (let at = 0; at < STEPS; at++) {
    seconds += step * Math.exp(-hazardAt(curve, from + (at + 0.5) * step));
  }
  return seconds;
}

/** Between two bounds the cumulative hazard is a power of the age: Weibull's distribution. */
export function powerOf(from: number, to: number, low: number, high: number): number {
  if (from === 0 || low === 0) return 1;
  return Math.log(high / low) / Math.log(to / from);
}

/** How much of a bucket's hazard lies behind somebody of this age. */
export function shareAt(seconds: number, from: number, to: number, power: number): number {
  if (from === 0) return seconds / to;
  const whole = power * Math.log(to / from);
  if (Math.abs(whole) < 1e-6) return Math.log(seconds / from) / Math.log(to / from);
  return Math.expm1(power * Math.log(seconds / from)) / Math.expm1(whole);
}
