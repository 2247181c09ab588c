/**
 * `tidegate status`, `drain` and `wait` of the built program, asking a tidegate that runs, in each
 * phase it can be in: what they print, and with which code they exit.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import type { SafeToDelete, Status } from '../../src/admin/contract.js';
import { fits, SAFE_TO_DELETE, STATUS } from '../../src/admin/shapes.js';
import { testWith } from '../peers/programs.js';
import { type Output, outputOf, type Ran, run, type RunOptions, start } from '../peers/running.js';
import { BUNDLE, NODE, startTidegate, type Tidegate } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';

const SETTLES_LONG = ['--grace-period=10m', '--settle-min=60s', '--settle-max=60s'];
const SETTLES_AT_ONCE = ['--grace-period=10m', '--settle-max=0', '--quiet-for=0'];

const command = (line: string, options?: RunOptions): Promise<Ran> =>
  run(NODE, [BUNDLE, ...line.split(' ')], options);

/** The same, still running. */
const begun = (line: string): Output => outputOf(start(NODE, [BUNDLE, ...line.split(' ')]));

interface Busy {
  readonly tidegate: Tidegate;
  /** `--admin HOST:PORT`. */
  readonly at: string;
  /** A WebSocket that is open through it. */
  readonly socket: WebSocket;
  /** Ends the socket, and waits until nothing is open. */
  readonly idle: () => Promise<void>;
}

/** A tidegate that carries one open WebSocket. */
async function startBusy(t: Test, flags: readonly string[]): Promise<Busy> {
  const app = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  const tidegate = await startTidegate({ app: { port }, flags });
  const socket = new WebSocket(`ws://127.0.0.1:${tidegate.listen.port}/`);
  t.teardown(async () => {
    socket.terminate();
    tidegate.kill('SIGKILL');
    await tidegate.exited;
    app.close();
  });
  await once(socket, 'open');
  const idle = async (): Promise<void> => {
    socket.terminate();
    await tidegate.idle();
  };
  return { tidegate, at: `--admin=127.0.0.1:${tidegate.admin.port}`, socket, idle };
}

/** The screen is one, and has these lines; what passes while one looks is left out. */
function matchScreen(t: Test, screen: string, lines: readonly (string | RegExp)[]): void {
  const all = screen.split('\n');
  t.ok(all.length <= 24 && all.every((line) => line.length <= 80), 'it fits a screen of 80 by 24');
  for (const line of lines)
    t.ok(
      all.some((one) => one.match(line)),
      `${line} in\n${screen}`,
    );
}

/** What `-o json` prints is what the admin port answers, in the form of the contract. */
async function jsonOf(t: Test, line: string, code: number): Promise<Status> {
  const ran = await command(`${line} -o json`);
  t.same([ran.code, ran.stderr], [code, '']);
  t.match(ran.stdout, /^\{.*\}\n$/, 'one line');
  const status: unknown = JSON.parse(ran.stdout);
  t.ok(fits<Status>(status, STATUS), 'it is a status');
  return status as Status;
}

const NOT_SAFE = /^Verdict {3}not safe to delete: 1 connection is still at work$/;

