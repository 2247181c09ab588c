/**
 * The one budget of a drain: its moments, counted from the trigger, and that the settings' shares
 * put them in order whatever the grace period.
 */
import t from 'tap';
import { loadConfig } from '../../src/config.js';
import { budgetFrom, farewellsEndMs, windowOpensMs } from '../../src/drain/budget.js';
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

t.test('the last goodbyes have a fifth of the window to be answered, 5 s at most', (t) => {
  t.equal(farewellsEndMs(budgetFrom(7_000, DRAIN_SETTINGS)), 102_000);
  const long = { ...DRAIN_SETTINGS, deadlineMs: 3_600_000, closeWindowMs: 120_000 };
  t.equal(farewellsEndMs(budgetFrom(0, long)), 3_595_000);
  t.end();
});

t.test('the window opens as early as the rate needs for so many', (t) => {
  const budget = budgetFrom(0, DRAIN_SETTINGS);
  t.equal(windowOpensMs(budget, 0, 1_000), 75_000);
  t.equal(windowOpensMs(budget, 20_000, 1_000), 75_000);
  t.equal(windowOpensMs(budget, 20_001, 1_000), 74_999);
  t.equal(windowOpensMs(budget, 1_000, 10), -5_000, 'though the phases come in their order');
  const none = budgetFrom(0, { ...DRAIN_SETTINGS, closeWindowMs: 0 });
  t.equal(windowOpensMs(none, 9_000, 1_000), 100_000, 'where there is no window, none opens');
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
