/**
 * The load driver and the app under test, which other tests are judged by: what goes well is counted
 * whole, with the app alone and through tidegate; the app ends in the manner it was given; and who
 * starts a driver that does not work is told why.
 */
import t, { type Test } from 'tap';
import { AppProcess } from '../peers/load/app-process.js';
import { bundle } from '../peers/load/bundle.js';
import {
  type Plan,
  REQUEST_LANES,
  type Report,
  ROLLOUT_PLAN,
  WEB_SOCKET_LANES,
} from '../peers/load/contract.js';
import { Driver } from '../peers/load/driver.js';
import { drive, reported } from '../peers/load/driving.js';
import { Peer } from '../peers/peer.js';
import { inFrontOf, run } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

/** Most of it is waiting; what has a limit in time runs by itself. */
t.jobs = 4;
const ALONE = { buffered: false };

const PLAN = {
  getKept: { lanes: 2, pauseMs: 20 },
  postKept: { lanes: 2, pauseMs: 20, chunks: true },
  seldomKept: { lanes: 2, pauseMs: 200 },
  getOnce: { lanes: 2, pauseMs: 20 },
  postOnce: { lanes: 2, pauseMs: 20, chunks: true },
  slowKept: { lanes: 2, pauseMs: 10 },
  slowOnce: { lanes: 2, pauseMs: 10 },
  slowMs: 300,
  streams: { lanes: 3, everyMs: 30 },
  webSockets: { plain: 3, deflate: 3, everyMs: 50 },
  rampMs: 100,
} as const satisfies Plan;

/** Long enough for what is seen to be under way to be so a moment later. */
const SLOWER = { ...PLAN, slowMs: 800 };
const HEAD = ' HTTP/1.1\r\nHost: app\r\n';

/** Every lane of `PLAN` has done something, several times. */
function isLively({ requests, streams, webSockets }: Report): boolean {
  const lively = REQUEST_LANES.every((name) => requests[name].ok >= 4);
  const talks = WEB_SOCKET_LANES.every((name) => webSockets[name].echoed >= 20);
  return lively && talks && streams.events >= 60;
}

function isAnsweringSlowly({ requests: { slowKept, slowOnce } }: Report): boolean {
  return slowKept.inProgress === 2 && slowOnce.inProgress === 2;
}

function slowOnes({ requests }: Report): number {
  return requests.slowKept.ok + requests.slowOnce.ok;
}

function wentWell(t: Test, report: Report): void {
  for (const name of REQUEST_LANES) {
    const counts = report.requests[name];
    t.match(counts, { sent: counts.ok, inProgress: 0 }, name);
    t.same(counts.failures, {}, `${name}: failures`);
    t.match(counts, { repeatedAfterFin: 0, resets: 0, resetWhileIdle: 0, unasked: 0 }, name);
    const isKept = name.endsWith('Kept');
    t.equal(counts.connections, isKept ? PLAN[name].lanes : counts.sent, `${name}: connections`);
  }
  t.match(report.streams, { opened: 3, endedWhole: 0, cutByFin: 0, cutByReset: 0, resets: 0 });
  t.same(report.streams.failures, {}, 'streams: failures');
  t.match(report.streams, { gaps: 0, duplicates: 0, brokenEvents: 0, endsPerSecondMax: 0 });
  for (const name of WEB_SOCKET_LANES) {
    const counts = report.webSockets[name];
    t.match(counts, { opened: 3, sent: counts.echoed, unanswered: 0, outOfOrder: 0, wrong: 0 });
    t.match(counts, { lost: 0, oldestCrossedMs: 0, resets: 0 });
    t.same(counts.closes, {}, `${name}: closes`);
    t.same(counts.failures, {}, `${name}: failures`);
  }
  t.same(report.failuresFirst, []);
  t.match(report, { failed: 0, webSockets: { closesPerSecondMax: 0 } });
}

