/**
 * What a client has sent is never lost on the way to another pod: not the body of a request that
 * asks for an upgrade, not what went to a pod that has not taken it; and what comes behind a
 * request costs neither its answer nor memory.
 */
import t from 'tap';
import { asSent, ask, exchange, leavesNothing, openPods, withoutApp } from '../peers/chance.js';
import { RawApp } from '../peers/peer.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const CLOSED = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const H2C =
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA';
const WEBSOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

/** Bodies behind a head that asks for an upgrade. */
const UPGRADES: Readonly<Record<string, { sent: string; seen: string }>> = {
  'a POST for h2c with a length': {
    sent: `POST / HTTP/1.1\r\nHost: a\r\n${H2C}\r\nContent-Length: 5\r\n\r\nhello`,
    seen: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  },
  'a POST for h2c in chunks': {
    sent: `POST / HTTP/1.1\r\nHost: a\r\n${H2C}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    seen: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  },
  'a POST for a WebSocket': {
    sent: 'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello',
    seen: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  },
  'a GET for a WebSocket with a body': {
    sent: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello',
    seen: 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  },
};

t.test('a request that asks for an upgrade keeps its body', async (t) => {
  const pods = await openPods(t);
  for (const [name, { sent, seen }] of Object.entries(UPGRADES)) {
    const { client, app } = await exchange(pods, sent, seen.slice(-5));
    app.send(OK);
    t.equal(await client.left(), 'end', name);
    t.equal(client.text, CLOSED, name);
    t.equal(asSent(app.text), seen, name);
    client.end();
  }
  await leavesNothing(t, pods);
});

t.test('a head that comes in two pieces is one', async (t) => {
  const pods = await openPods(t);
  const request = `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(2_000)}\r\n${WEBSOCKET}\r\n\r\n`;
  const client = await ask(pods, request.slice(0, 1_400));
  setTimeout(() => client.send(request.slice(1_400)), 100);
  const app = await pods.app.accepted();
  await app.gotText('\r\n\r\n');
  t.match(app.text, /\r\nUpgrade: websocket\r\n/);
  app.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await client.gotText('\r\n\r\n');
  client.send('\x81\x82\0\0\0\0ho');
  await app.gotText('ho');
  client.reset();
  await leavesNothing(t, pods);
});

t.test('frames that come with the head of an upgrade arrive, and are counted once', async (t) => {
  const pods = await openPods(t);
  const sent = `GET / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}\r\n\r\n\x81\x82\0\0\0\0ho`;
  const { client, app } = await exchange(pods, sent);
  app.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await app.gotText('ho');
  const metrics = await pods.here.metrics();
  t.equal(metrics.value('tidegate_received_bytes_total'), sent.length);
  client.reset();
  await leavesNothing(t, pods);
});

t.test('a body that one pod has had and not taken goes to the next in whole', async (t) => {
  const app = await RawApp.open();
  const { here } = await withoutApp(t, app.at.port);
  t.teardown(() => app.close());
  const chunk = (letter: string, bytes: number): string =>
    `${bytes.toString(16)}\r\n${letter.repeat(bytes)}\r\n`;
  const client = await ask(
    { here },
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('a', 60_000)}`,
  );
  const first = await app.accepted();
  await first.gotText('aaa\r\n');
  await first.got(60_000);
  // Longer than a pod may be silent: the rest of the body would flow now.
  await new Promise((resolve) => setTimeout(resolve, 400));
  const mark = /Tidegate-Second-Chance: (\S+)/.exec(first.text)?.[1];
  const fields = `Tidegate-Second-Chance: ${mark}\r\nContent-Length: 0\r\nConnection: close`;
  first.send(`HTTP/1.1 503 Service Unavailable\r\n${fields}\r\n\r\n`);
  await first.left();
  client.send(`${chunk('b', 21_000)}0\r\n\r\n`);
  const second = await app.accepted();
  await second.gotText('\r\n0\r\n\r\n');
  const body = second.text.slice(second.text.indexOf('\r\n\r\n'));
  const count = (letter: string): number => body.split(letter).length - 1;
  // The size of a chunk may have an `a` or `b` of its own.
  t.ok(count('a') >= 60_000 && count('b') >= 21_000, 'all of it has come');
  second.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text, CLOSED);
  for (const peer of [client, first, second]) peer.end();
  await here.idle();
});

t.test('garbage behind a request does not cost its answer', async (t) => {
  const pods = await openPods(t);
  const { client, app } = await exchange(pods, `${GET}\0garbage`);
  app.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text, CLOSED);
  client.end();
  await leavesNothing(t, pods);
});

t.test('requests without number behind one are cut off', async (t) => {
  const pods = await openPods(t);
  const { client, app } = await exchange(pods, GET);
  client.send(GET.repeat(1_000));
  t.equal(await client.left(), 'reset');
  t.not(await app.left(), 'open');
  await leavesNothing(t, pods);
});

t.test('options of the connection name nothing away that is for the app', async (t) => {
  const pods = await openPods(t);
  const { client, app } = await exchange(
    pods,
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, cookie, x-forwarded-for, X-Hop\r\n' +
      'X-Forwarded-For: 1.2.3.4\r\nCookie: a=1\r\nX-Hop: 1\r\n\r\n',
  );
  app.send(OK);
  t.match(app.text, /\r\nX-Forwarded-For: 1\.2\.3\.4\r\nCookie: a=1\r\n/);
  t.notMatch(app.text, /X-Hop/);
  t.equal(await client.left(), 'end');
  client.end();
  await leavesNothing(t, pods);
});
