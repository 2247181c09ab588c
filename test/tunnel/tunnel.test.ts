/**
 * One tunnel: its counts follow what it carries, an end passes as an end and a reset as a reset
 * behind the bytes that are owed, and a fault costs the smallest thing that holds it. Observers
 * are put in by `follows`; sockets are real, time is driven by hand.
 */
import t, { type Test } from 'tap';
import type { Observer } from '../../src/protocol/contract.js';
import { OPAQUE } from '../../src/protocol/opaque.js';
import { RESET_FLUSH_MS, type Tunnel } from '../../src/tunnel/tunnel.js';
import { type Carrier, join, openCarrier } from '../peers/carrier.js';
import type { Ends, Peer } from '../peers/peer.js';
import { until } from '../peers/until.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const BUG = new Error('a bug');
const fails = (): never => {
  throw BUG;
};

interface Joined extends Ends {
  readonly carrier: Carrier;
  readonly tunnel: Tunnel;
}

async function joined(t: Test): Promise<Joined> {
  const opened = await openCarrier(t);
  const ends = await join(opened);
  const tunnel = await opened.carrier.tunnel();
  await until(() => tunnel.app !== undefined, 'the tunnel is joined');
  return { ...ends, carrier: opened.carrier, tunnel };
}

/** Both sides speak and leave; every byte has to arrive, whatever the observer does. */
async function carriesOn(t: Test, { client, app, carrier }: Joined): Promise<void> {
  const atApp = app.receivedBytes;
  const atClient = client.receivedBytes;
  client.send(GET);
  await app.got(atApp + GET.length);
  app.send('answer');
  await client.got(atClient + 6);
  client.end();
  await app.ended();
  app.end();
  t.equal(await client.left(), 'end');
  await carrier.empty();
}

const FAULTY: Readonly<Record<string, Partial<Observer>>> = {
  'what the client sends': { fromClient: fails },
  'what the app sends': { fromApp: fails },
  "the client's end": { clientEnded: fails },
  "the app's end": { appEnded: fails },
};

for (const [name, fault] of Object.entries(FAULTY)) {
  t.test(`an observer that throws at ${name} costs its tunnel its observer`, async (t) => {
    const opened = await openCarrier(t, { policy: { forwarded: 'if-absent' } });
    const { carrier } = opened;
    const other = await join(opened);
    const ends = await join(opened);
    const tunnel = await carrier.tunnel();
    await until(() => tunnel.app !== undefined, 'the tunnel is joined');
    tunnel.exchangeBegan('work');
    tunnel.follows({ ...OPAQUE, ...fault });
    const { client, app } = ends;
    client.send('one');
    await app.got(3);
    app.send('two');
    await client.got(3);
    client.end();
    await app.ended();
    app.end();
    t.equal(await client.left(), 'end');
    t.same([app.text, client.text], ['one', 'two']);
    t.same(carrier.about('fault'), [BUG]);
    t.same(carrier.about('gaveUp'), ['fault']);
    t.equal(carrier.tracker.gaveUpFor.fault, 1);
    t.equal(tunnel.observer, OPAQUE);
    t.equal(tunnel.kind, 'tcp');
    t.equal(carrier.tracker.requestsInFlight, 0);
    other.client.send(GET);
    await other.app.gotText('X-Forwarded-For');
    t.equal(carrier.tracker.active.http1, 1, 'the other tunnel is followed');
  });
}

t.test('a fault in the carrying itself costs that tunnel', async (t) => {
  for (const side of ['client', 'app'] as const) {
    const ends = await joined(t);
    const { carrier, tunnel } = ends;
    if (side === 'client') {
      tunnel.follows(Object.defineProperty({ ...OPAQUE }, 'headEnd', { get: fails }));
    } else tunnel.client.write = fails;
    ends[side].send('x');
    t.not(await ends.client.left(), 'open');
    t.not(await ends.app.left(), 'open');
    t.same(carrier.about('fault'), [BUG]);
    await carrier.empty();
    t.equal(carrier.tracker.closedBy.tcp.error, 1);
  }
});

t.test('counts follow what the tunnel carries', async (t) => {
  const ends = await joined(t);
  const { client, app, carrier } = ends;
  const { tracker } = carrier;
  t.same(carrier.open, { tunnels: 1, active: 0, idle: 1, requests: 0 });
  client.send(GET + GET);
  await app.got(2 * GET.length);
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 2 });
  app.send('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  await client.gotText('\r\n\r\n');
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 1 });
  app.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.gotText('200 OK\r\nContent-Length: 0\r\n\r\n');
  t.same(carrier.open, { tunnels: 1, active: 0, idle: 1, requests: 0 });
  t.same([tracker.answeredClass[2], tracker.answeredClass[4]], [1, 1]);
  t.same([tracker.receivedBytes, tracker.sentBytes], [2 * GET.length, client.receivedBytes]);
  await carriesOn(t, ends);
  t.equal(tracker.requestsInFlight, 0, 'an exchange that is lost is over');
});

