/**
 * A load driver of this machine that is gone with the test it was started for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { NODE } from '../tidegate.js';
import { until } from '../until.js';
import { bundle } from './bundle.js';
import type { Plan, Report } from './contract.js';
import { Driver } from './driver.js';

const REPORTED_MS_MAX = 30_000;

/** A driver that does this plan with `target`, which is HOST:PORT. */
export async function drive(t: Test, target: string, plan: Plan): Promise<Driver> {
  const driver = Driver.spawn(NODE, [await bundle('main')]);
  t.teardown(() => driver.kill());
  await driver.start(target, plan);
  return driver;
}

/** Waits until a report is as expected, asking for one so often. */
export async function reported(
  driver: Driver,
  holds: (report: Report) => boolean,
  everyMs = 0,
): Promise<Report> {
  let report = await driver.report();
  const isSo = async (): Promise<boolean> => {
    await sleep(everyMs);
    return holds((report = await driver.report()));
  };
  const what = (): string => `it is reported: ${JSON.stringify(report)}`;
  await until(isSo, what, REPORTED_MS_MAX);
  return report;
}
