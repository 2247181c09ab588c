/**
 * What the load driver counts when requests go wrong: each fault is brought about by a server that
 * commits it, and is counted by its own name and by no other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { answerToGet, answerToPost } from '../peers/load/agreement.js';
import type {
  Failures,
  Plan,
  Report,
  RequestCounts,
  RequestLaneName,
} from '../peers/load/contract.js';
import { drive, reported } from '../peers/load/driving.js';
import { answerOf, type Request, Rogue } from '../peers/load/rogue.js';
import { freePort } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';

/** Most of each test is the start of a driver and waiting. */
t.jobs = 4;

const LANE = { lanes: 1, pauseMs: 10 };
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const SHORT = { timeoutMs: 1_500, finishMs: 500, rampMs: 1 };

/** As it should be. */
function well({ socket, method, target, body }: Request, fields = ''): void {
  const text = method === 'GET' ? answerToGet(target) : answerToPost(target, body);
  socket.write(answerOf(text, '200 OK', fields));
}

/** What comes of a lane of this name once `count` of its requests are over. */
async function countsOf(
  t: Test,
  target: string,
  name: RequestLaneName,
  { count = 5, plan = {} }: { readonly count?: number; readonly plan?: Plan } = {},
): Promise<{ counts: RequestCounts; report: Report }> {
  const driver = await drive(t, target, { ...SHORT, [name]: LANE, ...plan });
  await reported(driver, ({ requests }) => requests[name].sent > count);
  const report = await driver.stop();
  const counts = report.requests[name];
  const failed = Object.values(counts.failures).reduce((sum, failures) => sum + failures, 0);
  t.equal(counts.sent, counts.ok + failed, 'every request is counted once');
  t.match(report, { failed, failuresFirst: { length: Math.min(failed, 200) } });
  t.equal(counts.inProgress, 0);
  return { counts, report };
}

/** Every failure was this one, and there were some. */
function onlyFailure(t: Test, failures: Failures, name: keyof Failures): void {
  t.same(Object.keys(failures), [name]);
}

const FAULTS: Readonly<Record<string, (request: Request) => void>> = {
  reset: ({ socket }) => socket.resetAndDestroy(),
  'ended-before-answer': ({ socket }) => socket.end(),
  'cut-in-answer': ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  'reset-in-answer': ({ socket }) => {
    socket.write(`${CHUNKED}4\r\nhalf\r\n`);
    // Bytes that come together with a reset are another matter; see below.
    setTimeout(() => socket.resetAndDestroy(), 50);
  },
  'timeout-answer': () => undefined,
  'wrong-status-500': ({ socket }) => socket.write(answerOf('', '500 Internal Server Error')),
  'wrong-status-502': ({ socket }) => socket.write(answerOf('', '502 Bad Gateway')),
  'wrong-status-503': ({ socket }) => socket.write(answerOf('', '503 Service Unavailable')),
  'wrong-status-504': ({ socket }) => socket.write(answerOf('', '504 Gateway Timeout')),
  'wrong-status-other': ({ socket }) => socket.write(answerOf('', '404 Not Found')),
  'wrong-body': (request) => well({ ...request, target: '/another', body: Buffer.from('x') }),
  'malformed-answer': ({ socket }) => socket.write('SSH-2.0-rogue\r\n\r\n'),
};

for (const [failure, fault] of Object.entries(FAULTS)) {
  t.test(`${failure} is counted as that`, async (t) => {
    const { target } = await Rogue.start(t, fault);
    for (const name of ['getOnce', 'postKept'] as const) {
      const { counts, report } = await countsOf(t, target, name, { count: 3 });
      t.equal(counts.ok, 0);
      t.match(report.failuresFirst[0], { lane: name, failure });
      const failures = { ...counts.failures };
      // The last of these was still waiting when it was told to stop.
      if (failure === 'timeout-answer') delete failures['unfinished-at-stop'];
      onlyFailure(t, failures, failure as keyof Failures);
      t.equal(counts.repeatedAfterFin, 0);
    }
  });
}

t.test('a port where nobody listens refuses', async (t) => {
  const { counts } = await countsOf(t, `127.0.0.1:${await freePort()}`, 'getKept');
  onlyFailure(t, counts.failures, 'refused');
});

t.test('an address that no connection can have has no route', async (t) => {
  const { counts } = await countsOf(t, '224.0.0.1:80', 'getKept');
  onlyFailure(t, counts.failures, 'no-route');
});

t.test('a host that does not answer a connection is told from one that does', async (t) => {
  const program =
    "const s=require('net').createServer();" +
    "s.listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))";
  const host = spawn(NODE, ['-e', program], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void host.kill('SIGKILL'));
  const [said] = (await once(host.stdout, 'data')) as [Buffer];
  // It takes no connection any more; the system has room for two.
  host.kill('SIGSTOP');
  const plan = { getOnce: { lanes: 5, pauseMs: 1 } };
  const target = `127.0.0.1:${String(said).trim()}`;
  const { counts } = await countsOf(t, target, 'getOnce', { count: 10, plan });
  const names = Object.keys(counts.failures).filter((name) => name !== 'unfinished-at-stop');
  t.same(names.sort(), ['timeout-answer', 'timeout-connecting']);
});

