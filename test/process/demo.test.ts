/**
 * `tidegate demo` as somebody meets it who has just fetched the project: what it says to try works
 * when it is copied, and Ctrl-C ends it, also while a stream is open. And `tidegate demo app`, the
 * app of it alone, as a container runs it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { testWith } from '../peers/programs.js';
import { freePort, outputOf, run, start } from '../peers/running.js';
import { type Spawned, spawnTidegate } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';

/** What is still open may finish for 900 ms, and is said goodbye to in the last quarter of that. */
const GRACE = ['--grace-period=1s', '--app-shutdown=0s', '--margin=100ms'];
const WINDOW_MS = 675;
/** Long enough for whoever does something first; it has settled at once. */
const LONG_GRACE = ['--grace-period=30s', '--settle-max=0'];
/** The end of a stream that was said goodbye to: when to come back, nothing else. */
const GOODBYE = /\n\nretry: \d+\n\n$/;

interface Demo {
  readonly spawned: Spawned;
  /** What it says to try, one command each. */
  readonly commands: readonly string[];
}

/** Starts the demo on free ports; resolves once it has said what to try. */
async function startDemo(t: Test, grace = GRACE): Promise<Demo> {
  const app = `--app=127.0.0.1:${await freePort()}`;
  const flags = ['--listen=127.0.0.1:0', '--admin=127.0.0.1:0', app, ...grace];
  const spawned = spawnTidegate(['demo', ...flags]);
  t.teardown(() => spawned.kill('SIGKILL'));
  const commands = (): string[] => spawned.output.filter((line) => line.startsWith('  curl '));
  const what = (): string => JSON.stringify([spawned.lines, spawned.output]);
  await until(
    () => commands().length === 3,
    () => `three commands: ${what()}`,
    20_000,
  );
  return { spawned, commands: commands().map((line) => line.trim()) };
}

t.test('Ctrl-C ends the demo', async (t) => {
  const { spawned } = await startDemo(t);
  spawned.kill('SIGINT');
  t.same(await within(spawned.exited, 'it ends'), { code: 0, signal: null });
  t.match(
    spawned.lines.map(({ level, msg }) => `${level}: ${msg}`),
    ['info: listening', /^info: draining/, /^info: drained/],
  );
  t.match(spawned.output.join('\n'), /\nDraining: nothing is in use; .* seen in 180ms\.\nCtrl-C /);
});

testWith(['curl'], 'what the demo says to try works', async (t) => {
  const { spawned, commands } = await startDemo(t);
  const [events, message, metrics] = commands;
  t.match(events, /^curl -N http:\/\/127\.0\.0\.1:\d+\/events$/);
  // Without a shell between them: what is killed is curl.
  const stream = start('curl', events.split(' ').slice(1));
  const output = outputOf(stream);
  t.teardown(() => void stream.kill('SIGKILL'));
  await until(() => output.stdout === 'data: Welcome.\n\n', 'the stream begins');
  t.match(await run('sh', ['-c', message]), { code: 0, stdout: '' });
  await until(() => output.stdout.endsWith('data: hello\n\n'), 'the message arrives');
  const shown = await run('sh', ['-c', metrics]);
  t.match(shown.stdout, 'tidegate_connections{kind="sse",state="active"} 1\n');

  const begin = performance.now();
  spawned.kill('SIGINT');
  t.same(await within(spawned.exited, 'it ends'), { code: 0, signal: null });
  const took = performance.now() - begin;
  t.ok(took >= WINDOW_MS - 50 && took < 5_000, `the open stream has its time: ${took} ms`);
  t.match(spawned.lines.at(-1), { level: 'info', activeAtEnd: 0, farewell: 1, cut: 0 });
  t.match(
    spawned.output.join('\n'),
    /\nDraining: 1 connection in use may finish within 900ms\.\nCtrl-C again ends it now\.\n/,
  );
  t.equal(await within(output.ended, 'the stream is over'), 0, 'and whole');
  t.match(output.stdout, GOODBYE);
});

t.test('a port that somebody has is a fault, be it the app’s or one of tidegate’s', async (t) => {
  const [port, other] = [await freePort(), await freePort()];
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => void holder.close());
  for (const taken of ['app', 'listen', 'admin']) {
    const flags = Object.entries({ app: other, listen: 0, admin: 0, [taken]: port });
    const { exited, lines, output } = spawnTidegate([
      'demo',
      ...flags.map(([key, at]) => `--${key}=127.0.0.1:${at}`),
    ]);
    t.same(await within(exited, 'it ends'), { code: 1, signal: null });
    t.match(lines, [{ key: taken, value: `127.0.0.1:${port}`, msg: 'a port cannot be opened' }]);
    t.same(output, [], 'and nothing else');
  }
});

testWith(['curl'], 'a stream that ends lets the demo go, a second Ctrl-C too', async (t) => {
  for (const leave of ['the stream ends', 'a second Ctrl-C']) {
    const { spawned, commands } = await startDemo(t, LONG_GRACE);
    const stream = start('curl', commands[0].split(' ').slice(1));
    const output = outputOf(stream);
    await until(() => output.stdout !== '', 'the stream begins');
    spawned.kill('SIGINT');
    await until(() => spawned.lines.length === 2, 'it drains');
    const begin = performance.now();
    if (leave === 'the stream ends') stream.kill();
    else spawned.kill('SIGINT');
    t.same(await within(spawned.exited, 'it ends'), { code: 0, signal: null });
    const tookMs = performance.now() - begin;
    t.ok(tookMs < 5_000, `${leave}: ${tookMs} ms`);
    const code = await within(output.ended, 'the stream is over');
    if (leave === 'the stream ends') {
      t.match(spawned.lines.at(-1), { farewell: 0, finished: 1, cut: 0 });
      continue;
    }
    t.match(spawned.lines.at(-1), { farewell: 1, finished: 0, cut: 0 });
    t.equal(code, 0, 'the stream is whole');
    t.match(output.stdout, GOODBYE);
  }
});

t.test('the app alone answers at its address, and SIGTERM ends it at once', async (t) => {
  const at = `127.0.0.1:${await freePort()}`;
  const spawned = spawnTidegate(['demo', 'app', at]);
  t.teardown(() => spawned.kill('SIGKILL'));
  await until(() => spawned.output.length > 0, 'it listens', 20_000);
  t.same(spawned.output, [`the demo app listens at ${at}`]);
  const events = await fetch(`http://${at}/events`);
  const reader = (events.body as ReadableStream<Uint8Array>).getReader();
  t.match(Buffer.from((await reader.read()).value ?? []).toString(), 'data: Welcome.');
  spawned.kill('SIGTERM');
  t.same(await within(spawned.exited, 'it ends'), { code: 0, signal: null });
  await t.rejects(reader.read(), 'its stream is cut');
});

t.test('the app alone says what is wrong with its address', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => void holder.close());
  const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
  const faults = [
    { words: [taken], code: 1, line: { key: 'demo app', value: taken } },
    { words: ['web'], code: 64, line: { key: 'demo app', value: 'web' } },
    { words: ['1', '2'], code: 64, line: { value: '1 2', reason: 'is more than one address' } },
  ];
  for (const { words, code, line } of faults) {
    const { exited, lines, output } = spawnTidegate(['demo', 'app', ...words]);
    t.same(await within(exited, 'it ends'), { code, signal: null });
    t.match(lines, [{ level: 'error', ...line }]);
    t.same(output, []);
  }
});
