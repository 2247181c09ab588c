/**
 * Where the commands come to nothing: nobody answers, somebody else does, the words make no sense,
 * or whoever reads has gone. Always with a sentence that says what to do, and a code of its own.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { freePort, outputOf, type Ran, run, start } from '../peers/running.js';
import { BUNDLE, NODE, startTidegate } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';

/** Most of it is waiting. */
t.jobs = 4;

const command = (line: string): Promise<Ran> => run(NODE, [BUNDLE, ...line.split(' ')]);

t.test('what makes no sense is told at once, with exit code 2', async (t) => {
  const { code, stdout, stderr } = await command(
    'status --admin nowhere -o xml --watch=yes --recall --colour=blue now',
  );
  t.same([code, stdout], [2, '']);
  t.same(stderr.split('\n').sort(), [
    '',
    '--admin "nowhere": is not PORT or HOST:PORT with a port from 0 to 65535',
    '--colour "blue": is no option of status',
    '--recall "": is no option of status',
    '--watch "yes": takes no value',
    '-o "xml": is not one of table, json',
    'See tidegate status --help.',
    // It stands behind a switch that has its value attached.
    'now "": is not expected here',
  ]);
  const wait = await command('wait --timeout 5 --timeout 6s -x');
  t.equal(wait.code, 2);
  t.match(wait.stderr, '--timeout "5": needs a unit');
  t.match(wait.stderr, '--timeout "6s": is given twice\n-x "": is no option of wait\n');
});

t.test('--help tells the options and the exit codes of each command', async (t) => {
  for (const name of ['status', 'drain', 'wait']) {
    const { code, stdout, stderr } = await command(`${name} --nonsense --help`);
    t.same([code, stderr], [0, '']);
    t.ok(stdout.startsWith(`Usage: tidegate ${name} [OPTION...]\n`));
    t.match(stdout, /\nExit codes: 0 .* 3 [^]*\b2 usage\.\n$/);
    t.notMatch(stdout, /.{81}/);
  }
});

t.test('a port on which nobody listens is not safe to delete', async (t) => {
  const port = await freePort();
  for (const line of ['status', 'status -w', 'drain', 'drain --wait', 'wait', 'wait -o json']) {
    const { code, stdout, stderr } = await command(`${line} --admin ${port}`);
    t.same([code, stdout], [1, ''], line);
    t.match(
      stderr,
      new RegExp(`^tidegate \\w+: nothing listens on 127.0.0.1:${port}; start it, or .*\n$`),
    );
  }
  const { code, stderr } = await command('status --admin nowhere.invalid:9180');
  t.equal(code, 1);
  t.match(stderr, 'nowhere.invalid:9180 has a host that is not found\n');
});

/** Somebody else on a port; returns the port. */
async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const speaks = (act: (socket: Socket) => void): Server =>
  createServer((socket) => void socket.once('data', () => act(socket)));
const answers = (listener: RequestListener): Server => createHttpServer(listener);

