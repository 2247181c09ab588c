/**
 * An app in a process of its own, for crowds: it answers, holds answers back until told, and takes
 * WebSockets, whose short frames it sends back. It ends when the test that started it does.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { answerTo } from './asked.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BACKLOG = 4_096;
const FRAME_HEAD_BYTES = 6;

/** Answers that wait for `release`. */
const held = [];
/** WebSockets that are open. */
const sockets = new Set();

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://crowd');
  if (pathname === '/hold') held.push({ response, bytes: Number(searchParams.get('bytes')) });
  else response.end('answered\n');
});

server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'];
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  socket.on('end', () => socket.end());
  socket.on('data', echo);
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
});

/** One short frame a chunk, masked with zeros: the clients wait for each before the next. */
function echo(chunk) {
  const length = chunk[1] & 0x7f;
  this.write(Buffer.concat([Buffer.from([chunk[0], length]), chunk.subarray(FRAME_HEAD_BYTES)]));
}

answerTo({
  listen: () =>
    new Promise((resolve) => {
      const at = { host: '127.0.0.1', port: 0, backlog: BACKLOG };
      server.listen(at, () => resolve({ port: server.address().port }));
    }),
  held: () => ({ held: held.length, sockets: sockets.size }),
  /** Answers the `count` oldest of those that wait. */
  release: ({ count = Infinity }) => {
    const released = held.splice(0, count);
    for (const { response, bytes } of released) response.end(Buffer.alloc(bytes, 'x'));
    return { released: released.length };
  },
  /** Takes no more connections; those that are there go on. */
  close: () => {
    server.close();
    return {};
  },
});
