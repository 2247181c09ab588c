/**
 * How HTTP/1.1 connections end in a drain, over real sockets: no byte is lost to a slow reader, the
 * end comes behind the last one, what a peer says then is discarded for 2 s and never answered by
 * a reset, and what breaks does not look whole.
 */
import t, { type Test } from 'tap';
import { LINGER_MS } from '../../src/tunnel/refusal.js';
import type { Tunnel } from '../../src/tunnel/tunnel.js';
import { type Carrier, type CarrierOptions, join, openCarrier } from '../peers/carrier.js';
import type { Ends } from '../peers/peer.js';
import { until } from '../peers/until.js';

const GET = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OK_CLOSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const LARGE = 8 * 1_048_576;
const CONTENT = Buffer.from(
  Uint8Array.from({ length: LARGE }, (_, at) => (at * 31 + (at >> 11)) & 255),
);
const SOCKETS_BYTES_MAX = 65_536 * 3;

interface Joined extends Ends {
  readonly carrier: Carrier;
  readonly tunnel: Tunnel;
}

async function joined(t: Test, policy: CarrierOptions['policy'] = {}): Promise<Joined> {
  const opened = await openCarrier(t, { policy: { isDraining: true, ...policy } });
  const ends = await join(opened);
  const tunnel = await opened.carrier.tunnel();
  await until(() => tunnel.app !== undefined, 'the tunnel is joined');
  return { ...ends, carrier: opened.carrier, tunnel };
}

/** Both sides have got an end, and are gone when they have lingered. */
async function lingers({ client, app, carrier }: Joined): Promise<void> {
  await Promise.all([client.ended(), app.ended()]);
  await until(() => carrier.clock.pending === 1, 'the time is limited');
  carrier.clock.advance(LINGER_MS - 1);
  if (carrier.open.tunnels !== 1) throw new Error('it is gone too early');
  carrier.clock.advance(1);
  await carrier.empty();
}

t.test('both sides get an end, and are gone after 2 s at the latest', async (t) => {
  const ends = await joined(t);
  ends.client.send(GET);
  await ends.app.got(GET.length);
  ends.app.send(OK);
  await lingers(ends);
  t.same([ends.app.text, ends.client.text], [GET, OK_CLOSE]);
  t.match(ends.carrier.tracker.closedBy.http1, { drain: 1, error: 0 });
});

t.test('sides that leave in time leave nothing behind', async (t) => {
  for (const how of ['end', 'destroy'] as const) {
    const ends = await joined(t);
    const { client, app, carrier } = ends;
    client.send(GET);
    await app.got(GET.length);
    app.send(OK);
    await Promise.all([client.ended(), app.ended()]);
    client[how]();
    app[how]();
    await carrier.empty();
    t.equal(client.text, OK_CLOSE);
    t.equal(carrier.clock.now(), 0);
  }
});

t.test('what comes behind the end is discarded, and answered by no reset', async (t) => {
  const ends = await joined(t);
  const { client, app, carrier } = ends;
  client.send(GET);
  await app.got(GET.length);
  app.send(OK);
  await Promise.all([client.ended(), app.ended()]);
  for (let times = 0; times < 50; times++) {
    client.send(Buffer.alloc(65_536, GET));
    app.send(Buffer.alloc(65_536, OK));
    await until(
      () => client.socket.writableLength + app.socket.writableLength === 0,
      'what they say is read',
    );
    if (times % 10 === 0) carrier.clock.advance(LINGER_MS / 10);
  }
  await until(() => ends.tunnel.client.bytesRead === GET.length + 50 * 65_536, 'all of it is read');
  t.same([client.leaving, app.leaving], ['end', 'end']);
  t.same([app.text, client.text], [GET, OK_CLOSE]);
  t.same(carrier.open, { tunnels: 1, active: 0, idle: 1, requests: 0 });
  carrier.clock.advance(LINGER_MS);
  await carrier.empty();
});

