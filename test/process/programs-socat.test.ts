/**
 * Raw TCP through tidegate by socat and two netcats: either side may speak first, and an end in
 * one direction leaves the other one open.
 */
import { createHash, randomBytes } from 'node:crypto';
import { testWith } from '../peers/programs.js';
import { freePort, inFrontOf, outputOf, run, serve, start } from '../peers/running.js';
import { until } from '../peers/until.js';

const MANY = randomBytes(10_000_000);
const sha256 = (bytes: Buffer | string): string =>
  createHash('sha256').update(bytes.toString('latin1'), 'latin1').digest('hex');

/** A server of socat that gives each connection to a shell command. */
const serverOf = (port: number, command: string): string[] => [
  `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`,
  `SYSTEM:${command}`,
];

testWith(['socat'], 'who has sent an end still gets the answer', async (t, { socat }) => {
  const port = await freePort();
  // sha256sum says nothing before its input has ended.
  await serve(t, socat, serverOf(port, 'sha256sum'), port);
  await inFrontOf(t, port, async (tidegate) => {
    const to = `TCP:127.0.0.1:${tidegate.listen.port}`;
    const { stdout } = await run(socat, ['-t', '10', '-', to], { input: MANY });
    t.match(stdout, sha256(MANY));
    const metrics = await tidegate.idle();
    t.ok(metrics.value('tidegate_received_bytes_total') >= MANY.length);
  });
});

testWith(['socat'], 'a server may speak first', async (t, { socat }) => {
  const port = await freePort();
  await serve(t, socat, serverOf(port, 'echo ready; cat; echo ended'), port);
  await inFrontOf(t, port, async (tidegate) => {
    const to = `TCP:127.0.0.1:${tidegate.listen.port}`;
    const client = start(socat, ['-t', '10', '-', to]);
    const output = outputOf(client);
    await until(() => output.stdout === 'ready\n', 'the server speaks first');
    client.stdin.write('one\n');
    await until(() => output.stdout === 'ready\none\n', 'the echo arrives');
    t.equal((await tidegate.metrics()).open({ kind: 'tcp', state: 'active' }), 1);
    client.stdin.end('two\n');
    t.equal(await output.ended, 0);
    t.equal(output.stdout, 'ready\none\ntwo\nended\n');
    await tidegate.idle();
  });
});

testWith(
  ['nc.openbsd', 'socat'],
  'an end of the server leaves the client its voice',
  async (t, p) => {
    const port = await freePort();
    // -N: half-closes at the end of its input. It takes one connection, so none is spent on asking.
    const server = start(p['nc.openbsd'], ['-v', '-N', '-l', '127.0.0.1', String(port)]);
    const atServer = outputOf(server);
    await until(() => atServer.stderr.includes('Listening'), 'the server listens');
    await inFrontOf(t, port, async (tidegate) => {
      server.stdin.end('bye\n');
      const to = `TCP:127.0.0.1:${tidegate.listen.port}`;
      const client = start(p.socat, ['-d', '-d', '-t', '10', '-', to]);
      const atClient = outputOf(client);
      const ended = (): boolean => /socket 2 \(fd \d+\) is at EOF/.test(atClient.stderr);
      await until(ended, () => `the client is told of the end: ${atClient.stderr}`);
      t.equal(atClient.stdout, 'bye\n');
      client.stdin.end(MANY);
      t.equal(await atServer.ended, 0);
      t.equal(sha256(atServer.stdout), sha256(MANY));
      t.equal(await atClient.ended, 0);
      await tidegate.idle();
    });
  },
);

testWith(['nc.openbsd', 'ncat'], 'one netcat speaks to another', async (t, programs) => {
  const port = await freePort();
  const listen = ['--listen', '--keep-open', '127.0.0.1', String(port)];
  const server = await serve(t, programs.ncat, listen, port);
  const atServer = outputOf(server);
  await inFrontOf(t, port, async (tidegate) => {
    // -N: half-closes at the end of its input.
    const to = ['-N', '127.0.0.1', String(tidegate.listen.port)];
    const client = start(programs['nc.openbsd'], to);
    const atClient = outputOf(client);
    client.stdin.write(MANY);
    const arrived = (): boolean => atServer.stdout.length === MANY.length;
    await until(arrived, () => `${atServer.stdout.length} bytes arrive`);
    t.equal(sha256(atServer.stdout), sha256(MANY));
    server.stdin.write(MANY);
    const answered = (): boolean => atClient.stdout.length === MANY.length;
    await until(answered, () => `${atClient.stdout.length} bytes come back`);
    t.equal(sha256(atClient.stdout), sha256(MANY));
    client.stdin.end();
    t.equal(await atClient.ended, 0);
    await tidegate.idle();
  });
});
