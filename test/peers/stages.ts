/**
 * The moments of a connection at which a side may leave, and the ways in which it may: a pair of
 * joined peers is brought to a stage, then one of them leaves, and the other is watched.
 */
import { type Ends, type Leaving, type Peer } from './peer.js';
import { until } from './until.js';

export type Side = 'client' | 'app';
/** `unread`: the socket is closed with bytes in it that were never read, which resets it too. */
export type Way = 'end' | 'reset' | 'unread';

export interface Stage {
  readonly name: string;
  /** What the sides say before; each part has arrived before the next is sent. */
  readonly said: readonly [by: Side, bytes: string][];
  /** What a side that leaves says in the same breath. */
  readonly last: Readonly<Record<Side, string>>;
  /** A side that has sent its FIN before. */
  readonly ended?: Side;
  /** The side that stays does not read meanwhile, and its way is full. */
  readonly clogged?: true;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const FRAME = '\x81\x05hello';

export const STAGES: readonly Stage[] = [
  { name: 'before a byte is said', said: [], last: { client: '', app: '' } },
  {
    name: 'in a request head',
    said: [['client', 'GET / HTTP/1.1\r\nHo']],
    last: { client: 'st: a\r\n\r', app: 'HTTP/1.1 4' },
  },
  {
    name: 'in a request body',
    said: [['client', POST]],
    last: { client: 'def', app: 'HTTP/1.1 413 Content Too Large\r\n\r\n' },
  },
  {
    name: 'in an answer head',
    said: [
      ['client', GET],
      ['app', 'HTTP/1.1 200 O'],
    ],
    last: { client: GET, app: 'K\r\nContent-Le' },
  },
  {
    name: 'in a counted answer',
    said: [
      ['client', GET],
      ['app', `${HEAD}abc`],
    ],
    last: { client: '', app: 'def' },
  },
  {
    name: 'in a chunked answer',
    said: [
      ['client', GET],
      ['app', CHUNKED],
    ],
    last: { client: GET, app: '3\r\nyou' },
  },
  {
    name: 'between exchanges',
    said: [
      ['client', GET],
      ['app', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ],
    last: { client: '', app: '' },
  },
  {
    name: 'in a WebSocket',
    said: [
      ['client', UPGRADE],
      ['app', SWITCH],
      ['client', FRAME],
      ['app', FRAME],
    ],
    last: { client: FRAME, app: `${FRAME}\x81\x05he` },
  },
  {
    name: "after the client's end",
    said: [
      ['client', GET],
      ['app', `${HEAD}abc`],
    ],
    last: { client: '', app: 'def' },
    ended: 'client',
  },
  {
    name: "after the app's end",
    said: [
      ['client', POST],
      ['app', HEAD],
    ],
    last: { client: 'def', app: '' },
    ended: 'app',
  },
  {
    name: 'while the other side does not read',
    said: [['client', 'raw']],
    last: { client: 'and more', app: 'and more' },
    clogged: true,
  },
];

/** Enough to be in more sockets' buffers than there are on the way. */
const MUCH = Buffer.alloc(1_048_576, 'x');
const CLOG_BYTES_MAX = 64 * MUCH.length;

export interface Leave {
  readonly leaver: Side;
  readonly way: Way;
  /** Right behind its last bytes, which may never arrive then. */
  readonly inOneBreath: boolean;
}

/** Brings a pair to the stage, up to the leaver's last breath. */
export async function reach(stage: Stage, ends: Ends, { leaver, way }: Leave): Promise<void> {
  const stays = other(ends, leaver);
  const got = { client: 0, app: 0 };
  for (const [by, bytes] of stage.said) {
    ends[by].send(bytes);
    got[by] += bytes.length;
    await other(ends, by).got(got[by]);
  }
  if (stage.ended === leaver) {
    ends[leaver].end();
    await stays.ended();
  }
  if (way === 'unread') await leaveUnread(ends[leaver], stays);
  if (stage.ended !== undefined && stage.ended !== leaver) {
    stays.end();
    if (way !== 'unread') await ends[leaver].ended();
  }
  if (stage.clogged === true) await clog(ends[leaver], stays);
}

export function other(ends: Ends, side: Side): Peer {
  return side === 'client' ? ends.app : ends.client;
}

/** `from` sends until nothing moves any more, because `to` does not read. */
async function clog(from: Peer, to: Peer): Promise<void> {
  to.pause();
  for (let sent = 0; from.socket.writableLength < MUCH.length; sent += MUCH.length) {
    if (sent > CLOG_BYTES_MAX) throw new Error('it is never full');
    from.send(MUCH);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Sees to it that there are bytes in the peer's socket that it has not read. */
async function leaveUnread(peer: Peer, sender: Peer): Promise<void> {
  const { socket } = peer;
  peer.pause();
  sender.send(MUCH);
  const isFull = (): boolean => socket.readableLength >= socket.readableHighWaterMark;
  await until(isFull, 'its own buffer is full');
  // What comes from now on stays in the system's.
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The leaver leaves; resolves with what the side that stays sees of it. */
export async function leave(
  stage: Stage,
  ends: Ends,
  { leaver, way, inOneBreath }: Leave,
): Promise<Leaving> {
  const peer = ends[leaver];
  const stays = other(ends, leaver);
  const hadEnded = stage.ended === leaver;
  if (!hadEnded) peer.send(stage.last[leaver]);
  if (!inOneBreath) await new Promise((resolve) => setTimeout(resolve, 5));
  if (way === 'end') peer.end();
  else if (way === 'reset') peer.reset();
  else peer.destroy();
  stays.resume();
  if (hadEnded && way !== 'end') await nudge(stays);
  return stays.left();
}

/** Who has seen an end already hears of a reset only when it speaks. */
async function nudge(stays: Peer): Promise<void> {
  for (let times = 0; times < 1_000 && stays.leaving === 'end'; times++) {
    stays.send('x');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
