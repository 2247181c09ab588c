/**
 * Clients in a process of their own: thousands of WebSockets as raw sockets, and requests that wait
 * for their answer. It knows of each how it ended, and measures how long an echo takes. A WebSocket
 * that is told to close answers so, and ends when the other side does.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo } from './asked.mjs';

const AT_ONCE = 200;
const OPEN_MS_MAX = 30_000;
const UPGRADE =
  'GET /socket HTTP/1.1\r\nHost: crowd\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const HEAD_END = '\r\n\r\n';
/** A masked binary frame (RFC 6455 5.2) of four bytes, its mask zero. */
const FRAME = Buffer.from([0x82, 0x84, 0, 0, 0, 0, 1, 2, 3, 4]);
const ECHO_BYTES = 6;
/** The server's Close frame begins so: final, unmasked, with a code. */
const CLOSE = 0x88;
const CLOSE_BYTES = 4;

/** Open WebSockets, oldest first. */
const open = new Set();
const ended = { byReset: 0, byEnd: 0, refused: 0 };
/** By the Close frames that came: how many had which code, and when each came; wall time, ms. */
const closes = { codes: {}, atMs: [], endedAtMs: 0 };
/** Requests whose answers are not read. */
const paused = [];
const requests = { asked: 0, whole: 0, cut: 0 };

/** One WebSocket; resolves once it is open. */
function upgrade(port, { halfOpen = false, deaf = false }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: halfOpen, noDelay: true });
    let isOpen = false;
    let failed = false;
    socket.on('error', () => (failed = true));
    socket.on('end', () => isOpen && ended.byEnd++);
    socket.on('close', () => {
      closes.endedAtMs = Date.now();
      socket.echoed?.();
      if (isOpen && failed) ended.byReset++;
      if (!isOpen) ended.refused++;
      if (!isOpen) reject(new Error('no WebSocket'));
      open.delete(socket);
    });
    socket.on('data', (chunk) => {
      if (isOpen && chunk.at(-CLOSE_BYTES) === CLOSE) return closed(socket, chunk, deaf);
      if (isOpen) return socket.echoed?.(chunk);
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 101 ')) return socket.destroy();
      isOpen = true;
      open.add(socket);
      resolve(socket);
    });
    socket.write(UPGRADE);
  });
}

/** Told to close: answers with the same code (RFC 6455 5.5.1), its mask zero. */
function closed(socket, chunk, deaf) {
  const code = chunk.readUInt16BE(chunk.length - 2);
  closes.codes[code] = (closes.codes[code] ?? 0) + 1;
  closes.atMs.push(performance.timeOrigin + performance.now());
  socket.echoed?.();
  if (!deaf) socket.write(Buffer.from([CLOSE, 0x82, 0, 0, 0, 0, ...chunk.subarray(-2)]));
}

/** The most of `times`, which are sorted, within any one second. */
function fullestSecond(times) {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to] - times[from] >= 1_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** Does `act` `count` times, a few at once. */
async function manyTimes(count, act) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
}

/** A request whose answer has `bytes`; nothing of it is read before `read` is asked. */
function hold(port, bytes, unread) {
  requests.asked++;
  const socket = connect({ port, host: '127.0.0.1' });
  let said = '';
  let left;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    if (left === undefined) {
      said += chunk.toString('latin1');
      const end = said.indexOf(HEAD_END);
      if (end === -1) return;
      left = said.startsWith('HTTP/1.1 200 ') ? bytes - (said.length - end - HEAD_END.length) : NaN;
    } else left -= chunk.length;
    if (left === 0) requests.whole++;
  });
  socket.on('close', () => left === 0 || requests.cut++);
  if (unread) pauseUntilRead(socket);
  socket.write(`GET /hold?bytes=${bytes} HTTP/1.1\r\nHost: crowd${HEAD_END}`);
}

function pauseUntilRead(socket) {
  socket.pause();
  paused.push(socket);
}

/** Echoes a frame on a socket every so often, until the time is up; nanoseconds each. */
async function echoOn(socket, everyMs, endMs, samples) {
  await sleep(Math.random() * everyMs);
  while (performance.now() < endMs && !socket.destroyed) {
    // No chunk: it has closed.
    const from = process.hrtime.bigint();
    await new Promise((resolve) => {
      let bytes = 0;
      socket.echoed = (chunk) => {
        bytes += chunk?.length ?? ECHO_BYTES;
        if (bytes >= ECHO_BYTES) resolve();
      };
      socket.write(FRAME);
    });
    if (!socket.destroyed) samples.push(Number(process.hrtime.bigint() - from));
    await sleep(everyMs);
  }
}

const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

answerTo({
  /** `deaf`: they do not answer a Close. */
  open: async ({ port, count, ...manner }) => {
    const late = setTimeout(() => process.exit(1), OPEN_MS_MAX);
    await manyTimes(count, () => upgrade(port, manner));
    clearTimeout(late);
    return { open: open.size };
  },
  tally: () => ({ open: open.size, ...ended }),
  closes: () => {
    const { codes, atMs, endedAtMs } = closes;
    const [firstAtMs, lastAtMs] = [atMs[0], atMs.at(-1)];
    return {
      ...codes,
      all: atMs.length,
      firstAtMs,
      lastAtMs,
      endedAtMs,
      fullest: fullestSecond(atMs),
    };
  },
  /** The `count` oldest leave in order. */
  leave: ({ count }) => {
    for (const socket of [...open].slice(0, count)) {
      open.delete(socket);
      socket.end();
    }
    return { open: open.size };
  },
  hold: ({ port, count, bytes = 10, unread = false }) => {
    for (let left = count; left > 0; left--) hold(port, bytes, unread);
    return { ...requests };
  },
  read: () => {
    for (const socket of paused.splice(0)) socket.resume();
    return { ...requests };
  },
  requests: () => ({ ...requests }),
  /** The first `count` sockets echo; in microseconds, how long that takes. */
  echo: async ({ count, everyMs, forMs }) => {
    const samples = [];
    const endMs = performance.now() + forMs;
    const sockets = [...open].slice(0, count);
    await Promise.all(sockets.map((socket) => echoOn(socket, everyMs, endMs, samples)));
    const sorted = samples.map((ns) => ns / 1_000).sort((one, other) => one - other);
    const [p50, p99, max] = [at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1)];
    return { samples: sorted.length, p50, p99, max };
  },
});
