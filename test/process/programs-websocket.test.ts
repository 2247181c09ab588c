/**
 * WebSockets through tidegate between two libraries, in both directions: compressed messages,
 * messages in pieces and of megabytes, pings and close codes.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { testWith } from '../peers/programs.js';
import { freePort, inFrontOf, leavesNothing, run, serve } from '../peers/running.js';
import type { Tidegate } from '../peers/tidegate.js';
import { within } from '../peers/until.js';

const PYTHON_PEER = fileURLToPath(new URL('python/websocket.py', import.meta.url));
const PIECES = ['one ', 'two ', 'three'];
const CLOSE_AS_ASKED = 4001;

/** An echo made of the `ws` package, which closes when told so; returns its port. */
async function serveEcho(t: Test, compress: boolean): Promise<number> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: compress ? { threshold: 0 } : false,
  });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary) => {
      if (data.toString() === 'close') socket.close(CLOSE_AS_ASKED, 'as asked');
      else socket.send(data, { binary: isBinary });
    });
  });
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Says `message` in one or more pieces; resolves with what came back. */
async function echoOf(socket: WebSocket, ...pieces: (string | Buffer)[]): Promise<Buffer> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  pieces.forEach((piece, at) => {
    const binary = typeof piece !== 'string';
    socket.send(piece, { binary, fin: at === pieces.length - 1, compress: true });
  });
  return (await within(answer, 'the echo arrives', 20_000))[0];
}

/** Everything that `ws` can do to an echo; leaves the socket closed as asked. */
async function converse(t: Test, tidegate: Tidegate, extensions: string): Promise<void> {
  const { host, port } = tidegate.listen;
  const socket = new WebSocket(`ws://${host}:${port}/`, { perMessageDeflate: { threshold: 0 } });
  await within(once(socket, 'open'), 'the socket opens');
  t.equal(socket.extensions, extensions, 'what both sides agreed on');
  const text = 'grüße '.repeat(1_000);
  t.equal((await echoOf(socket, text)).toString(), text);
  const large = randomBytes(5_000_000);
  t.ok((await echoOf(socket, large)).equals(large), '5 MB of noise');
  t.equal((await echoOf(socket, ...PIECES)).toString(), PIECES.join(''));
  t.equal((await echoOf(socket, '')).length, 0);
  const pong = once(socket, 'pong') as Promise<[Buffer]>;
  socket.ping('are you there');
  t.equal((await within(pong, 'the pong arrives'))[0].toString(), 'are you there');
  const metrics = await tidegate.metrics();
  t.equal(metrics.open({ kind: 'websocket', state: 'active' }), 1, 'it is known as a WebSocket');
  t.equal(metrics.value('tidegate_requests_in_flight'), 0, 'and is no request any more');
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  socket.send('close');
  const [code, reason] = await within(closed, 'the socket closes');
  t.same([code, reason.toString()], [CLOSE_AS_ASKED, 'as asked']);
}

for (const compress of [true, false]) {
  void t.test(`ws speaks to ws, ${compress ? '' : 'not '}compressed`, async (t) => {
    await inFrontOf(t, await serveEcho(t, compress), async (tidegate) => {
      await converse(t, tidegate, compress ? 'permessage-deflate' : '');
      await leavesNothing(t, tidegate);
    });
  });
}

testWith(['python3 -m websockets'], "ws speaks to Python's websockets", async (t, programs) => {
  const port = await freePort();
  const args = [PYTHON_PEER, 'serve', String(port)];
  await serve(t, programs['python3 -m websockets'], args, port);
  await inFrontOf(t, port, async (tidegate) => {
    await converse(t, tidegate, 'permessage-deflate');
    await leavesNothing(t, tidegate);
  });
});

testWith(['python3 -m websockets'], "Python's websockets speaks to ws", async (t, programs) => {
  await inFrontOf(t, await serveEcho(t, true), async (tidegate) => {
    const url = `ws://127.0.0.1:${tidegate.listen.port}/`;
    const said = await run(programs['python3 -m websockets'], [PYTHON_PEER, 'ask', url]);
    t.equal(said.code, 0, said.stderr);
    t.same(JSON.parse(said.stdout), {
      extensions: ['permessage-deflate'],
      ...{ text: true, large: true, pieces: true, pong: true },
      close: [CLOSE_AS_ASKED, 'as asked'],
    });
    await leavesNothing(t, tidegate);
  });
});