t.test('a request that crossed a FIN is repeated, and is no failure', async (t) => {
  let crossed = 0;
  const { target } = await Rogue.start(t, (request) => {
    if (request.number < 3) well(request);
    else if (++crossed % 2 === 0) request.socket.end();
    // Its process is gone at once: what crossed gets a reset behind the FIN.
    else request.socket.end(() => request.socket.resetAndDestroy());
  });
  for (const name of ['getKept', 'postKept'] as const) {
    crossed = 0;
    const { counts } = await countsOf(t, target, name, { count: 10 });
    t.same(counts.failures, {});
    t.equal(counts.repeatedAfterFin, crossed);
    t.ok(crossed >= 3);
    t.equal(counts.connections, crossed + 1);
    t.ok(counts.resets <= Math.ceil(crossed / 2), `${counts.resets} resets, all behind a FIN`);
  }
});

t.test('it is repeated once only', async (t) => {
  const { target } = await Rogue.start(t, (request) => {
    if (request.connection === 1 && request.number === 1) well(request);
    else request.socket.end();
  });
  const { counts } = await countsOf(t, target, 'getKept');
  t.equal(counts.repeatedAfterFin, 1);
  t.equal(counts.ok, 1);
  onlyFailure(t, counts.failures, 'ended-before-answer');
});

t.test('a reset on a connection used before is a failure, also beside bytes', async (t) => {
  const { target } = await Rogue.start(t, (request) => {
    if (request.number === 1) well(request);
    else if (request.connection % 2 === 0) request.socket.resetAndDestroy();
    else request.socket.write(`${CHUNKED}4\r\nhalf\r\n`, () => request.socket.resetAndDestroy());
  });
  const { counts } = await countsOf(t, target, 'getKept', { count: 12 });
  t.equal(counts.repeatedAfterFin, 0);
  const { reset = 0, 'reset-in-answer': inAnswer = 0, ...others } = counts.failures;
  t.same(others, {});
  t.ok(reset >= 2);
  t.ok(inAnswer >= 2);
  t.equal(reset + inAnswer, counts.connections - (counts.sent % 2));
  t.equal(counts.resets, reset + inAnswer);
});

t.test('an answer that says close, and a FIN between requests, are nothing to count', async (t) => {
  const { target } = await Rogue.start(t, (request) => {
    if (request.connection % 2 === 0) well(request, 'Connection: close\r\n');
    else well(request);
    if (request.connection % 2 === 0 || request.number === 2) request.socket.end();
  });
  const plan = { getKept: { lanes: 1, pauseMs: 100 } };
  const { counts } = await countsOf(t, target, 'getKept', { count: 9, plan });
  t.match(counts, { ok: counts.sent, repeatedAfterFin: 0, resets: 0, unasked: 0 });
  t.ok(counts.connections >= 6);
});

t.test('what happens between requests is counted beside the failures', async (t) => {
  const { target } = await Rogue.start(t, (request) => {
    well(request);
    const { connection, socket } = request;
    const act = (): void => {
      if (connection % 2 === 0) socket.resetAndDestroy();
      else socket.write(answerOf('unasked'));
    };
    setTimeout(act, 30);
  });
  const plan = { getKept: { lanes: 1, pauseMs: 500 } };
  const { counts } = await countsOf(t, target, 'getKept', { count: 6, plan });
  t.match(counts, { ok: counts.sent, repeatedAfterFin: 0 });
  t.ok(counts.resetWhileIdle >= 2, 'resets');
  t.ok(counts.resets >= counts.resetWhileIdle, 'they are among all resets');
  t.ok(counts.unasked >= 2, 'answers to nothing');
});

t.test(
  'an answer that ends with its connection is whole, one announced before as well',
  async (t) => {
    const { target } = await Rogue.start(t, (request) => {
      const body = answerToGet(request.target);
      request.socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
      request.socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`);
    });
    const { counts } = await countsOf(t, target, 'getKept');
    t.same(counts.failures, {});
  },
);

t.test('what is not answered when it has to stop is counted too', async (t) => {
  const { target } = await Rogue.start(t, () => undefined);
  const driver = await drive(t, target, {
    getKept: LANE,
    getOnce: LANE,
    ...SHORT,
    timeoutMs: 20_000,
  });
  await reported(driver, ({ requests }) => requests.getOnce.inProgress === 1);
  const { requests } = await driver.stop();
  for (const name of ['getKept', 'getOnce'] as const) {
    t.match(requests[name], { sent: 1, ok: 0, inProgress: 0 });
    t.same(requests[name].failures, { 'unfinished-at-stop': 1 });
  }
});

t.test('what is in progress when it is told to stop is done first', async (t) => {
  const { target } = await Rogue.start(t, (request) => void setTimeout(() => well(request), 700));
  const driver = await drive(t, target, { getKept: LANE, rampMs: 1 });
  await reported(driver, ({ requests }) => requests.getKept.inProgress === 1);
  const { requests } = await driver.stop();
  t.match(requests.getKept, { sent: 1, ok: 1, inProgress: 0 });
});

t.test('an answer over a second is told unless it was asked to take that long', async (t) => {
  const { target } = await Rogue.start(t, (request) => void setTimeout(() => well(request), 1_300));
  const plan = { rampMs: 1, slowMs: 1_300, slowOnce: LANE, getOnce: LANE };
  const driver = await drive(t, target, plan);
  await reported(driver, ({ requests }) => requests.getOnce.ok > 0 && requests.slowOnce.ok > 0);
  const report = await driver.stop();
  const { getOnce, slowOnce } = report.requests;
  t.equal(report.longAnswers, getOnce.sent);
  t.same(new Set(report.longAnswersFirst.map(({ lane }) => lane)), new Set(['getOnce']));
  t.ok(getOnce.slowestMs >= 1_290);
  t.equal(getOnce.slowestExcessMs, getOnce.slowestMs);
  t.ok(slowOnce.slowestMs >= 1_290);
  t.ok(slowOnce.slowestExcessMs < slowOnce.slowestMs - 1_200);
});