t.test('who ended first is who ended the connection', async (t) => {
  const ways: [by: 'client' | 'app', how: 'end' | 'reset', counted: string][] = [
    ['client', 'end', 'client'],
    ['app', 'end', 'app'],
    ['client', 'reset', 'error'],
    ['app', 'reset', 'error'],
  ];
  for (const [by, how, counted] of ways) {
    const ends = await joined(t);
    const other: Peer = by === 'client' ? ends.app : ends.client;
    ends[by][how]();
    t.equal(await other.left(), how);
    other.end();
    await ends.carrier.empty();
    t.match(ends.carrier.tracker.closedBy.tcp, { [counted]: 1 }, `${by} ${how}`);
  }
});

t.test(
  'a tunnel that is cut is destroyed on both sides and counted under its reason',
  async (t) => {
    for (const reason of ['drain', 'deadline'] as const) {
      const { client, app, carrier, tunnel } = await joined(t);
      tunnel.cut(reason);
      t.equal(await client.left(), 'end');
      t.equal(await app.left(), 'end');
      client.end();
      await carrier.empty();
      t.equal(carrier.tracker.closedBy.tcp[reason], 1);
    }
  },
);

/** Fills the way to a client that does not read, until a little of it waits in this process. */
async function clog({ client, app, tunnel, carrier }: Joined): Promise<number> {
  client.pause();
  let sent = 0;
  for (let times = 0; times < 2_000 && tunnel.client.writableLength === 0; times++) {
    app.send(Buffer.alloc(16_384, times));
    sent += 16_384;
    await until(() => carrier.tracker.sentBytes === sent, 'the tunnel reads it');
  }
  if (tunnel.client.writableLength === 0) throw new Error('it is never full');
  return sent;
}

t.test('a reset passes behind the bytes that are owed', async (t) => {
  const ends = await joined(t);
  const sent = await clog(ends);
  ends.app.reset();
  await until(() => ends.carrier.clock.pending === 1, 'the tunnel hears of the reset');
  t.equal(ends.client.leaving, 'open');
  ends.client.resume();
  t.equal(await ends.client.left(), 'reset');
  t.ok(ends.client.receivedBytes <= sent);
  t.ok(ends.client.receivedBytes >= sent - 65_536 - 16_384, `${ends.client.receivedBytes}/${sent}`);
  await ends.carrier.empty();
});

t.test('a reset does not wait for ever for a client that does not read', async (t) => {
  const ends = await joined(t);
  await clog(ends);
  ends.app.reset();
  await until(() => ends.carrier.clock.pending === 1, 'the tunnel hears of the reset');
  ends.carrier.clock.advance(RESET_FLUSH_MS - 1);
  t.equal(ends.carrier.open.tunnels, 1);
  ends.carrier.clock.advance(1);
  await ends.carrier.empty();
  ends.client.resume();
  t.equal(await ends.client.left(), 'reset');
});

t.test(
  'a reset behind an end lets the end out first, unless bytes are cut off with it',
  async (t) => {
    for (const reads of [true, false]) {
      const ends = await joined(t);
      const { client, app, carrier } = ends;
      const sent = await clog(ends);
      app.end();
      await until(
        () => (ends.tunnel.app as { readableEnded?: boolean }).readableEnded === true,
        'ends',
      );
      app.destroy();
      // The first byte is answered by a reset, the second one hears of it.
      client.send('a');
      await until(() => carrier.tracker.receivedBytes === 1, 'the first byte passes');
      client.send('b');
      await until(() => carrier.clock.pending === 1, 'the tunnel hears of the reset');
      if (reads) client.resume();
      else carrier.clock.advance(RESET_FLUSH_MS);
      await carrier.empty();
      client.resume();
      t.equal(await client.left(), reads ? 'end' : 'reset');
      if (reads) t.equal(client.receivedBytes, sent);
    }
  },
);

t.test('the line names an IPv4 client plainly, also one that came in by IPv6', async (t) => {
  for (const [listenAt, line] of [
    ['127.0.0.1', 'X-Forwarded-For: 127.0.0.1\r\n\r\n'],
    ['::ffff:127.0.0.1', 'X-Forwarded-For: 127.0.0.1\r\n\r\n'],
    ['::1', 'X-Forwarded-For: ::1\r\n\r\n'],
  ]) {
    const opened = await openCarrier(t, { listenAt, policy: { forwarded: 'if-absent' } });
    const { client, app } = await join(opened);
    client.send(GET);
    await app.gotText('\r\n\r\n');
    t.equal(app.text, `GET / HTTP/1.1\r\nHost: a\r\n${line}`, listenAt);
  }
});

t.test('there is no line once the client has no address any more', async (t) => {
  const { tunnel } = await joined(t);
  tunnel.client.destroy();
  t.equal(tunnel.forwardedEnd(), '\r\n');
});

t.test('a head that gets a line, and what follows it, keep every byte', async (t) => {
  const opened = await openCarrier(t, { policy: { forwarded: 'if-absent' } });
  const { client, app } = await join(opened);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
  const value = all.replace(/[\0-\x08\n-\x1f\x7f]/g, '');
  const head = `POST / HTTP/1.1\r\nHost: a\r\nA: ${value}\r\nContent-Length: 256\r\n`;
  const line = 'X-Forwarded-For: 127.0.0.1\r\n';
  client.send(Buffer.from(`${head}\r\n${all}`.repeat(3), 'latin1'));
  const passed = `${head}${line}\r\n${all}`.repeat(3);
  await app.got(passed.length);
  t.equal(app.text, passed);
});