async function doesThePlan(t: Test, app: AppProcess, port: number): Promise<void> {
  const driver = await drive(t, `127.0.0.1:${port}`, PLAN);
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
  const driver = await drive(t, `127.0.0.1:${app.port}`, { getKept, rampMs: 0 });
  await reported(driver, ({ requests }) => requests.getKept.ok >= 20);
  const { connections } = await app.facts();
  t.ok(connections <= 6, `the app has ${connections}: the lane's, the asker's, a few that end`);
  const { sent, ...counts } = (await driver.stop()).requests.getKept;
  t.match(counts, { ok: sent, repeatedAfterFin: 0, resetWhileIdle: 0 });
  t.equal(counts.connections, Math.ceil(sent / 3), `connections for ${sent} requests`);
});

t.test('the plan for rollouts costs its driver less than 40 % of a core', ALONE, async (t) => {
  const app = await AppProcess.start(t);
  const driver = await drive(t, `127.0.0.1:${app.port}`, ROLLOUT_PLAN);
  const { plain, deflate } = ROLLOUT_PLAN.webSockets;
  const areOpen = ({ streams, webSockets }: Report): boolean =>
    streams.open === ROLLOUT_PLAN.streams.lanes &&
    webSockets.plain.open + webSockets.deflate.open === plain + deflate;
  const before = await reported(driver, areOpen);
  const isLater = ({ forMs }: Report): boolean => forMs >= before.forMs + 4_000;
  const after = await reported(driver, isLater, 100);
  const share = (after.cpuMs - before.cpuMs) / (after.forMs - before.forMs);
  t.ok(share < 0.4, `${(100 * share).toFixed(0)} % of a core`);
  const last = await driver.stop();
  t.equal(last.failed, 0);
  t.ok(JSON.stringify(last).length < 10_000, 'the report is small');
});

t.test('an app that closes finishes what it has begun, and ends when all is gone', async (t) => {
  const app = await AppProcess.start(t, { MANNER: 'closes' });
  const driver = await drive(t, `127.0.0.1:${app.port}`, SLOWER);
  await reported(driver, isLively);
  const before = await reported(driver, isAnsweringSlowly, 100);
  app.kill('SIGTERM');
  const after = await reported(driver, ({ requests }) =>
    REQUEST_LANES.every((name) => requests[name].failures.refused !== undefined),
  );
  for (const name of REQUEST_LANES) {
    // A request that crosses the closing of its connection, or of the port, gets a reset.
    const { refused, reset = 0, ...others } = after.requests[name].failures;
    t.ok(refused);
    t.same(others, {}, `${name}: nothing but what came too late`);
    t.ok(reset <= PLAN[name].lanes, `${name}: ${reset} resets`);
  }
  t.ok(slowOnes(after) > slowOnes(before), 'slow answers were finished');
  const later = await reported(
    driver,
    ({ streams, webSockets }) =>
      streams.events > after.streams.events + 20 &&
      webSockets.plain.echoed > after.webSockets.plain.echoed + 20,
  );
  t.match(later.streams, { opened: 3, open: 3 });
  t.match(later.webSockets.plain, { opened: 3, open: 3 });
  t.equal(app.exitCode, undefined, 'it waits for them');
  await driver.stop();
  await until(() => app.exitCode !== undefined, 'it ends once they have gone');
  t.equal(app.exitCode, 0);
});

t.test('an app that closes says so in its answers, and ends what is idle', async (t) => {
  const app = await AppProcess.start(t);
  const at = { host: '127.0.0.1', port: app.port };
  const [late, early, begun, idle] = await Promise.all(
    ['late', 'early', 'begun', 'idle'].map(() => Peer.connect(at)),
  );
  late.send(`GET /slow?ms=700&head=late${HEAD}\r\n`);
  early.send(`GET /slow?ms=700&head=early${HEAD}\r\n`);
  idle.send(`GET /quick${HEAD}\r\n`);
  begun.send(`GET /quick${HEAD}`);
  await idle.gotText('GET /quick\n');
  await early.gotText('\r\n\r\n');
  app.kill('SIGTERM');
  await idle.ended();
  t.notMatch(idle.text, /connection: close/i);
  begun.send('\r\n');
  for (const [peer, closes] of [
    [late, true],
    [begun, true],
    [early, false],
  ] as const) {
    await peer.ended();
    t.equal(/connection: close/i.test(peer.text), closes, peer.text);
    t.match(peer.text, /GET \/(slow\?ms=700&head=late|quick)\n$|\n\r\n0\r\n\r\n$/);
  }
  await until(() => app.exitCode !== undefined, 'it ends');
});

