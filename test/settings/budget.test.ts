/**
 * The division of the grace period: the shares that stand in for what is not given, and what is
 * given and cannot hold.
 */
import t from 'tap';
import type { SettingFault } from '../../src/errors.js';
import { type Budget, readBudget } from '../../src/settings/budget.js';
import { type Environment, readGiven } from '../../src/settings/given.js';
import { SETTINGS } from '../../src/settings/table.js';
import { Values } from '../../src/settings/values.js';

function read(line: string, env: Environment = {}): { budget: Budget; faults: string[] } {
  const faults: SettingFault[] = [];
  const given = readGiven(Object.keys(SETTINGS), line.split(' '), env, faults);
  const budget = readBudget(new Values(SETTINGS, given, faults));
  return {
    budget,
    faults: faults.map(({ key, value, reason }) => `${key} "${value}": ${reason}`),
  };
}

function faultsOf(line: string, env?: Environment): string[] {
  return read(line, env).faults;
}

t.test('defaults of the budget are clamped to their share of the grace period', (t) => {
  const budget = (line: string): number[] => {
    const { appShutdownMs, marginMs, deadlineMs } = read(line).budget;
    return [appShutdownMs, marginMs, deadlineMs];
  };
  t.same(budget('--grace-period 1h'), [20_000, 3000, 3_577_000]);
  t.same(budget('--grace-period 60s'), [10_000, 3000, 47_000]);
  t.same(budget('--grace-period 6s'), [1000, 600, 4400]);
  t.same(budget('--grace-period 10s'), [1666, 1000, 7334]);
  t.same(budget('--grace-period 1ms'), [0, 0, 1]);
  t.same(budget('--grace-period 10s --app-shutdown 8s'), [8000, 1000, 1000]);
  t.end();
});

t.test('a budget that leaves no time to drain is refused', (t) => {
  t.same(faultsOf('--grace-period 10s --margin 12s'), [
    '--margin "12s": leaves no time to drain: gracePeriod 10s - appShutdown 1s666ms - margin 12s',
  ]);
  t.same(faultsOf('--grace-period 10s', { TIDEGATE_APP_SHUTDOWN: '9s' }), [
    'TIDEGATE_APP_SHUTDOWN "9s": leaves no time to drain: gracePeriod 10s - appShutdown 9s - margin 1s',
  ]);
  t.same(faultsOf('--app-shutdown 27s --grace-period 31s --margin 3999ms'), []);
  t.end();
});

t.test('idle connections are kept for 5 s, or for a tenth of a short budget', (t) => {
  const idleFarewellMs = (line: string): number => {
    t.same(faultsOf(line), []);
    return read(line).budget.idleFarewellMs;
  };
  t.equal(idleFarewellMs('--grace-period 1h'), 5000);
  t.equal(idleFarewellMs('--grace-period 50s --app-shutdown 0 --margin 0'), 5000);
  t.equal(idleFarewellMs('--grace-period 49s --app-shutdown 0 --margin 0'), 4900);
  t.equal(idleFarewellMs('--grace-period 1ms'), 0);
  t.equal(idleFarewellMs('--grace-period 1h --idle-farewell 0'), 0);
  t.end();
});

t.test('idle connections may be kept for a fifth of the budget, and no longer', (t) => {
  const budget = '--grace-period 10s --app-shutdown 0 --margin 0';
  t.same(faultsOf(`${budget} --idle-farewell 2s`), []);
  t.same(faultsOf(`${budget} --idle-farewell 2001ms`), [
    '--idle-farewell "2001ms": is more than 20 % of the budget of 10s, which is 2s',
  ]);
  t.end();
});
