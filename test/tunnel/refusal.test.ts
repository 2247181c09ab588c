/**
 * What a client gets whose app was never reached: HTTP a whole 503 and a lingering close, the rest
 * a reset, and an observer's fault is never the process's. Refused in the first millisecond, by
 * a clock that is driven by hand.
 */
import t, { type Test } from 'tap';
import { LINGER_MS } from '../../src/tunnel/refusal.js';
import { type Carrier, openCarrier } from '../peers/carrier.js';
import { Peer, freePort } from '../peers/peer.js';
import { until } from '../peers/until.js';

const ANSWER =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A client that has sent `first`, and time that is not up yet. */
async function waiting(t: Test, first: string): Promise<{ carrier: Carrier; client: Peer }> {
  const appAt = { host: '127.0.0.1', port: await freePort() };
  const { carrier } = await openCarrier(t, { appAt, policy: { appConnectTimeoutMs: 20 } });
  const client = await Peer.connect(carrier.at);
  if (first !== '') client.send(first);
  const { client: socket } = await carrier.tunnel();
  await until(
    () => socket.readableLength === first.length && carrier.tracker.appConnectErrors === 1,
    'the client waits',
  );
  return { carrier, client };
}

t.test('an HTTP client gets a 503 that says when to come again, and an end', async (t) => {
  const requests = {
    'a whole request': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'part of a head': 'GET / HT',
    'part of a body': 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc',
    'two requests': 'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n',
    'a request behind a PROXY preamble': 'PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n\r\n',
  };
  for (const [name, first] of Object.entries(requests)) {
    const { carrier, client } = await waiting(t, first);
    carrier.clock.advance(20);
    t.equal(await client.left(), 'end', name);
    t.equal(client.text, ANSWER, name);
    t.equal(carrier.tracker.answeredClass[5], 1, name);
    client.end();
    await carrier.empty();
  }
});

t.test('what is no HTTP gets a reset', async (t) => {
  for (const first of [
    '',
    'SSH-2.0-x\r\n',
    '\x16\x03\x01',
    'GE',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    const { carrier, client } = await waiting(t, first);
    carrier.clock.advance(20);
    t.equal(await client.left(), 'reset', JSON.stringify(first));
    t.equal(client.text, '');
    await carrier.empty();
  }
});

t.test('a client that still sends does not lose its answer to a reset', async (t) => {
  const { carrier, client } = await waiting(
    t,
    'POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n',
  );
  client.pause();
  carrier.clock.advance(20);
  for (let times = 0; times < 20; times++) {
    client.send(Buffer.alloc(65_536));
    await until(() => client.socket.writableLength === 0, 'what it sends is taken');
  }
  client.resume();
  t.equal(await client.left(), 'end');
  t.equal(client.text, ANSWER);
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 1 });
});

t.test('a client that does not leave is cut when it has lingered', async (t) => {
  const { carrier, client } = await waiting(t, 'GET / HTTP/1.1\r\n\r\n');
  carrier.clock.advance(20);
  await client.ended();
  carrier.clock.advance(LINGER_MS - 1);
  t.equal(carrier.open.tunnels, 1);
  carrier.clock.advance(1);
  await carrier.empty();
});

t.test('a client that leaves in time leaves no timer behind', async (t) => {
  const { carrier, client } = await waiting(t, 'GET / HTTP/1.1\r\n\r\n');
  carrier.clock.advance(20);
  await client.ended();
  client.reset();
  await carrier.empty();
  t.equal(carrier.clock.now(), 20);
});

t.test('an observer that throws costs the client its 503 and nobody anything else', async (t) => {
  const { carrier, client } = await waiting(t, 'GET / HTTP/1.1\r\n\r\n');
  const tunnel = await carrier.tunnel();
  const bug = new Error('a bug');
  tunnel.follows({
    ...tunnel.observer,
    headEnd: 'none',
    fromClient: () => {
      throw bug;
    },
  });
  carrier.clock.advance(20);
  t.equal(await client.left(), 'reset');
  t.same(carrier.about('fault'), [bug]);
  await carrier.empty();
});
