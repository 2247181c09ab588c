/**
 * redis-cli speaks to a redis-server through tidegate: one command at a time, ten thousand without
 * waiting, messages that come unasked, and values of 10 MB.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { testWith } from '../peers/programs.js';
import { folderFor, freePort, inFrontOf, outputOf, run, serve, start } from '../peers/running.js';
import { until } from '../peers/until.js';

const PIPED = 10_000;
const VALUE_BYTES = 10_000_000;

/** Starts a redis-server that keeps nothing; returns its port. */
async function serveRedis(t: Test, redisServer: string): Promise<number> {
  const port = await freePort();
  const settings = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'];
  await serve(t, redisServer, ['--port', String(port), '--dir', folderFor(t), ...settings], port);
  return port;
}

testWith(['redis-server', 'redis-cli'], 'redis answers redis-cli', async (t, programs) => {
  const port = await serveRedis(t, programs['redis-server']);
  await inFrontOf(t, port, async (tidegate) => {
    const to = ['-p', String(tidegate.listen.port)];
    const cli = async (args: readonly string[], input?: Buffer | string): Promise<string> => {
      const { code, stdout, stderr } = await run(programs['redis-cli'], [...to, ...args], {
        ...(input === undefined ? {} : { input }),
      });
      t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    t.equal(await cli(['SET', 'key', 'value']), 'OK\n');
    t.equal(await cli(['GET', 'key']), 'value\n');
    t.match(await cli(['NONSENSE']), /^ERR unknown command/);

    const commands = Array.from({ length: PIPED }, (_, n) => `SET piped:${n} ${n * n}\r\n`);
    t.match(await cli(['--pipe'], commands.join('')), `errors: 0, replies: ${PIPED}\n`);
    t.equal(await cli(['GET', 'piped:9999']), `${9_999 * 9_999}\n`);
    t.equal(await cli(['DBSIZE']), `${PIPED + 1}\n`);

    const value = randomBytes(VALUE_BYTES);
    t.equal(await cli(['-x', 'SET', 'large'], value), 'OK\n');
    const got = (await cli(['GET', 'large'])).slice(0, VALUE_BYTES);
    const sum = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
    t.equal(sum(Buffer.from(got, 'latin1')), sum(value));
    await tidegate.idle();
  });
});

testWith(['redis-server', 'redis-cli'], 'redis sends what it was not asked for', async (t, p) => {
  const port = await serveRedis(t, p['redis-server']);
  await inFrontOf(t, port, async (tidegate) => {
    const to = ['-p', String(tidegate.listen.port)];
    const subscriber = start(p['redis-cli'], [...to, 'SUBSCRIBE', 'news']);
    const output = outputOf(subscriber);
    await until(() => output.stdout.startsWith('subscribe\nnews\n1\n'), 'it subscribes');
    t.equal((await tidegate.metrics()).open({ kind: 'tcp', state: 'active' }), 1);
    for (let message = 0; message < 3; message++) {
      const said = await run(p['redis-cli'], [...to, 'PUBLISH', 'news', `message ${message}`]);
      t.equal(said.stdout, '1\n');
      const expected = `message\nnews\nmessage ${message}\n`;
      await until(() => output.stdout.endsWith(expected), `${expected} arrives`);
    }
    subscriber.kill();
    await output.ended;
    await tidegate.idle();
  });
});
