/**
 * How much a pod holds, in five levels: what decides which of two pods goes first need not know
 * each connection, and must not change with each. Pure.
 */
import { type Level, LEVELS } from './contract.js';

/** Of connections and leases at work; as a deletion cost it is as good as any within the level. */
const FROM: Readonly<Record<Level, number>> = {
  idle: 0,
  few: 1,
  some: 10,
  many: 100,
  crowd: 1_000,
};
/** Below this share of its boundary a level is left: a load that goes up and down by a tenth stays. */
const LEFT_BELOW = 0.8;

export function levelOf(count: number): Level {
  return LEVELS.findLast((level) => count >= FROM[level]) ?? 'idle';
}

/** The least that a pod of this level has at work. */
export function costOf(level: Level): number {
  return FROM[level];
}

export function isAbove(one: Level, other: Level): boolean {
  return FROM[one] > FROM[other];
}

/** A whole level is between them. */
export function isFarBelow(one: Level | undefined, other: Level | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return LEVELS.indexOf(other) - LEVELS.indexOf(one) >= 2;
}

/** Which level it has now, if it has had this one. */
export function levelFrom(before: Level | undefined, count: number): Level {
  const reached = levelOf(count);
  if (before === undefined || !isAbove(before, reached)) return reached;
  return count < LEFT_BELOW * FROM[before] ? reached : before;
}
