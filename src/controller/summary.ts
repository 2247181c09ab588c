/**
 * What a pod is said to be: safe or not, why, and how much it holds; and when something else is to
 * be said of it. What makes it precious is said at once, the rest once it has been seen twice; of a
 * pod that has gone back and forth, also between an answer and none, once it has come to rest. Pure.
 */
import type { PodAnswer } from '../rainbow/contract.js';
import type { Level } from './contract.js';
import { isAbove, isFarBelow, levelFrom } from './levels.js';

export interface Summary {
  readonly safe: boolean;
  /** Its tidegate's reason, or why there is none. */
  readonly reason: string | undefined;
  /** It has not said so itself. */
  readonly isUnknown: boolean;
  /** Of the last answer; undefined if it has never given one. */
  readonly level: Level | undefined;
}

/** What is remembered of a pod from look to look. */
export interface Habit {
  /** What has stood on it. */
  readonly stood: Summary | undefined;
  /** In so many looks in a row something else was seen that could wait. */
  readonly waits: number;
  /** When the first of them was. */
  readonly sinceMs: number;
  /** What was seen was that it does not say. */
  readonly isUnknown: boolean;
  /** What was said of it before it was said to hold less, or not to answer, and when that was. */
  readonly left: { readonly summary: Summary; readonly atMs: number } | undefined;
  /** How often it was back where it had been. */
  readonly returns: number;
  readonly returnedMs: number;
  /** It goes back and forth. */
  readonly restlessUntilMs: number;
}

export const NO_HABIT: Habit = {
  stood: undefined,
  waits: 0,
  sinceMs: -Infinity,
  isUnknown: false,
  left: undefined,
  returns: 0,
  returnedMs: -Infinity,
  restlessUntilMs: -Infinity,
};

const LOOKS = 2;
/** One answer of many that happens to be low is not to be believed for so many looks. */
const LOOKS_RESTLESS = 9;
/** But no chance takes it two levels down: that is a change, and is said within the minute. */
const LOOKS_FAR = 3;
/** A pod whose readiness turns is asked out of turn: two looks may be a moment apart. */
const UNKNOWN_MS = 10_000;
const RETURN_MS_MAX = 3_600_000;
const RETURNS_MAX = 1;
const RESTLESS_MS = 7_200_000;

/** `before`: what is said of it now, whose level it keeps as long as it is about that. */
export function summaryOf(answer: PodAnswer, before: Summary | undefined): Summary {
  const level = before?.level;
  if (!answer.known) return { safe: false, reason: answer.reason, isUnknown: true, level };
  const { safe, reason, active, leases } = answer;
  return {
    safe,
    reason: safe ? undefined : reason,
    isUnknown: false,
    level: levelFrom(level, active + leases),
  };
}

/** `due`: what is to be said of it in the place of what stands; undefined: nothing else. */
export function lookedAt(
  before: Habit,
  seen: Summary,
  stands: Summary | undefined,
  due: Summary | undefined,
  nowMs: number,
): { readonly habit: Habit; readonly due: Summary | undefined } {
  const habit = { ...habitOf(before, stands, nowMs), stood: stands };
  const isRestless = nowMs < habit.restlessUntilMs;
  if (isSame(seen, stands)) {
    // It has only seemed to change: it is as restless as before.
    const isBack = isRestless && before.waits >= LOOKS;
    const restlessUntilMs = isBack ? nowMs + RESTLESS_MS : habit.restlessUntilMs;
    return { habit: { ...habit, restlessUntilMs, waits: 0 }, due: undefined };
  }
  const { isUnknown } = seen;
  const isAgain = before.isUnknown === isUnknown && isSame(before.stood, stands);
  const waits = isAgain ? before.waits + 1 : 1;
  const sinceMs = waits === 1 ? nowMs : before.sinceMs;
  const isLong = !isUnknown || nowMs - sinceMs >= UNKNOWN_MS;
  const isHeld = isRestless && isBackOnly(seen, stands);
  const isSeen = isLong && waits >= looksFor(seen, stands, isRestless);
  const isDue = isSeen || (!isHeld && isUrgent(seen, stands));
  const now = { habit: { ...habit, waits, sinceMs, isUnknown } };
  if (isDue) return { ...now, due: seen };
  // Something will be written, so it may as well be what is true by then.
  if (due !== undefined && !isUnknown) return { ...now, due: isRestless ? undefined : seen };
  return { ...now, due };
}

/** Tidegate itself says within a minute that a pod is quiet; until then the next request may come. */
function looksFor(seen: Summary, stands: Summary | undefined, isRestless: boolean): number {
  if (!isRestless || seen.isUnknown) return LOOKS;
  if (stands?.isUnknown === true) return LOOKS_RESTLESS;
  if (seen.reason === 'not-quiet') return Infinity;
  return isFarBelow(seen.level, stands?.level) ? LOOKS_FAR : LOOKS_RESTLESS;
}

/** It answers again, and holds no more than it is said to: as unknown it was as well kept. */
function isBackOnly(seen: Summary, stands: Summary | undefined): boolean {
  if (stands?.isUnknown !== true || seen.level === undefined) return false;
  return stands.level !== undefined && !isAbove(seen.level, stands.level);
}

/** Also of what another replica has written. */
function habitOf(habit: Habit, stands: Summary | undefined, nowMs: number): Habit {
  const { stood, left } = habit;
  if (stood === undefined || stands === undefined || isSame(stood, stands)) return habit;
  const answers = stood.isUnknown && !stands.isUnknown;
  const isBack =
    left !== undefined &&
    nowMs - left.atMs <= RETURN_MS_MAX &&
    (answers || isAsMuch(stands, left.summary));
  if (isBack && !stands.isUnknown) {
    const isAgain = nowMs - habit.returnedMs <= RETURN_MS_MAX;
    const returns = isAgain ? habit.returns + 1 : 1;
    const isRestless = returns > RETURNS_MAX;
    const restlessUntilMs = isRestless ? nowMs + RESTLESS_MS : habit.restlessUntilMs;
    return { ...habit, left: undefined, returns, returnedMs: nowMs, restlessUntilMs };
  }
  if (isUrgent(stands, stood) || stood.isUnknown) return habit;
  return { ...habit, left: { summary: stood, atMs: nowMs } };
}

function isAsMuch(now: Summary, left: Summary): boolean {
  if (now.level === undefined || left.level === undefined) return false;
  return isAbove(now.level, left.level) || (now.level === left.level && now.reason === left.reason);
}

/** It is not to wait: somebody could take a pod that holds something, or keep one for nothing. */
function isUrgent(seen: Summary, stands: Summary | undefined): boolean {
  if (seen.isUnknown) return false;
  if (stands === undefined || stands.isUnknown || seen.safe !== stands.safe) return true;
  if (seen.level === undefined || stands.level === undefined) return seen.level !== stands.level;
  return isAbove(seen.level, stands.level);
}

function isSame(one: Summary | undefined, other: Summary | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.safe === other.safe && one.reason === other.reason && one.level === other.level;
}
