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