t.test('serving: an open WebSocket is told, and is not safe to delete', async (t) => {
  const { tidegate, at, idle } = await startBusy(t, ['--quiet-for=0']);
  const { code, stdout, stderr } = await command(`status ${at}`);
  t.same([code, stderr], [3, '']);
  matchScreen(t, stdout, [
    new RegExp(`^tidegate .* admin port 127.0.0.1:${tidegate.admin.port}$`),
    NOT_SAFE,
    /^Phase {5}serving: no drain is going on$/,
    /^ {10}since 2.* UTC \(\d+s\)$/,
    /^App {7}answers$/,
    /^websocket +1 +0 +\d+s$/,
    /^total +1 +0 +\d+s$/,
  ]);
  t.notMatch(stdout, '\x1b');
  t.notMatch(stdout, /^(Drain|Until|Quiet)/m);
  const shown = await jsonOf(t, `status ${at}`, 3);
  const asked = await fetch(`http://127.0.0.1:${tidegate.admin.port}/status`);
  t.same(Object.keys(shown), Object.keys((await asked.json()) as Status), 'the contract, whole');
  t.match(shown, { phase: 'serving', drain: null, verdict: { safe: false, reason: 'active' } });
  t.equal(shown.connections.byKind.websocket.active, 1);

  await idle();
  const quiet = await command(`status ${at}`);
  t.equal(quiet.code, 0);
  matchScreen(t, quiet.stdout, [
    /^Verdict {3}safe to delete: nothing is at work$/,
    /^Quiet {5}since 2.* UTC \(\d+s\)$/,
  ]);
});

