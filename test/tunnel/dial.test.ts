/**
 * The app is dialled again while it starts, for as long as the setting says and not longer; its
 * clients wait meanwhile, bounded, and whoever leaves takes everything along. Time is driven by
 * hand, the sockets are real.
 */
import t, { type Test } from 'tap';
import type { Policy } from '../../src/tunnel/policy.js';
import { type Carrier, openCarrier, turnsUntil } from '../peers/carrier.js';
import { type At, Peer, RawApp, freePort } from '../peers/peer.js';
import { until } from '../peers/until.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const RETRIES_MS = [20, 40, 80, 160, 320, 500, 500, 500];

interface Absent {
  readonly carrier: Carrier;
  readonly appAt: At;
  /** A client whose first dial has failed. */
  readonly client: Peer;
}

/** A carrier without an app, and a client that has sent `first`. */
async function withoutApp(t: Test, first = '', policy: Partial<Policy> = {}): Promise<Absent> {
  const appAt = { host: '127.0.0.1', port: await freePort() };
  const { carrier } = await openCarrier(t, { appAt, policy });
  const client = await Peer.connect(carrier.at);
  if (first !== '') client.send(first);
  await failures(carrier, 1);
  const { client: socket } = await carrier.tunnel();
  await until(() => socket.readableLength === first.length, 'the first bytes wait');
  return { carrier, appAt, client };
}

async function failures(carrier: Carrier, count: number): Promise<void> {
  const { tracker } = carrier;
  await turnsUntil(() => tracker.appConnectErrors >= count, `${count} dials fail`);
}

/** Lets `untilMs` pass since the first dial; the app stays away. */
async function pass({ carrier }: Absent, untilMs: number): Promise<void> {
  const limitMs = carrier.policy.appConnectTimeoutMs;
  let dueMs = 0;
  for (let dials = 1; dueMs < limitMs; dials++) {
    dueMs = Math.min(dueMs + (RETRIES_MS[dials - 1] ?? 500), limitMs);
    if (dueMs > untilMs) break;
    carrier.clock.advance(Math.max(0, dueMs - carrier.clock.now()));
    await failures(carrier, dials + 1);
  }
  carrier.clock.advance(untilMs - carrier.clock.now());
}

t.test(
  'an app that refuses is dialled again after 20 ms, then twice as long, up to 500',
  async (t) => {
    const { carrier } = await withoutApp(t);
    for (const [at, delayMs] of RETRIES_MS.entries()) {
      carrier.clock.advance(delayMs - 1);
      t.equal(carrier.tracker.appConnectErrors, at + 1);
      t.equal(carrier.clock.pending, 1);
      carrier.clock.advance(1);
      await failures(carrier, at + 2);
    }
    t.same(carrier.about('appUnreachable'), new Array(RETRIES_MS.length + 1).fill('ECONNREFUSED'));
  },
);

t.test('a client that waits is active, of kind tcp', async (t) => {
  const { carrier } = await withoutApp(t, GET);
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 0 });
  t.equal(carrier.tracker.active.tcp, 1);
});

