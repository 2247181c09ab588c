/**
 * How the grace period is divided. What is not given takes its share at most; what is given and
 * cannot hold is refused. All in milliseconds.
 */
import { formatDuration } from './duration.js';
import type { KeyOf } from './setting.js';
import type { Settings } from './table.js';
import type { Values } from './values.js';

export interface Budget {
  readonly gracePeriodMs: number;
  readonly appShutdownMs: number;
  readonly marginMs: number;
  /** What is left of the grace period for the drain, counted from its trigger; above 0. */
  readonly deadlineMs: number;
  readonly settleMinMs: number;
  readonly settleQuietMs: number;
  readonly settleMaxMs: number;
  readonly closeWindowMs: number;
  readonly idleFarewellMs: number;
}

const APP_SHUTDOWN_MS = 20_000;
const APP_SHUTDOWN_SHARE = 1 / 6;
const MARGIN_MS = 3_000;
const MARGIN_SHARE = 1 / 10;
const SETTLE_MIN_MS = 10_000;
const SETTLE_QUIET_MS = 5_000;
const SETTLE_MAX_MS = 30_000;
const SETTLE_SHARE = 0.2;
const CLOSE_WINDOW_MS = 120_000;
const CLOSE_WINDOW_SHARE = 0.25;
const IDLE_FAREWELL_MS = 5_000;
const IDLE_FAREWELL_SHARE = 0.1;
const IDLE_FAREWELL_SHARE_MAX = 0.2;

export function readBudget(values: Values<Settings>): Budget {
  const gracePeriodMs = values.duration('gracePeriod');
  const appShutdownMs = values.duration(
    'appShutdown',
    Math.floor(Math.min(APP_SHUTDOWN_MS, gracePeriodMs * APP_SHUTDOWN_SHARE)),
  );
  const marginMs = values.duration(
    'margin',
    Math.floor(Math.min(MARGIN_MS, gracePeriodMs * MARGIN_SHARE)),
  );
  const deadlineMs = gracePeriodMs - appShutdownMs - marginMs;
  const settleLimitMs = Math.floor(deadlineMs * SETTLE_SHARE);
  const settleMaxMs = values.duration('settleMax', Math.min(SETTLE_MAX_MS, settleLimitMs));
  const windowLimitMs = Math.floor(deadlineMs * CLOSE_WINDOW_SHARE);
  const idleMs = Math.floor(deadlineMs * IDLE_FAREWELL_SHARE);
  const budget: Budget = {
    gracePeriodMs,
    appShutdownMs,
    marginMs,
    deadlineMs,
    settleMinMs: values.duration('settleMin', Math.min(SETTLE_MIN_MS, settleMaxMs)),
    settleQuietMs: values.duration('settleQuiet', Math.min(SETTLE_QUIET_MS, settleMaxMs)),
    settleMaxMs,
    closeWindowMs: values.duration('closeWindow', Math.min(CLOSE_WINDOW_MS, windowLimitMs)),
    idleFarewellMs: values.duration('idleFarewell', Math.min(IDLE_FAREWELL_MS, idleMs)),
  };
  if (!checkWhole(budget, values)) return budget;
  const ofBudget = `of the budget of ${formatDuration(deadlineMs)}`;
  refuseAbove(values, 'settleMax', settleMaxMs, settleLimitMs, `20 % ${ofBudget}`);
  refuseAbove(values, 'closeWindow', budget.closeWindowMs, windowLimitMs, `25 % ${ofBudget}`);
  const idleLimitMs = Math.floor(deadlineMs * IDLE_FAREWELL_SHARE_MAX);
  refuseAbove(values, 'idleFarewell', budget.idleFarewellMs, idleLimitMs, `20 % ${ofBudget}`);
  refuseAbove(values, 'settleMin', budget.settleMinMs, settleMaxMs, 'settleMax');
  refuseAbove(values, 'settleQuiet', budget.settleQuietMs, settleMaxMs, 'settleMax');
  return budget;
}

/** False if there is no budget to divide. */
function checkWhole(budget: Budget, values: Values<Settings>): boolean {
  const keys = ['appShutdown', 'margin', 'gracePeriod'] as const;
  if (!values.areGood(...keys)) return false;
  if (budget.deadlineMs > 0) return true;
  const { gracePeriodMs, appShutdownMs, marginMs } = budget;
  values.refuse(
    keys.find((key) => values.isGiven(key)) ?? 'gracePeriod',
    `leaves no time to drain: gracePeriod ${formatDuration(gracePeriodMs)}` +
      ` - appShutdown ${formatDuration(appShutdownMs)} - margin ${formatDuration(marginMs)}`,
  );
  return false;
}

function refuseAbove(
  values: Values<Settings>,
  key: KeyOf<Settings, 'duration'>,
  ms: number,
  limitMs: number,
  limit: string,
): void {
  if (ms <= limitMs || !values.areGood(key)) return;
  values.refuse(key, `is more than ${limit}, which is ${formatDuration(limitMs)}`);
}
