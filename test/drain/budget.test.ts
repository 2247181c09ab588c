/**
 * The one budget of a drain: its moments, counted from the trigger, and that the settings' shares
 * put them in order whatever the grace period.
 */
import t from 'tap';
import { loadConfig } from '../../src/config.js';
import { budgetFrom } from '../../src/drain/budget.js';
import { DRAIN_SETTINGS } from '../peers/drain.js';

t.test('every moment is counted from the trigger', (t) => {
  t.same(budgetFrom(7_000, DRAIN_SETTINGS), {
    startMs: 7_000,
    settleFromMs: 17_000,
    settleUntilMs: 27_000,
    windowMs: 82_000,
    deadlineMs: 107_000,
  });
  t.end();
});

t.test('the defaults are clamped to their shares of any grace period', (t) => {
  for (const gracePeriod of ['1ms', '20ms', '1s', '10s', '30s', '60s', '10m', '1h', '168h']) {
    const config = loadConfig(['--grace-period', gracePeriod], {});
    const { deadlineMs, settleMaxMs, settleMinMs, settleQuietMs, closeWindowMs } = config;
    const { gracePeriodMs, appShutdownMs, marginMs } = config;
    t.equal(deadlineMs, gracePeriodMs - appShutdownMs - marginMs, gracePeriod);
    t.ok(settleMaxMs <= Math.min(30_000, 0.2 * deadlineMs));
    t.ok(settleMinMs <= settleMaxMs && settleQuietMs <= settleMaxMs);
    t.ok(closeWindowMs <= Math.min(120_000, 0.25 * deadlineMs));
    const budget = budgetFrom(0, config);
    const moments = [0, budget.settleFromMs, budget.settleUntilMs, budget.windowMs, deadlineMs];
    t.same(
      moments,
      moments.toSorted((one, other) => one - other),
      'and their moments follow one another',
    );
  }
  t.end();
});

t.test('with time enough the shares leave the defaults as they are', (t) => {
  const config = loadConfig(['--grace-period', '1h'], {});
  t.match(config, {
    appShutdownMs: 20_000,
    marginMs: 3_000,
    settleMinMs: 10_000,
    settleQuietMs: 5_000,
    settleMaxMs: 30_000,
    closeWindowMs: 120_000,
  });
  t.end();
});