t.test('settling: a drain says why, since when and until when; recalled, it is over', async (t) => {
  const { tidegate, at, idle } = await startBusy(t, SETTLES_LONG);
  const drain = await run(NODE, [BUNDLE, 'drain', at, '--reason', 'the node is old']);
  t.same([drain.code, drain.stderr], [0, '']);
  matchScreen(t, drain.stdout, [/^Phase {5}settling: /, /^Reason {4}the node is old$/]);
  const { code, stdout } = await command(`status ${at}`);
  t.equal(code, 3);
  matchScreen(t, stdout, [
    NOT_SAFE,
    /^Phase {5}settling: until load balancers stop sending; nothing is refused$/,
    /^Drain {5}since 2.* UTC \(\d+s\)$/,
    /^Reason {4}the node is old$/,
    /^Until {5}2.* UTC at the latest \(9m\d+s left\)$/,
  ]);
  await idle();
  const status = await jsonOf(t, `status ${at}`, 3);
  t.match(status, { phase: 'settling', verdict: { reason: 'settling' }, terminating: false });
  t.equal(status.eta, status.drain?.deadline);

  t.equal((await jsonOf(t, `drain ${at} --recall`, 0)).phase, 'serving');
  const again = await command(`drain ${at} --recall`);
  t.same([again.code, again.stdout], [1, '']);
  t.match(again.stderr, 'refuses (409 not-draining): no drain is going on\n');
  const ready = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${tidegate.admin.port}/readyz`)).status;
  t.equal(await ready(), 200);
  const kept = await jsonOf(t, `drain ${at} --readiness keep`, 0);
  t.equal(kept.drain?.reason, 'asked on the admin port');
  t.equal(await ready(), 200);
  t.equal((await command(`drain ${at}`)).code, 0);
  t.equal(await ready(), 503, 'the second one fails it');
});

t.test('draining: wait waits for what is at work, at most as long as it may', async (t) => {
  const { at, idle } = await startBusy(t, SETTLES_AT_ONCE);
  t.equal((await command(`drain ${at}`)).code, 0);
  const { code, stdout } = await command(`status ${at}`);
  t.equal(code, 3);
  matchScreen(t, stdout, [NOT_SAFE, /^Phase {5}draining: until work in progress has ended$/]);

  const begin = performance.now();
  const late = await command(`wait ${at} --timeout 1200ms`);
  const took = performance.now() - begin;
  t.ok(took >= 1_200 && took < 10_000, `${took} ms`);
  t.equal(late.code, 3);
  t.match(late.stdout, /^\S+Z {2}draining {2}not safe to delete: 1 connection .*\n$/, 'said once');
  t.match(late.stderr, /^tidegate wait: after 1s200ms not safe to delete: 1 conn/);
  const verdict = await command(`wait ${at} --timeout 0 -o json`);
  t.equal(verdict.code, 3);
  t.ok(fits<SafeToDelete>(JSON.parse(verdict.stdout), SAFE_TO_DELETE));

  const waiting = ['wait', 'drain --wait --timeout 1m'].map((line) => begun(`${line} ${at}`));
  for (const output of waiting) await until(() => output.stdout !== '', 'it waits');
  await idle();
  for (const output of waiting) {
    t.equal(await within(output.ended, 'it ends'), 0);
    t.match(output.stdout, /draining {2}not safe.*\n.*drained {2}safe to delete: nothing is.*\n$/);
    t.equal(output.stderr, '');
  }
  const drained = await command(`status ${at}`);
  t.equal(drained.code, 0);
  matchScreen(t, drained.stdout, [/^Phase {5}drained: nothing is left to wait for$/, /^Quiet/]);
  t.notMatch(drained.stdout, /^Until/m);
  t.match(await jsonOf(t, `status ${at}`, 0), { phase: 'drained', eta: null });
});

t.test('the port is found where the sidecar was told to open it', async (t) => {
  const { tidegate } = await startBusy(t, []);
  const env = { TIDEGATE_ADMIN: `0.0.0.0:${tidegate.admin.port}`, TIDEGATE_LISTEN: 'nonsense' };
  t.equal((await command('status', { env })).code, 3);
});

testWith(
  ['script'],
  'a terminal is drawn on as NO_COLOR and TERM have it',
  async (t, { script }) => {
    const { at, idle } = await startBusy(t, SETTLES_AT_ONCE);
    const inTerminal = (line: string, env: Readonly<Record<string, string>>): Promise<Ran> =>
      run(script, ['-qec', `'${NODE}' '${BUNDLE}' ${line} ${at}`, '/dev/null'], { env });
    const colourful = await inTerminal('status', { TERM: 'xterm' });
    t.equal(colourful.code, 3);
    t.match(colourful.stdout, 'Verdict   \x1b[33mnot safe to delete');
    for (const env of [{ TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const { code, stdout } = await inTerminal('status', env);
      t.equal(code, 3);
      t.match(stdout, 'Verdict   not safe to delete');
      t.notMatch(stdout, '\x1b');
    }
    await idle();
    t.equal((await command(`drain ${at} --wait`)).code, 0);
    const drawn = await inTerminal('status --watch', { TERM: 'xterm', NO_COLOR: '1' });
    t.equal(drawn.code, 0);
    t.match(drawn.stdout, /^\x1b\[Htidegate .*\x1b\[J$/s);
    t.notMatch(drawn.stdout, /\x1b\[\d+m/);
    const dumb = await inTerminal('status --watch', { TERM: 'dumb' });
    t.equal(dumb.code, 0);
    t.match(dumb.stdout, /^\S+Z {2}drained {2}safe to delete: nothing is at work\r\n$/);
  },
);

t.test('--watch prints a line a change, and ends with the drain', async (t) => {
  const { at, idle } = await startBusy(t, SETTLES_AT_ONCE);
  const watches = ['table', 'json'].map((form) => begun(`status ${at} --watch -o ${form}`));
  const seen = async (phase: string): Promise<void> => {
    for (const output of watches) await until(() => output.stdout.includes(phase), phase);
  };
  await seen('serving');
  t.equal((await command(`drain ${at}`)).code, 0);
  await seen('draining');
  await idle();
  for (const { ended } of watches) t.equal(await within(ended, 'it ends'), 0);
  const [{ stdout }, asJson] = watches;
  const lines = stdout.trimEnd().split('\n');
  t.match(lines, [
    /^\S+Z {2}serving {2}not safe .* \(1 websocket\)$/,
    /^\S+Z {2}draining {2}not safe .* \(1 websocket\)$/,
    /^\S+Z {2}drained {2}safe to delete: nothing is at work$/,
  ]);
  t.equal(lines.length, 3);
  const statuses = asJson.stdout.trimEnd().split('\n');
  t.same(
    statuses.map((line) => (JSON.parse(line) as Status).phase),
    ['serving', 'draining', 'drained'],
  );
});
