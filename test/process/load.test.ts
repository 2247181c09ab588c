/**
 * The load driver and the app under test, which other tests are judged by: what goes well is counted
 * whole, with the app alone and through tidegate.
 */
import t, { type Test } from 'tap';
import { AppProcess } from '../peers/load/app-process.js';
import { bundle } from '../peers/load/bundle.js';
import { type Plan, REQUEST_LANES, type Report, WEB_SOCKET_LANES } from '../peers/load/contract.js';
import { Driver } from '../peers/load/driver.js';
import { inFrontOf } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const PLAN = {
  getKept: { lanes: 2, pauseMs: 20 },
  postKept: { lanes: 2, pauseMs: 20 },
  getOnce: { lanes: 2, pauseMs: 20 },
  postOnce: { lanes: 2, pauseMs: 20 },
  slowKept: { lanes: 2, pauseMs: 10 },
  slowOnce: { lanes: 2, pauseMs: 10 },
  slowMs: 300,
  streams: { lanes: 3, everyMs: 30 },
  webSockets: { plain: 3, deflate: 3, everyMs: 50 },
  rampMs: 100,
} as const satisfies Plan;

/** A driver that does this plan with what listens on this port of 127.0.0.1; gone with `t`. */
async function drive(t: Test, port: number, plan: Plan): Promise<Driver> {
  const driver = Driver.spawn(NODE, [await bundle('main')]);
  t.teardown(() => driver.kill());
  await driver.start(`127.0.0.1:${port}`, plan);
  return driver;
}

/** Waits until a report is as it should be. */
async function reported(driver: Driver, holds: (report: Report) => boolean): Promise<Report> {
  let report: Report | undefined;
  const isSo = async (): Promise<boolean> => holds((report = await driver.report()));
  await until(isSo, () => `the report is as expected: ${JSON.stringify(report)}`, 30_000);
  return report as Report;
}

/** Every lane of `PLAN` has done something, several times. */
function isLively({ requests, streams, webSockets }: Report): boolean {
  const lively = REQUEST_LANES.every((name) => requests[name].ok >= 4);
  const talks = WEB_SOCKET_LANES.every((name) => webSockets[name].echoed >= 20);
  return lively && talks && streams.events >= 60;
}

function wentWell(t: Test, report: Report): void {
  for (const name of REQUEST_LANES) {
    const counts = report.requests[name];
    t.match(counts, { sent: counts.ok, inProgress: 0 }, name);
    t.same(counts.failures, {}, `${name}: failures`);
    t.match(counts, { repeatedAfterFin: 0, resetWhileIdle: 0 }, name);
    const isKept = name.endsWith('Kept');
    t.equal(counts.connections, isKept ? PLAN[name].lanes : counts.sent, `${name}: connections`);
  }
  t.match(report.streams, { opened: 3, endedWhole: 0, cutByFin: 0, cutByReset: 0 });
  t.same(report.streams.failures, {}, 'streams: failures');
  t.match(report.streams, { gaps: 0, duplicates: 0, brokenEvents: 0, endsPerSecondMax: 0 });
  for (const name of WEB_SOCKET_LANES) {
    const counts = report.webSockets[name];
    t.match(counts, { opened: 3, sent: counts.echoed, unanswered: 0, outOfOrder: 0, wrong: 0 });
    t.same(counts.closes, {}, `${name}: closes`);
    t.same(counts.failures, {}, `${name}: failures`);
  }
  t.same(report.failuresFirst, []);
  t.match(report, { failed: 0, webSockets: { closesPerSecondMax: 0 } });
}

async function doesThePlan(t: Test, app: AppProcess, port: number): Promise<void> {
  const driver = await drive(t, port, PLAN);
  const report = await reported(driver, isLively);
  t.equal(report.streams.open, 3, 'streams are open');
  t.equal(report.webSockets.plain.open, 3, 'WebSockets are open');
  const facts = await app.facts();
  t.match(facts, { streams: 3, webSockets: 6, sigtermAt: null }, 'the app counts the same');
  const last = await driver.stop();
  wentWell(t, last);
  t.equal(last.streams.open, 0);
  for (const name of WEB_SOCKET_LANES) t.equal(last.webSockets[name].open, 0);
}

t.test('an app that answers is counted as one that does', async (t) => {
  const app = await AppProcess.start(t);
  await doesThePlan(t, app, app.port);
});

t.test('and so it is through tidegate', async (t) => {
  const app = await AppProcess.start(t);
  await inFrontOf(t, app.port, ({ listen }) => doesThePlan(t, app, listen.port));
});

t.test('a kept connection has as many requests as it may, and is ended in order', async (t) => {
  const app = await AppProcess.start(t);
  const getKept = { lanes: 1, pauseMs: 5, requestsMax: 3 };
  const driver = await drive(t, app.port, { getKept, rampMs: 0 });
  await reported(driver, ({ requests }) => requests.getKept.ok >= 20);
  const { connections } = await app.facts();
  t.ok(connections <= 3, `the app has ${connections}: the lane's, the asker's, one that ends`);
  const { sent, ...counts } = (await driver.stop()).requests.getKept;
  t.match(counts, { ok: sent, failures: {}, repeatedAfterFin: 0, resetWhileIdle: 0 });
  t.equal(counts.connections, Math.ceil(sent / 3), `connections for ${sent} requests`);
});
