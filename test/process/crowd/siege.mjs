/**
 * A thousand askers of an admin port that are slow or broken, each in one of the ways in `WAYS`.
 * Who is thrown out comes back after a while.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo } from './asked.mjs';

const AGAIN_MS = 10_000;
const DRIP_MS = 1_000;
const SCRAPES = 4;

const counts = { opened: 0, thrownOut: 0 };

/** Each is given a connected socket. */
const WAYS = [
  /** A head that never ends, a byte at a time. */
  (socket) => {
    socket.write('GET /status HTTP/1.1\r\nHost: siege\r\nX-Slow: ');
    const timer = setInterval(() => socket.write('x'), DRIP_MS);
    socket.on('close', () => clearInterval(timer));
  },
  /** Ends its side in the middle of a head, and keeps the other. */
  (socket) => socket.end('GET /met'),
  /** Scrapes, and never reads. */
  (socket) => {
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: siege\r\n\r\n'.repeat(SCRAPES));
  },
  /** A body that never ends. */
  (socket) => {
    socket.write('POST /drain/wait HTTP/1.1\r\nHost: siege\r\nContent-Length: 1000000000\r\n\r\n');
    const timer = setInterval(() => socket.write(Buffer.alloc(100)), DRIP_MS);
    socket.on('close', () => clearInterval(timer));
  },
  /** Garbage. */
  (socket) => socket.write(Buffer.from([0, 255, 13, 10, 22, 3, 1, 0, 200, 1, 13, 10, 13, 10])),
  /** A head that is too long. */
  (socket) => socket.write(`GET /status HTTP/1.1\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`),
  /** Asks, and resets. */
  (socket) => {
    socket.write('GET /connections HTTP/1.1\r\nHost: siege\r\n\r\n');
    setTimeout(() => socket.resetAndDestroy(), DRIP_MS);
  },
  /** Says nothing. */
  () => undefined,
];

async function besiege(port, way) {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('connect', () => {
      counts.opened++;
      way(socket);
    });
    await closed;
    counts.thrownOut++;
    await sleep(AGAIN_MS * (0.5 + Math.random()));
  }
}

answerTo({
  begin: ({ port, count }) => {
    for (let at = 0; at < count; at++) void besiege(port, WAYS[at % WAYS.length]);
    return { ...counts };
  },
  counts: () => ({ ...counts }),
});
