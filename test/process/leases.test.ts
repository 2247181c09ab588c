/**
 * Leases of the built program: a worker that holds one in a drain finishes, one that dies lets go by
 * its TTL; and `tidegate hold`, which does it for a program that knows nothing of them.
 */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { outputOf, run, start } from '../peers/running.js';
import { BUNDLE, NODE, type Tidegate } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';
import { type Drained, startDrained } from './crowd/drained.js';

const CLEAN = { code: 0, signal: null };
const DEADLINE_S = 60;

/** A tidegate whose app only listens: all of its work is in leases. */
async function startWorkerPod(t: Test, flags: readonly string[] = []): Promise<Drained> {
  const app = createServer((socket) => socket.on('error', () => undefined).resume());
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.teardown(() => app.close());
  const { port } = app.address() as AddressInfo;
  return startDrained(t, { port, deadlineS: DEADLINE_S, flags });
}

async function call(
  { admin }: Tidegate,
  method: string,
  path: string,
  body?: object,
): Promise<[status: number, json: Readonly<Record<string, unknown>>]> {
  const response = await fetch(`http://127.0.0.1:${admin.port}${path}`, {
    method,
    headers: { 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [response.status, (await response.json()) as Readonly<Record<string, unknown>>];
}

async function held(tidegate: Tidegate): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const [, { leases }] = await call(tidegate, 'GET', '/leases');
  return leases as readonly Readonly<Record<string, unknown>>[];
}

const drains = (tidegate: Tidegate): Promise<void> =>
  until(() => tidegate.lines.some(({ msg }) => msg.startsWith('draining')), 'it drains');

t.test('a worker that holds a lease finishes, and the drain ends behind it', async (t) => {
  const drained = await startWorkerPod(t);
  const { tidegate } = drained;
  const [status, { id }] = await call(tidegate, 'POST', '/leases', { name: 'job', ttl: '1h' });
  t.equal(status, 201);
  tidegate.kill('SIGTERM');
  await drains(tidegate);
  const isDraining = async (): Promise<boolean> => {
    const [, { phase }] = await call(tidegate, 'PUT', `/leases/${String(id)}`);
    return phase === 'draining';
  };
  await until(isDraining, 'it has settled, and is held');
  const [, { reason, leases }] = await call(tidegate, 'GET', '/safe-to-delete');
  t.same([reason, leases], ['leases', 1]);
  t.equal((await call(tidegate, 'DELETE', `/leases/${String(id)}`))[0], 200);
  t.same(await drained.ended(), CLEAN);
  t.match(drained.message(), { ended: 'finished', leasesAtEnd: 0, cut: 0 });
  t.same(
    tidegate.lines.filter(({ level }) => level !== 'info'),
    [],
  );
});

t.test('a worker that dies lets go by the TTL of its lease', async (t) => {
  const drained = await startWorkerPod(t);
  const { tidegate } = drained;
  await call(tidegate, 'POST', '/leases', { name: 'job', ttl: 1, holder: 'worker-1' });
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), CLEAN);
  t.match(drained.message(), { ended: 'finished', leasesAtEnd: 0 });
  const told = tidegate.lines.filter(({ level }) => level === 'warn');
  t.match(told, [{ lease: 'job', holder: 'worker-1', msg: /^a lease has expired/ }]);
});

t.test('hold keeps a lease while its program runs, and ends with its exit code', async (t) => {
  const { tidegate } = await startWorkerPod(t);
  const at = `--admin=${tidegate.admin.port}`;
  const hold = (...args: string[]): string[] => [BUNDLE, 'hold', at, ...args];
  const waiting = start(NODE, hold('--ttl=1s', '--holder=me', '--', NODE, '-e', ECHO, 'a b'));
  const output = outputOf(waiting);
  await until(() => output.stdout.includes('ready a b'), 'the program runs');
  const [first] = await held(tidegate);
  t.match(first, { name: 'node', holder: 'me', ttlSeconds: 1 });
  const isRenewed = async (): Promise<boolean> =>
    (await held(tidegate)).some(
      ({ id, expires }) => id === first['id'] && expires !== first['expires'],
    );
  await until(isRenewed, 'it is renewed');
  waiting.stdin.end('7');
  t.equal(await within(output.ended, 'it ends'), 7, 'by what came on its input');
  t.same([output.stderr, await held(tidegate)], ['', []]);
});

/** Says that it is there, and exits with the code that it is told. */
const ECHO =
  "console.log('ready', process.argv[1]); process.stdin.on('data', (text) => process.exit(Number(text)))";
/** Exits with a code of its own at SIGTERM, and dies of others. */
const DEAF =
  "process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => 0, 1e3)";

t.test('hold passes signals on, and ends as its program does', async (t) => {
  const { tidegate } = await startWorkerPod(t);
  for (const [signal, code] of [
    ['SIGTERM', 9],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const) {
    const args = [BUNDLE, 'hold', `--admin=${tidegate.admin.port}`, '--', NODE, '-e', DEAF];
    const holding = start(NODE, args);
    const output = outputOf(holding);
    await until(() => output.stdout.includes('ready'), 'the program runs');
    t.equal((await held(tidegate)).length, 1);
    holding.kill(signal);
    t.equal(await within(output.ended, 'it ends'), code, signal);
    t.same([output.stderr, await held(tidegate)], ['', []]);
  }
});

t.test('hold lets go of its lease where its program cannot be started', async (t) => {
  const { tidegate } = await startWorkerPod(t);
  for (const [program, code] of [
    ['/nowhere/program', 127],
    ['/', 126],
  ] as const) {
    const ran = await run(NODE, [
      BUNDLE,
      'hold',
      `--admin=${tidegate.admin.port}`,
      '--name=x',
      '--',
      program,
    ]);
    t.equal(ran.code, code, program);
    t.match(ran.stderr, `tidegate hold: ${program} cannot be started: `);
    t.same(await held(tidegate), []);
  }
});

t.test('hold starts nothing without a lease, and says why', async (t) => {
  const drained = await startWorkerPod(t);
  const { tidegate } = drained;
  const args = (name: string): string[] => [
    BUNDLE,
    'hold',
    `--admin=${tidegate.admin.port}`,
    `--name=${name}`,
    '--',
    NODE,
    '-e',
    "console.log('started')",
  ];
  const refused = await run(NODE, args('x'.repeat(129)));
  t.match(refused, {
    code: 1,
    stdout: '',
    stderr: /refuses \(400 bad-request\): name "x+.*": is not/,
  });
  t.match(await run(NODE, args('job')), { code: 0, stdout: 'started\n', stderr: '' });
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), CLEAN);
  const nobody = await run(NODE, args('job'));
  t.match(nobody, { code: 1, stdout: '', stderr: /^tidegate hold: nothing listens on / });
  t.equal((await run(NODE, [BUNDLE, 'hold', 'program'])).code, 2);
});
