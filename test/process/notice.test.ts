/**
 * The preStop's notice as a program: small, as quick as Node itself, and true in what its exit code
 * says; and what comes behind it, the SIGTERM of a native sidecar.
 */
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { freePort, run } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';
import { Hook } from './crowd/hook.js';
import { NOTICE, notify } from './crowd/notify.js';

const BYTES_MAX = 4_096;
const CLEAN = { code: 0, signal: null };
const ROUNDS = 9;
/** Against a bare Node; its start takes 30 ms or so, and connecting is some of it. */
const RATIO_MAX = 1.6;
const EXTRA_MS_MAX = 30;

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function tookMs(args: readonly string[]): Promise<number> {
  const beganMs = performance.now();
  await run(NODE, args);
  return performance.now() - beganMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1];
}

t.test('it is small and needs nothing but Node', (t) => {
  const { size } = statSync(NOTICE);
  t.ok(size <= BYTES_MAX, `${size} bytes`);
  const text = readFileSync(NOTICE, 'utf8');
  const imported = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)];
  t.same(
    imported.map(([, name]) => name),
    ['node:net'],
  );
  t.end();
});

t.test('it takes hardly longer than Node itself', async (t) => {
  const server = createServer((_request, response) => response.writeHead(202).end('{}'));
  const port = await listening(server);
  t.teardown(() => server.close());
  const bare: number[] = [];
  const notice: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await tookMs(['-e', '0']));
    notice.push(await tookMs([NOTICE, String(port)]));
  }
  const extraMs = median(notice.map((ms, at) => ms - bare[at]));
  const ratio = median(notice.map((ms, at) => ms / bare[at]));
  const figures = `bare ${median(bare).toFixed(0)} ms, ${extraMs.toFixed(1)} ms more, x${ratio.toFixed(2)}`;
  t.ok(extraMs < EXTRA_MS_MAX || ratio < RATIO_MAX, figures);
});

t.test('its exit code says whether the sidecar knows', async (t) => {
  const refusing = createServer((_request, response) => response.writeHead(403).end());
  const silent = createRawServer((socket) => socket.on('error', () => undefined).resume());
  const hasty = createRawServer((socket) => socket.on('error', () => undefined).end());
  for (const server of [refusing, silent, hasty]) t.teardown(() => server.close());
  const nobody = await notify(await freePort());
  t.equal(nobody.code, 1);
  t.match(nobody.stderr, /was not told: connect ECONNREFUSED/);
  const refused = await notify(await listening(refusing));
  t.equal(refused.code, 1);
  t.match(refused.stderr, /it answered 403/);
  const ended = await notify(await listening(hasty));
  t.equal(ended.code, 1);
  t.match(ended.stderr, /no answer/);
  const beganMs = performance.now();
  const unanswered = await notify(await listening(silent));
  t.equal(unanswered.code, 1);
  t.match(unanswered.stderr, /no answer/);
  t.ok(performance.now() - beganMs < 15_000, 'it does not wait for ever');
  for (const port of ['0', '65536', '80x', 'admin', '']) {
    const usage = await notify(port);
    t.equal(usage.code, 64, `port "${port}"`);
    t.match(usage.stderr, /is no port/);
  }
});

t.test('behind the notice a native sidecar drains, until SIGTERM says now', async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 60, flags: ['--sidecar=native'] });
  const { tidegate } = drained;
  await clients.ask('open', { port: tidegate.listen.port, count: 25 });
  const hook = new Hook(tidegate.admin);
  t.same(await notify(tidegate.admin.port), { code: 0, stdout: '', stderr: '' });
  t.equal((await notify(tidegate.admin.port)).code, 0, 'a second one changes nothing');
  await clients.ask('leave', { count: 5 });
  t.equal((await tidegate.metrics()).value('tidegate_phase', { phase: 'serving' }), 0);
  t.notOk(hook.isOver, 'whoever waits is held');
  tidegate.kill('SIGTERM');
  const { status } = await hook.ended;
  t.equal(status, 200, 'and gets an answer, not a reset');
  t.same(await drained.ended(), CLEAN);
  t.match(drained.message(), { reason: 'preStop', ended: 'now', activeAtStart: 25 });
  t.match(drained.message(), { activeAtEnd: 20, finished: 5, farewell: 20, cut: 0 });
  t.match(await clients.ask('closes'), { 1001: 20, all: 20 });
});

t.test(
  'with --wait it ends with the drain, and a SIGTERM that comes before means now',
  async (t) => {
    const { port } = await startApp(t);
    for (const end of ['finished', 'now'] as const) {
      const clients = new Member(t, 'clients');
      const drained = await startDrained(t, { port, deadlineS: 60 });
      const { tidegate } = drained;
      await clients.ask('open', { port: tidegate.listen.port, count: 2 });
      let isOver = false;
      const notice = notify('--wait', tidegate.admin.port).finally(() => (isOver = true));
      const hook = new Hook(tidegate.admin);
      const isTold = async (): Promise<boolean> =>
        (await tidegate.metrics()).value('tidegate_phase', { phase: 'draining' }) === 1;
      await until(isTold, 'it drains');
      t.notOk(isOver, 'it waits');
      if (end === 'finished') await clients.ask('leave', { count: 2 });
      else tidegate.kill('SIGTERM');
      t.same(await notice, { code: 0, stdout: '', stderr: '' }, end);
      t.equal((await hook.ended).status, 200);
      if (end === 'finished') tidegate.kill('SIGTERM');
      t.same(await drained.ended(), CLEAN);
      t.match(drained.message(), { reason: 'preStop', ended: end });
    }
  },
);

t.test(
  'with --wait it ends with its sidecar, and says by its code whether that knew',
  async (t) => {
    const { port } = await startApp(t);
    const clients = new Member(t, 'clients');
    const { tidegate } = await startDrained(t, { port, deadlineS: 60 });
    await clients.ask('open', { port: tidegate.listen.port, count: 1 });
    const notice = notify('--wait', tidegate.admin.port);
    const isTold = async (): Promise<boolean> =>
      (await tidegate.metrics()).value('tidegate_phase', { phase: 'serving' }) === 0;
    await until(isTold, 'it is told');
    tidegate.kill('SIGKILL');
    t.same(await notice, { code: 0, stdout: '', stderr: '' });
    const nobody = await notify('--wait', tidegate.admin.port);
    t.match(nobody, { code: 1, stderr: /was not told: connect ECONNREFUSED/ });
    t.equal((await notify('--wait', '80x')).code, 64);
  },
);

t.test('behind the notice the program stays until it is told to end', async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 2 });
  const { tidegate } = drained;
  await clients.ask('open', { port: tidegate.listen.port, count: 2, deaf: true });
  t.equal((await notify(tidegate.admin.port)).code, 0);
  t.equal((await new Hook(tidegate.admin).ended).status, 200, 'at the deadline');
  t.equal((await new Hook(tidegate.admin).ended).status, 200, 'it is still there');
  t.match(drained.message(), { reason: 'preStop', ended: 'deadline', cut: 2 });
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), CLEAN);
});
