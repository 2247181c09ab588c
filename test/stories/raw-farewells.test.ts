/**
 * What has no goodbye of its own is ended on both sides, behind what is queued, and cut 5 s later:
 * raw TCP, TLS, and connections on which nothing was said. And when there is nothing to be done.
 */
import t, { type Test } from 'tap';
import { FAREWELL_MS_MAX } from '../../src/tunnel/parting.js';
import { type CarrierWithApp, join, openCarrier } from '../peers/carrier.js';
import { freePort, Peer } from '../peers/peer.js';
import { appSays, GET, heardBy, openWebSocket, talk } from '../peers/talks.js';
import { until } from '../peers/until.js';

const HELLO = '\x16\x03\x01\x00\x05hello';
const MUCH = 'x'.repeat(65_536);

const RAW = { tcp: ['\x01client', 'app'], tls: [HELLO, '\x16\x03\x03\x00\x02ab'] } as const;

for (const [kind, [asked, answered]] of Object.entries(RAW)) {
  t.test(`${kind}: both sides get their end, and have until the limit for theirs`, async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    const { clock } = opened.carrier;
    const one = await talk(opened, asked, answered);
    t.equal(one.tunnel.kind, kind);
    one.tunnel.sayFarewell();
    await one.client.ended();
    await one.app.ended();
    one.client.send('discarded');
    one.app.send('discarded');
    clock.advance(FAREWELL_MS_MAX - 1);
    t.notOk(one.tunnel.isOver);
    clock.advance(1);
    await opened.carrier.empty();
    t.same(heardBy(one), { client: '', app: '' });
    t.notOk(one.tunnel.hasParted);
    t.equal(opened.carrier.tracker.closedBy[one.tunnel.kind].drain, 1);
  });

  t.test(`${kind}: sides that end, too, have parted at once`, async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    const one = await talk(opened, asked, answered);
    one.tunnel.sayFarewell();
    await one.client.ended();
    await one.app.ended();
    one.client.end();
    one.app.end();
    await opened.carrier.empty();
    t.ok(one.tunnel.hasParted);
    t.equal(opened.carrier.clock.now(), 0);
  });

  t.test(`${kind}: one side that had ended before hears its end, too`, async (t) => {
    for (const [before, other] of [
      ['client', 'app'],
      ['app', 'client'],
    ] as const) {
      const opened = await openCarrier(t, { policy: { isDraining: true } });
      const one = await talk(opened, asked, answered);
      one[before].end();
      await one[other].ended();
      one[other].send('last');
      await one[before].got(one.before[before] + 4);
      one.tunnel.sayFarewell();
      await one[before].ended();
      one[other].end();
      await opened.carrier.empty();
      t.equal(heardBy(one)[before], 'last');
      t.ok(one.tunnel.hasParted, before);
    }
  });
}

t.test('what is queued for either side goes out before its end', async (t) => {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const one = await talk(opened, '\x01raw', 'raw');
  const { client, app, tunnel } = one;
  client.pause();
  app.pause();
  for (let times = 0; !tunnel.client.isPaused() || tunnel.app?.isPaused() !== true; times++) {
    if (times > 10_000) throw new Error('it is never full');
    if (!tunnel.client.isPaused()) client.send(MUCH);
    if (tunnel.app?.isPaused() !== true) app.send(MUCH);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const passed = { client: tunnel.client.bytesRead, app: tunnel.app.bytesRead };
  tunnel.sayFarewell();
  client.resume();
  app.resume();
  await client.ended();
  await app.ended();
  t.equal(app.receivedBytes, passed.client);
  t.equal(client.receivedBytes, passed.app);
  client.end();
  app.end();
  await opened.carrier.empty();
  t.ok(tunnel.hasParted);
});

t.test(
  'a client that reads nothing is reset at the limit, and its bytes do not look whole',
  async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    const one = await talk(opened, '\x01raw', 'raw');
    one.client.pause();
    for (let times = 0; one.tunnel.app?.isPaused() === false; times++) {
      if (times > 10_000) throw new Error('it is never full');
      appSays(one, MUCH);
      await new Promise((resolve) => setImmediate(resolve));
    }
    one.tunnel.sayFarewell();
    opened.carrier.clock.advance(FAREWELL_MS_MAX);
    await one.app.left();
    one.client.resume();
    await one.client.left();
    t.notOk(one.tunnel.hasParted);
    one.app.destroy();
    await opened.carrier.empty();
    t.equal(one.client.leaving, 'reset');
  },
);

t.test('nothing was said yet: both sides get their end', async (t) => {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const ends = await join(opened);
  const tunnel = await opened.carrier.tunnel();
  await until(() => tunnel.app !== undefined, 'the app is reached');
  tunnel.sayFarewell();
  await ends.client.ended();
  await ends.app.ended();
  ends.client.end();
  ends.app.end();
  await opened.carrier.empty();
  t.ok(tunnel.hasParted);
});

t.test('before the app is reached nothing is said', async (t) => {
  const appAt = { host: '127.0.0.1', port: await freePort() };
  const { carrier } = await openCarrier(t, { appAt, policy: { isDraining: true } });
  const client = await Peer.connect(carrier.at);
  const tunnel = await carrier.tunnel();
  tunnel.sayFarewell();
  t.notOk(tunnel.hasSaidFarewell);
  t.equal(client.leaving, 'open');
  await until(() => {
    carrier.clock.advance(1_000);
    return carrier.open.tunnels === 0;
  }, 'the app is given up');
  await carrier.empty();
});

/** It was over, or is nobody's to end: no word, no timer, no change. */
async function staysSilent(t: Test, opened: CarrierWithApp, asked: string, answered: string) {
  const one = await talk(opened, asked, answered);
  opened.carrier.policy.isDraining = true;
  one.tunnel.sayFarewell();
  one.tunnel.sayFarewell();
  t.notOk(one.tunnel.hasSaidFarewell);
  t.equal(opened.carrier.clock.pending, 0);
  t.equal(one.client.leaving, 'open');
  return one;
}

t.test('in an exchange that is no stream nothing is said, and it goes on', async (t) => {
  const opened = await openCarrier(t);
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n';
  const one = await staysSilent(t, opened, GET, `${head}abc`);
  one.app.send('def');
  await one.client.got(one.before.client + 3);
  t.equal(heardBy(one).client, 'def');
  one.client.end();
  one.app.end();
  await opened.carrier.empty();
});

t.test('before an upgrade is answered nothing is said, and behind it the Close is', async (t) => {
  const opened = await openCarrier(t);
  const upgrade = GET.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const one = await staysSilent(t, opened, upgrade, 'HTTP/1.1 101 S');
  appSays(one, 'witch\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81');
  t.equal(one.tunnel.kind, 'websocket');
  one.tunnel.sayFarewell();
  appSays(one, '\x00');
  await one.client.gotText('\r\n\r\n\x81\x00\x88\x02\x03\xe9');
  one.client.end();
  await one.client.ended();
  one.app.end();
  await opened.carrier.empty();
});

t.test(
  'a client that is gone already is not spoken to, and its app is gone by the limit',
  async (t) => {
    const opened = await openCarrier(t);
    const one = await openWebSocket(opened);
    one.client.end();
    await one.app.ended();
    one.app.end();
    await opened.carrier.empty();
    one.tunnel.sayFarewell();
    t.notOk(one.tunnel.hasSaidFarewell);
    t.equal(opened.carrier.clock.pending, 0);
  },
);