t.test('an app that exits leaves everything as it is', async (t) => {
  const app = await AppProcess.start(t, { MANNER: 'exits' });
  const driver = await drive(t, `127.0.0.1:${app.port}`, SLOWER);
  await reported(driver, isLively);
  await reported(driver, isAnsweringSlowly, 100);
  app.kill('SIGTERM');
  await until(() => app.exitCode !== undefined, 'it ends');
  t.equal(app.exitCode, 0);
  const isOver = ({ streams, webSockets }: Report): boolean =>
    streams.open + webSockets.plain.open + webSockets.deflate.open === 0;
  const { requests, streams, webSockets } = await reported(driver, isOver);
  t.equal(streams.cutByFin + streams.cutByReset, 3);
  t.match(webSockets, { plain: { closes: { 1006: 3 }, unclean: 3 }, deflate: { unclean: 3 } });
  t.match(webSockets, { closesPerSecondMax: 6 });
  const slow = [requests.slowKept.failures, requests.slowOnce.failures];
  const names = new Set(slow.flatMap((failures) => Object.keys(failures)));
  names.delete('refused');
  t.ok(names.size > 0, `slow answers were cut: ${[...names].join()}`);
});

t.test('an app falls sick, gets well, and dies when it is told to', async (t) => {
  const app = await AppProcess.start(t);
  const health = async (): Promise<number> => (await app.call('GET', '/healthz')).status;
  t.equal(await health(), 200);
  await app.call('POST', '/sick');
  t.equal(await health(), 500);
  await app.call('POST', '/well');
  t.equal(await health(), 200);
  t.equal((await app.call('GET', '/nowhere')).status, 404);
  await t.rejects(app.call('POST', '/exit'));
  await until(() => app.exitCode !== undefined, 'it is gone');
  t.equal(app.exitCode, 1);
});

t.test('a driver that does not work says why', async (t) => {
  const absent = Driver.spawn('/nowhere/driver', []);
  await t.rejects(absent.start('127.0.0.1:9', {}), /is gone .*ENOENT/);
  const wrong = Driver.spawn(NODE, ['-e', 'throw new Error("no driver at all")']);
  await t.rejects(wrong.start('127.0.0.1:9', {}), /is gone \(exit 1\).*no driver at all/s);

  const driver = Driver.spawn(NODE, [await bundle('main')]);
  t.teardown(() => driver.kill());
  await t.rejects(driver.report(), /nothing has begun/);
  await t.rejects(driver.start('no-such-name.invalid:80', {}), /no-such-name\.invalid/);
  await driver.start('127.0.0.1:9', {});
  await t.rejects(driver.start('127.0.0.1:9', {}), /has begun already/);
  t.match(await driver.stop(), { failed: 0 });
  await t.rejects(driver.report(), /is gone \(exit 0\)/);
});

t.test('a driver ends when nobody is left to tell it anything', async (t) => {
  const app = await AppProcess.start(t);
  const target = `127.0.0.1:${app.port}`;
  const input = `${JSON.stringify({ do: 'start', target, getKept: { lanes: 1, pauseMs: 10 } })}\n`;
  const { code, stderr, stdout } = await run(NODE, [await bundle('main')], { input });
  t.same([code, stderr], [0, '']);
  t.ok(['', '{"to":"start"}\n'].includes(stdout));
});
