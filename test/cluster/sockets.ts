/**
 * Thousands of WebSockets to one pod from another, in one lean process: they are opened, echo a
 * message each when they are told to, answer a Close, and otherwise do nothing but tell how many are
 * left.
 */
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { environment } from './cluster.js';
import { NODE } from './manifest.js';
import type { Namespace } from './namespace.js';

const OPEN_MS_MAX = 60_000;
const ECHO_MS_MAX = 30_000;
const MESSAGE_BYTES = 64;

export interface SocketCounts {
  readonly open: number;
  readonly echoed: number;
  /** By a FIN, with or without a Close frame, and by a reset. */
  readonly ended: number;
  readonly reset: number;
  /** By a Close frame with 1001. */
  readonly goneAway: number;
  /** The time of day, in milliseconds; 0 before there was one. */
  readonly firstEndMs: number;
  readonly lastEndMs: number;
}

export interface Sockets {
  /** Of a moment ago. */
  readonly counts: SocketCounts;
  /** Each sends a message and gets it back. */
  echo(): Promise<void>;
  /** None is open any more. */
  over(timeoutMs: number): Promise<void>;
}

/** Runs in the pod `load`: a line of JSON whenever something has changed. */
const HOLDER = `
  import { connect } from 'node:net';
  const [target, count] = process.argv.slice(1);
  const [host, port] = target.split(':');
  const HEAD = 'GET / HTTP/1.1\\r\\nHost: ' + target + '\\r\\nUpgrade: websocket\\r\\n' +
    'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n';
  // A final text frame, its mask all zero.
  const MESSAGE = Buffer.concat([Buffer.from([0x81, 0x80 | ${MESSAGE_BYTES}, 0, 0, 0, 0]),
    Buffer.alloc(${MESSAGE_BYTES}, 'm')]);
  const GOING_AWAY = Buffer.from([0x88, 2, 1001 >> 8, 1001 & 0xff]);
  const REPLY = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 1001 >> 8, 1001 & 0xff]);
  const sockets = new Set();
  const counts =
    { open: 0, echoed: 0, ended: 0, reset: 0, goneAway: 0, firstEndMs: 0, lastEndMs: 0 };
  let begun = 0;
  function begin() {
    if (begun++ >= Number(count)) return;
    const socket = connect(Number(port), host);
    let due = 0;
    let isOpen = false;
    let isReset = false;
    socket.on('data', (bytes) => {
      if (!isOpen) {
        isOpen = true;
        counts.open++;
        sockets.add(socket);
        begin();
      } else if (bytes.subarray(-4).equals(GOING_AWAY)) {
        counts.goneAway++;
        socket.write(REPLY);
      } else if (due > 0 && (due -= bytes.length) <= 0) counts.echoed++;
    });
    socket.on('say', () => {
      due = MESSAGE.length - 4;
      socket.write(MESSAGE);
    });
    socket.on('error', () => (isReset = true));
    socket.on('close', () => {
      if (isOpen) counts.open--;
      sockets.delete(socket);
      counts[isReset ? 'reset' : 'ended']++;
      counts.lastEndMs = Date.now();
      counts.firstEndMs ||= counts.lastEndMs;
    });
    socket.write(HEAD);
  }
  for (let lane = 0; lane < 64; lane++) begin();
  process.stdin.on('data', async () => {
    let number = 0;
    for (const socket of [...sockets]) {
      socket.emit('say');
      if (++number % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  let said = '';
  setInterval(() => {
    const line = JSON.stringify(counts);
    if (line !== said) console.log(said = line);
  }, 100);
`;

/** Opens `count` WebSockets to `target` (HOST:PORT) from the pod `load`; resolves once all are open. */
export async function openSockets(
  t: Test,
  namespace: Namespace,
  target: string,
  count: number,
): Promise<Sockets> {
  const script = ['--input-type=module', '-e', HOLDER, '--', target, String(count)];
  const [program, ...args] = namespace.command('exec', '-i', 'load', '--', NODE, ...script);
  const child = start(program, args, { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  let counts: SocketCounts = {
    open: 0,
    echoed: 0,
    ended: 0,
    reset: 0,
    goneAway: 0,
    firstEndMs: 0,
    lastEndMs: 0,
  };
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  createInterface(child.stdout).on('line', (line) => (counts = JSON.parse(line) as SocketCounts));
  const reach = (holds: () => boolean, timeoutMs: number): Promise<void> =>
    until(holds, () => `${count} WebSockets: ${JSON.stringify(counts)} ${complaint}`, timeoutMs);
  await reach(() => counts.open === count, OPEN_MS_MAX);
  return {
    get counts() {
      return counts;
    },
    echo: () => {
      child.stdin.write('echo\n');
      return reach(() => counts.echoed === count, ECHO_MS_MAX);
    },
    over: (timeoutMs) => reach(() => counts.open === 0, timeoutMs),
  };
}