t.test('a slow reader gets every byte, then the end, and only then the time counts', async (t) => {
  const ends = await joined(t);
  const { client, app, carrier, tunnel } = ends;
  client.send(GET);
  await app.got(GET.length);
  client.pause();
  app.send(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`);
  app.send(CONTENT);
  await until(() => tunnel.app?.isPaused() === true, 'the app is held back');
  t.ok(tunnel.client.writableLength < SOCKETS_BYTES_MAX, `${tunnel.client.writableLength} wait`);
  carrier.clock.advance(LINGER_MS * 10);
  t.equal(carrier.clock.pending, 0);
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 1 });
  client.resume();
  await lingers(ends);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\nConnection: close\r\n\r\n`;
  t.equal(client.receivedBytes, head.length + LARGE);
  t.ok(client.received.equals(Buffer.concat([Buffer.from(head), CONTENT])));
});

t.test('a slow app gets every byte of a request whose answer is there already', async (t) => {
  const ends = await joined(t);
  const { client, app, tunnel } = ends;
  const head = `PUT / HTTP/1.1\r\nContent-Length: ${LARGE}\r\n\r\n`;
  client.send(head);
  await app.got(head.length);
  app.pause();
  app.send(OK);
  await client.got(OK_CLOSE.length);
  client.send(CONTENT);
  await until(() => tunnel.client.isPaused(), 'the client is held back');
  t.ok((tunnel.app?.writableLength ?? 0) < SOCKETS_BYTES_MAX);
  t.equal(client.leaving, 'open');
  client.send(GET);
  app.resume();
  await lingers(ends);
  t.equal(client.text, OK_CLOSE);
  t.ok(app.received.equals(Buffer.concat([Buffer.from(head), CONTENT])));
});

t.test('an answer that lasts until the end ends both sides', async (t) => {
  const ends = await joined(t);
  ends.client.send(GET);
  await ends.app.got(GET.length);
  ends.app.send('HTTP/1.1 200 OK\r\n\r\nabc');
  await ends.client.gotText('abc');
  ends.app.end();
  await lingers(ends);
  t.equal(ends.client.text, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
});

t.test('a client that has ended gets its answer', async (t) => {
  const { client, app, carrier } = await joined(t);
  client.send(GET);
  client.end();
  await app.ended();
  app.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text, OK_CLOSE);
  app.end();
  await carrier.empty();
});

t.test('an answer that breaks off does not look whole', async (t) => {
  const heads = {
    counted: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n',
    chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n',
    'until the end': 'HTTP/1.1 200 OK\r\n',
  };
  for (const [name, head] of Object.entries(heads)) {
    const { client, app, carrier } = await joined(t);
    client.send(GET);
    await app.got(GET.length);
    app.send(`${head}\r\n5\r\nabc`);
    await client.gotText('abc');
    app.reset();
    t.equal(await client.left(), 'reset', name);
    t.equal(client.text, `${head}Connection: close\r\n\r\n5\r\nabc`);
    await carrier.empty();
    t.match(carrier.tracker.closedBy.http1, { error: 1, app: 0 });
  }
});

t.test('an app that is gone once it has answered harms no client', async (t) => {
  for (const how of ['destroy', 'reset'] as const) {
    const { client, app, carrier } = await joined(t);
    client.send(GET);
    await app.got(GET.length);
    app.send(OK);
    await app.ended();
    app[how]();
    await until(() => carrier.tracker.youngest?.app?.destroyed === true, 'the app is gone');
    client.send('more');
    t.equal(await client.left(), 'end', how);
    t.equal(client.text, OK_CLOSE);
    carrier.clock.advance(LINGER_MS);
    await carrier.empty();
  }
});

t.test(
  'an idle connection is ended on both sides, and what it says then is discarded',
  async (t) => {
    for (const said of [0, 1, 2]) {
      const ends = await joined(t, { isDraining: false });
      const { client, app, carrier, tunnel } = ends;
      for (let times = 0; times < said; times++) {
        client.send(GET);
        await app.got(GET.length * (times + 1));
        app.send(OK);
        await client.got(OK.length * (times + 1));
      }
      carrier.policy.isDraining = true;
      tunnel.endIdle();
      await Promise.all([client.ended(), app.ended()]);
      client.send(GET);
      await until(() => tunnel.client.bytesRead === GET.length * (said + 1), 'it is read');
      t.equal(app.text, GET.repeat(said));
      tunnel.endIdle();
      await lingers(ends);
      t.same([app.text, client.text], [GET.repeat(said), OK.repeat(said)]);
      t.same([client.leaving, app.leaving], ['end', 'end']);
    }
  },
);

t.test('a connection at work is not ended as idle', async (t) => {
  const { client, app, carrier, tunnel } = await joined(t);
  client.send(GET.slice(0, 10));
  await app.got(10);
  tunnel.endIdle();
  client.send(GET.slice(10));
  await app.got(GET.length);
  tunnel.endIdle();
  app.send(OK.slice(0, 20));
  await until(() => tunnel.app?.bytesRead === 20, 'the answer begins');
  tunnel.endIdle();
  t.same([client.leaving, app.leaving, client.text], ['open', 'open', '']);
  app.send(OK.slice(20));
  await client.ended();
  t.equal(client.text, OK_CLOSE);
  client.end();
  app.end();
  await carrier.empty();
});
