/**
 * The one budget of a drain: how long each part may take, counted once from the first trigger.
 * Pure; all times in milliseconds. The settings have been checked to fit into each other.
 */

export interface BudgetSettings {
  /** From the trigger to the end: the grace period less the app's share and the reserve. */
  readonly deadlineMs: number;
  readonly settleMinMs: number;
  readonly settleQuietMs: number;
  readonly settleMaxMs: number;
  readonly closeWindowMs: number;
}

/** The moments of one drain, in clock time. */
export interface Budget {
  readonly startMs: number;
  /** Settling ends at the latest here, and not before `settleFromMs`. */
  readonly settleFromMs: number;
  readonly settleUntilMs: number;
  readonly windowMs: number;
  readonly deadlineMs: number;
}

export function budgetFrom(startMs: number, settings: BudgetSettings): Budget {
  const deadlineMs = startMs + settings.deadlineMs;
  return {
    startMs,
    settleFromMs: startMs + settings.settleMinMs,
    settleUntilMs: startMs + settings.settleMaxMs,
    windowMs: deadlineMs - settings.closeWindowMs,
    deadlineMs,
  };
}

/** What the last goodbyes have for being answered, before the deadline. */
const RESERVE_MS_MAX = 5_000;
const RESERVE_SHARE = 0.2;

/** When the last of them is said. */
export function farewellsEndMs({ windowMs, deadlineMs }: Budget): number {
  return deadlineMs - Math.min(RESERVE_MS_MAX, (deadlineMs - windowMs) * RESERVE_SHARE);
}

/**
 * When the close window opens for `count` connections: earlier than set where they would not all
 * fit into it at `ratePerSecond`. Without a window there is none.
 */
export function windowOpensMs(budget: Budget, count: number, ratePerSecond: number): number {
  const { windowMs, deadlineMs } = budget;
  if (windowMs >= deadlineMs) return deadlineMs;
  return Math.min(windowMs, farewellsEndMs(budget) - (count * 1_000) / ratePerSecond);
}