const OTHERS: Readonly<Record<string, readonly [Server, RegExp]>> = {
  garbage: [
    speaks((socket) => socket.end('\0\x01hello\r\n')),
    /answers with something else than HTTP: that is no admin port of tidegate/,
  ],
  HTML: [
    answers((_, response) => response.end('<!doctype html>')),
    /answers 200 with something else than JSON: that is no admin port of tidegate/,
  ],
  'a redirect': [
    answers((_, response) => response.writeHead(302, { location: '/login' }).end()),
    /answers 302 with something else than JSON/,
  ],
  'another JSON': [
    answers((_, response) => response.end('{"status":"ok"}')),
    /answers 200 in another form: that is no admin port/,
  ],
  'another error': [
    answers((_, response) => response.writeHead(404).end('{"error":"gone","reason":"no page"}')),
    /refuses \(404 gone\): no page/,
  ],
  'too much': [
    answers((_, response) => response.end(`"${'x'.repeat(2_000_000)}"`)),
    /answers with more than 1 MiB: that is no admin port/,
  ],
  'an end': [speaks((socket) => socket.end()), /closes the connection without an answer/],
  'a reset': [speaks((socket) => socket.resetAndDestroy()), /closes the connection without/],
  'half an answer': [
    speaks((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{')),
    /closes the connection without an answer/,
  ],
  'an upgrade': [
    speaks((socket) =>
      socket.write('HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ),
    /closes the connection without an answer/,
  ],
  silence: [speaks(() => undefined), /does not answer within 5s/],
  'a head alone': [
    speaks((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')),
    /does not answer within 5s/,
  ],
};

t.test('somebody else on the port is told, and is not safe to delete', async (t) => {
  await Promise.all(
    Object.entries(OTHERS).map(async ([name, [server, sentence]]) => {
      const port = await listen(t, server);
      const { code, stdout, stderr } = await command(`status --admin ${port}`);
      t.same([code, stdout], [1, ''], name);
      t.match(stderr, /^tidegate status: 127\.0\.0\.1:\d+ .*\n$/, name);
      t.match(stderr, sentence, name);
    }),
  );
});

t.test('what is told cannot move the cursor', async (t) => {
  const error = JSON.stringify({ error: '\x1b[2J', reason: 'a\r\nb' });
  const port = await listen(
    t,
    answers((_, response) => response.writeHead(500).end(error)),
  );
  const { stderr } = await run(NODE, [BUNDLE, 'wait', `--admin=${port}`]);
  t.match(
    Buffer.from(stderr, 'latin1').toString(),
    'refuses (500 \u{FFFD}[2J): a\u{FFFD}\u{FFFD}b',
  );
});

t.test('wait forgives a moment, and tells for how long nobody has answered', async (t) => {
  const tidegate = await startTidegate({ app: { port: await freePort() } });
  const child = start(NODE, [BUNDLE, 'wait', `--admin=${tidegate.admin.port}`]);
  const output = outputOf(child);
  await until(() => output.stdout !== '', 'it waits');
  t.match(output.stdout, 'not safe to delete: the app has not answered yet\n');
  await tidegate.stop();
  t.equal(await within(output.ended, 'it gives up', 20_000), 1);
  const [again, ...rest] = output.stderr.trimEnd().split('\n');
  t.match(again, /^tidegate wait: nothing listens on .*; trying again$/);
  t.same([rest.length, rest.at(-1)], [3, again.replace('; trying again', '')]);
});

t.test('a watch ends with Ctrl-C, and without a word when nobody reads it', async (t) => {
  const app = await listen(t, createServer());
  const flags = ['--grace-period=10m', '--settle-min=60s', '--settle-max=60s'];
  const tidegate = await startTidegate({ app: { port: app }, flags });
  t.teardown(() => tidegate.kill('SIGKILL'));
  const admin = `127.0.0.1:${tidegate.admin.port}`;
  // Each change makes a watch write, which is when it hears that nobody reads.
  for (const [method, form] of [
    ['POST', 'table'],
    ['DELETE', 'json'],
  ]) {
    const watch = ['status', '--watch', `--output=${form}`, `--admin=${admin}`];
    const child = start(NODE, [BUNDLE, ...watch]);
    const output = outputOf(child);
    await until(() => output.stdout !== '', 'it watches');
    child.kill('SIGINT');
    await within(output.ended, 'it ends');
    t.same([child.signalCode, output.stderr], ['SIGINT', ''], 'as its shell expects');

    const unread = start(NODE, [BUNDLE, ...watch]);
    await once(unread.stdout, 'data');
    let complaint = '';
    unread.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    unread.stdout.destroy();
    const exited = once(unread, 'close');
    t.equal((await fetch(`http://${admin}/drain`, { method })).status, 202);
    t.same(await within(exited, 'it ends'), [1, null]);
    t.equal(complaint, '');
  }
});
