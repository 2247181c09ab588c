/**
 * Corners of a drain in which a byte, an answer or an end could go missing: a slow reader at the
 * deadline, a client whose app is not there, a head that comes in two halves with a pause between, an
 * answer whose request stands still, a WebSocket whose app dies while it uploads.
 */
import t, { type Test } from 'tap';
import { FAREWELL_MS_MAX } from '../../src/tunnel/parting.js';
import { WITHHELD_MS_MAX } from '../../src/tunnel/withheld.js';
import { type Carrier, type CarrierOptions, join, openCarrier } from '../peers/carrier.js';
import { type Ends, freePort, Peer } from '../peers/peer.js';
import { until } from '../peers/until.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const CLOSE = '\x88\x02\x03\xe9';
const CLOSE_REPLY = '\x88\x82\0\0\0\0\x03\xe9';

async function draining(
  t: Test,
  policy: CarrierOptions['policy'] = {},
): Promise<Ends & { carrier: Carrier }> {
  const opened = await openCarrier(t, { policy: { isDraining: true, ...policy } });
  return { ...(await join(opened)), carrier: opened.carrier };
}

t.test('half an answer that ends with its connection is cut by a reset', async (t) => {
  const { client, app, carrier } = await draining(t);
  const tunnel = await carrier.tunnel();
  client.send(GET);
  await app.gotText('\r\n\r\n');
  client.pause();
  app.send(UNTIL_CLOSE);
  for (let times = 0; times < 2_000 && tunnel.client.writableLength === 0; times++) {
    app.send(Buffer.alloc(65_536));
    await new Promise((resolve) => setImmediate(resolve));
  }
  app.end();
  await until(() => tunnel.app?.readableEnded === true || tunnel.owesClient, 'bytes are owed');
  tunnel.cut('deadline');
  client.resume();
  t.equal(await client.left(), 'reset');
});

t.test('a client that waits for its app is refused when nobody waits any more', async (t) => {
  const appAt = { host: '127.0.0.1', port: await freePort() };
  const { carrier } = await openCarrier(t, { appAt, policy: { isDraining: true } });
  for (const [first, leaving, text] of [
    [GET, 'end', 'HTTP/1.1 503 '],
    ['SSH-2.0-x\r\n', 'reset', ''],
  ]) {
    const client = await Peer.connect(carrier.at);
    client.send(first);
    const tunnel = await carrier.tunnel();
    await until(() => tunnel.client.readableLength === first.length, 'it waits');
    tunnel.sayFarewell();
    t.equal(await client.left(), leaving);
    t.equal(client.text.slice(0, text.length), text);
    tunnel.cut('drain');
    client.end();
    await carrier.empty();
  }
});

t.test('a head that was let go of may be anywhere, also within its last line end', async (t) => {
  const policy = { refusesUpgrades: true, forwarded: 'if-absent' } as const;
  for (let at = 1; at < GET.length; at++) {
    const { client, app, carrier } = await draining(t, policy);
    client.send(GET.slice(0, at));
    await until(() => carrier.tracker.receivedBytes === at, 'it is held back');
    carrier.clock.advance(WITHHELD_MS_MAX);
    await app.got(at);
    client.send(GET.slice(at));
    await app.gotText('\r\n\r\n');
    t.equal(app.text.replace('X-Forwarded-For: 127.0.0.1\r\n', ''), GET, `let go of at ${at}`);
    t.same(carrier.about('fault'), []);
    client.reset();
    await carrier.empty();
  }
});

t.test('a last answer does not wait for ever for a request that stands still', async (t) => {
  const { client, app, carrier } = await draining(t);
  client.send('POST / HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n');
  await app.gotText('\r\n\r\n');
  app.send('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
  await client.gotText('Connection: close\r\n\r\n');
  for (const byte of 'ab') {
    carrier.clock.advance(FAREWELL_MS_MAX - 1);
    client.send(byte);
    await app.gotText(byte);
  }
  t.equal(client.leaving, 'open', 'a body that comes is carried on');
  carrier.clock.advance(2 * FAREWELL_MS_MAX);
  t.equal(await client.left(), 'end');
  t.equal(await app.left(), 'end');
  client.end();
  app.end();
  await carrier.empty();
});

t.test('whoever uploads to an app that dies answers the goodbye, and is gone', async (t) => {
  const { client, app, carrier } = await draining(t);
  const tunnel = await carrier.tunnel();
  client.send(UPGRADE);
  await app.gotText('\r\n\r\n');
  app.send(SWITCHED);
  await client.gotText('\r\n\r\n');
  app.pause();
  const frame = Buffer.concat([
    Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]),
    Buffer.alloc(65_535),
  ]);
  for (let times = 0; times < 2_000 && !tunnel.client.isPaused(); times++) {
    client.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(tunnel.client.isPaused(), 'the client is held up');
  app.reset();
  await client.gotText(CLOSE);
  client.send(CLOSE_REPLY);
  t.equal(await client.left(), 'end');
  t.equal(tunnel.hasParted, true);
  client.end();
  await carrier.empty();
});