t.test('a client that came before the app gets its answer', async (t) => {
  const { carrier, appAt, client } = await withoutApp(t, GET, { forwarded: 'if-absent' });
  const app = await RawApp.open(appAt.host, appAt.port);
  t.teardown(() => app.close());
  client.end();
  carrier.clock.advance(20);
  const end = await app.accepted();
  await end.ended();
  t.equal(end.text, 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n');
  t.equal(carrier.open.requests, 1);
  end.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  end.end();
  t.equal(await client.left(), 'end');
  t.match(client.text, /hi$/);
  const told = carrier.heard.map(([what]) => what).filter((what) => what.startsWith('app'));
  t.same(told, ['appUnreachable', 'appReached']);
  await carrier.empty();
});

t.test(
  'a client that has ended without a word before the app came is told of to the app',
  async (t) => {
    const { carrier, appAt, client } = await withoutApp(t);
    client.end();
    const tunnel = await carrier.tunnel();
    await until(() => tunnel.client.readableEnded, 'the end has come');
    const app = await RawApp.open(appAt.host, appAt.port);
    t.teardown(() => app.close());
    carrier.clock.advance(RETRIES_MS[0]);
    const peer = await app.accepted();
    t.equal(await peer.left(), 'end');
    peer.end();
    t.equal(await client.left(), 'end');
    await carrier.empty();
  },
);

t.test('a client whose app never comes is refused when the time is up, not before', async (t) => {
  const absent = await withoutApp(t, 'raw');
  await pass(absent, 9_999);
  t.equal(absent.client.leaving, 'open');
  await pass(absent, 10_000);
  t.equal(await absent.client.left(), 'reset');
  await absent.carrier.empty();
  t.equal(absent.carrier.tracker.closedBy.tcp.error, 1);
});

t.test('a dial that hangs is given up when the time is up', async (t) => {
  const { carrier } = await openCarrier(t, { policy: { appConnectTimeoutMs: 50 } });
  carrier.server.on('connection', () => carrier.clock.advance(50));
  const client = Peer.dial(carrier.at);
  t.equal(await client.left(), 'reset');
  t.same(carrier.about('appUnreachable'), ['ETIMEDOUT']);
  await carrier.empty();
});

t.test('a client that resets while it waits frees everything at once', async (t) => {
  for (const first of ['', GET]) {
    const { carrier, client } = await withoutApp(t, first);
    client.reset();
    await carrier.empty();
  }
});

t.test('a client that leaves while a dial is under way frees everything at once', async (t) => {
  const { carrier, app } = await openCarrier(t);
  carrier.server.on('connection', (socket) => socket.destroy());
  for (let times = 0; times < 10; times++) await (await Peer.connect(carrier.at)).left();
  for (let times = 0; times < 10; times++) t.equal(await (await app.accepted()).left(), 'end');
  await carrier.empty();
});

t.test(
  'a client that has ended still waits for its answer, and is freed when none comes',
  async (t) => {
    const absent = await withoutApp(t, GET);
    absent.client.end();
    await pass(absent, 5_000);
    t.equal(absent.carrier.open.tunnels, 1);
    await pass(absent, 10_000);
    t.equal(await absent.client.left(), 'end');
    t.match(absent.client.text, /^HTTP\/1\.1 503 /);
    await absent.carrier.empty();
  },
);

t.test('what a client sends while it waits stays in its socket, and none is lost', async (t) => {
  const { carrier, appAt, client } = await withoutApp(t, 'first');
  const much = Buffer.alloc(1_048_576, 'abcdefghijklm');
  const { client: socket } = await carrier.tunnel();
  client.send(much);
  await until(() => socket.readableLength > 16_384, 'it has read what it may');
  for (let times = 0; times < 5; times++) {
    carrier.clock.advance(500);
    await failures(carrier, times + 2);
    t.ok(socket.readableLength <= 2 * 65_536, `${socket.readableLength} bytes wait`);
  }
  const app = await RawApp.open(appAt.host, appAt.port);
  t.teardown(() => app.close());
  carrier.clock.advance(500);
  const end = await app.accepted();
  await end.got(much.length + 5);
  t.ok(end.received.equals(Buffer.concat([Buffer.from('first'), much])));
});

t.test('each client is dialled for on its own', async (t) => {
  const { carrier, appAt, client } = await withoutApp(t, 'one');
  const second = await Peer.connect(carrier.at);
  second.send('two');
  await failures(carrier, 2);
  const app = await RawApp.open(appAt.host, appAt.port);
  t.teardown(() => app.close());
  client.reset();
  await until(() => carrier.tracker.total === 1, 'the first is gone');
  carrier.clock.advance(20);
  const end = await app.accepted();
  await end.got(3);
  t.equal(end.text, 'two');
});
