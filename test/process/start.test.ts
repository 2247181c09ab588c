/**
 * How soon the built program listens: the time from its start until a connection is taken, next to
 * that of the smallest server that Node can be.
 */
import { once } from 'node:events';
import t from 'tap';
import { freePort, outputOf, start, takesConnections } from '../peers/running.js';
import { BUNDLE, NODE, NODE_FLAGS } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const STARTS = 7;
const LATER_MS_MAX = 150;
/** Where the machine is so slow that a bare server takes long as well: twice, on a quiet one. */
const BARE_TIMES_MAX = 3;
/** A busy machine spoils a measurement; it does not spoil three. */
const MEASUREMENTS_MAX = 3;

const BARE = `require('node:net').createServer().listen(+process.argv[1], '127.0.0.1')`;

/** Milliseconds from spawning Node with these arguments until `port` takes connections. */
async function startMs(port: number, args: readonly string[]): Promise<number> {
  const child = start(NODE, args);
  const output = outputOf(child);
  const begin = performance.now();
  const isUp = (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output.stdout}${output.stderr}`);
    return takesConnections(port);
  };
  await until(isUp, 'it listens', 20_000);
  const took = performance.now() - begin;
  child.kill('SIGKILL');
  await output.ended;
  return took;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** By how much tidegate starts later than a bare server, both started in turns. */
async function measureLaterMs(): Promise<{ laterMs: number; bareMs: number }> {
  const bare: number[] = [];
  const tidegate: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    const port = await freePort();
    bare.push(await startMs(port, ['-e', BARE, String(port)]));
    const at = await freePort();
    const flags = [`--listen=127.0.0.1:${at}`, '--admin=127.0.0.1:0', `--app=127.0.0.1:${port}`];
    tidegate.push(await startMs(at, [...NODE_FLAGS, BUNDLE, ...flags]));
  }
  return { laterMs: median(tidegate) - median(bare), bareMs: median(bare) };
}

t.test('it listens within 150 ms of a bare Node server', async (t) => {
  let times = Infinity;
  for (let tries = 0; tries < MEASUREMENTS_MAX && times > 1; tries++) {
    const { laterMs, bareMs } = await measureLaterMs();
    t.comment(`${laterMs.toFixed(0)} ms after a bare server, which takes ${bareMs.toFixed(0)} ms`);
    times = Math.min(times, laterMs / Math.max(LATER_MS_MAX, BARE_TIMES_MAX * bareMs));
  }
  t.ok(times <= 1, `it takes ${times.toFixed(2)} of the time that it may`);
});

t.test('a port that somebody has is a fault, and the other port is let go of', async (t) => {
  const [listen, admin] = [await freePort(), await freePort()];
  const holder = start(NODE, ['-e', BARE, String(admin)]);
  t.teardown(async () => {
    holder.kill('SIGKILL');
    if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'close');
  });
  await until(() => takesConnections(admin), 'somebody listens');
  const flags = [`--listen=127.0.0.1:${listen}`, `--admin=127.0.0.1:${admin}`];
  const output = outputOf(start(NODE, [BUNDLE, ...flags]));
  t.equal(await output.ended, 1);
  const lines = output.stdout.trim().split('\n');
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0]), {
    level: 'error',
    key: 'admin',
    value: `127.0.0.1:${admin}`,
    msg: 'a port cannot be opened',
  });
  t.equal(output.stderr, '');
  t.notOk(await takesConnections(listen));
});

t.test('it goes on when nobody reads its log any more', async (t) => {
  const [listen, app] = [await freePort(), await freePort()];
  const flags = [`--listen=127.0.0.1:${listen}`, '--admin=127.0.0.1:0', `--app=127.0.0.1:${app}`];
  const child = start(NODE, [BUNDLE, ...flags, '--app-connect-timeout=50ms']);
  await until(() => takesConnections(listen), 'it listens');
  child.stdout.destroy();
  child.stderr.destroy();
  // The app is not there, which the log would say, and again after each answer that is.
  for (let request = 0; request < 3; request++) {
    const answer = await fetch(`http://127.0.0.1:${listen}/`);
    t.equal(answer.status, 503);
  }
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.same(await exited, [0, null]);
});
