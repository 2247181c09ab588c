/**
 * What becomes of a WebSocket behind its Close: clients that answer, that only end, that say
 * nothing, that do not read, and apps of as many manners. All are gone by their limit, counted for
 * what they are, and leave no timer.
 */
import t, { type Test } from 'tap';
import { QUEUE_BYTES_MAX } from '../../src/tunnel/lane.js';
import { FAREWELL_MS_MAX } from '../../src/tunnel/parting.js';
import { openCarrier } from '../peers/carrier.js';
import type { Peer } from '../peers/peer.js';
import {
  appSays,
  CLOSE,
  CLOSE_REPLY,
  frame,
  heardBy,
  openWebSocket,
  type Talk,
} from '../peers/talks.js';
import { until } from '../peers/until.js';

const MASKED = frame(1, 'hi', { mask: true });

interface Said extends Talk {
  readonly carrier: Awaited<ReturnType<typeof openCarrier>>['carrier'];
}

/** A drain is going on, the Close is out, and it has reached the client. */
async function closed(t: Test): Promise<Said> {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  opened.carrier.tracker.isLate = true;
  const one = await openWebSocket(opened);
  one.tunnel.sayFarewell();
  await one.client.got(one.before.client + CLOSE.length);
  t.ok(one.tunnel.isParting);
  return { ...one, carrier: opened.carrier };
}

/** Nothing goes before the time is up, and everything then. */
async function isCutInTime(t: Test, { carrier, tunnel }: Said, sides: Peer[]): Promise<void> {
  carrier.clock.advance(FAREWELL_MS_MAX - 1);
  t.notOk(tunnel.isOver);
  carrier.clock.advance(1);
  for (const side of sides) await side.left();
  for (const side of sides) side.destroy();
  await carrier.empty();
}

t.test(
  'on its answer the client gets its end at once, and the app has until its limit',
  async (t) => {
    const all = await closed(t);
    const { client, app, tunnel, carrier } = all;
    client.send(CLOSE_REPLY);
    await client.ended();
    t.ok(tunnel.hasParted);
    client.end();
    await client.gone();
    await app.got(all.before.app + CLOSE_REPLY.length);
    app.send(frame(1, 'still here'));
    t.equal(app.leaving, 'open', 'it has not answered yet');
    await isCutInTime(t, all, [app]);
    t.same(heardBy(all), { client: CLOSE, app: CLOSE_REPLY });
    t.ok(tunnel.hasParted);
    t.equal(carrier.tracker.closedBy.websocket.drain, 1);
  },
);

t.test('an app is told the end when it has answered the Close, not before', async (t) => {
  const answer = frame(1, 'too late') + frame(8, '\x03\xe9');
  for (let cut = 0; cut <= answer.length; cut++) {
    const all = await closed(t);
    const { client, app, carrier } = all;
    if (cut === answer.length) appSays(all, answer); // it closes by itself, a moment later
    client.send(CLOSE_REPLY);
    await client.ended();
    client.end();
    await client.gone();
    if (cut < answer.length) {
      appSays(all, answer.slice(0, cut));
      t.equal(all.tunnel.app?.writableEnded, false);
      appSays(all, answer.slice(cut));
    }
    await app.ended();
    app.end();
    await carrier.empty();
    t.same(heardBy(all), { client: CLOSE, app: CLOSE_REPLY });
  }
});

t.test('a client that says nothing is gone by its limit, and has not parted', async (t) => {
  const all = await closed(t);
  await isCutInTime(t, all, [all.client, all.app]);
  t.notOk(all.tunnel.hasParted);
  t.equal(all.carrier.tracker.closedBy.websocket.drain, 1);
});

t.test('a client that talks on and never answers is gone by its limit', async (t) => {
  const all = await closed(t);
  all.client.send(MASKED + MASKED);
  await all.app.got(all.before.app + 2 * MASKED.length);
  await isCutInTime(t, all, [all.client, all.app]);
  t.notOk(all.tunnel.hasParted);
});

t.test('a client that answers with its end alone has parted', async (t) => {
  const all = await closed(t);
  all.client.end();
  await all.client.ended();
  await all.app.ended();
  t.ok(all.tunnel.hasParted);
  t.equal(heardBy(all).app, '');
  all.app.end();
  await all.carrier.empty();
});

t.test(
  'a client that answers with a reset has not parted, and the app hears the reset',
  async (t) => {
    const all = await closed(t);
    all.client.reset();
    t.equal(await all.app.left(), 'reset');
    t.notOk(all.tunnel.hasParted);
    await all.carrier.empty();
  },
);

t.test('a client that answers and does not end is gone by the limit, and has parted', async (t) => {
  const all = await closed(t);
  all.client.send(CLOSE_REPLY);
  await all.client.ended();
  all.app.end();
  await isCutInTime(t, all, [all.client]);
  t.ok(all.tunnel.hasParted);
});

t.test('an app that ends behind the answer ends it all, without waiting', async (t) => {
  const all = await closed(t);
  all.client.send(CLOSE_REPLY);
  await all.app.got(all.before.app + CLOSE_REPLY.length);
  all.app.end();
  await all.client.ended();
  all.client.end();
  await all.carrier.empty();
  t.equal(all.carrier.clock.now(), 0);
  t.equal(all.app.leaving, 'end');
});

t.test('an app that ends, or breaks, before the client has answered changes nothing', async (t) => {
  for (const way of ['end', 'reset'] as const) {
    const all = await closed(t);
    if (way === 'end') all.app.end();
    else all.app.reset();
    await until(
      () => all.tunnel.app?.readableEnded === true || all.tunnel.app?.destroyed === true,
      way,
    );
    t.equal(all.client.leaving, 'open', way);
    all.client.send(CLOSE_REPLY);
    await all.client.ended();
    all.client.end();
    await all.client.gone();
    await all.carrier.empty();
    t.ok(all.tunnel.hasParted, way);
    t.equal(heardBy(all).client, CLOSE, way);
    if (way === 'end') t.equal(heardBy(all).app, CLOSE_REPLY, way);
  }
});

t.test(
  'a client that had sent its end before gets the Close, and its end by the limit',
  async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    const one = await openWebSocket(opened);
    one.client.end();
    await one.app.ended();
    one.tunnel.sayFarewell();
    await one.client.got(one.before.client + CLOSE.length);
    await isCutInTime(t, { ...one, carrier: opened.carrier }, [one.client]);
    t.equal(one.client.leaving, 'end');
    t.equal(heardBy(one).client, CLOSE);
  },
);

t.test('an app that had sent its end before leaves nothing to be said', async (t) => {
  for (const isDraining of [false, true]) {
    const opened = await openCarrier(t, { policy: { isDraining, farewellForApp: 'never' } });
    const one = await openWebSocket(opened);
    one.app.end();
    await one.client.ended();
    one.tunnel.sayFarewell();
    await one.app.ended();
    t.equal(heardBy(one).client, '');
    t.equal(one.client.leaving, 'end');
    await isCutInTime(t, { ...one, carrier: opened.carrier }, [one.client]);
    t.equal(one.client.leaving, 'end');
    t.notOk(one.tunnel.hasParted);
  }
});

const BIG = frame(2, 'z'.repeat(60_000));

/** The client does not read: the system's buffers are full, and so is the tunnel's queue. */
async function clogged(t: Test, say: (one: Talk) => void): Promise<Said> {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const one = await openWebSocket(opened);
  one.client.pause();
  for (let times = 0; one.tunnel.app?.isPaused() === false; times++) {
    if (times > 10_000) throw new Error('it is never full');
    say(one);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(one.tunnel.client.writableLength >= QUEUE_BYTES_MAX);
  return { ...one, carrier: opened.carrier };
}

t.test(
  'a slow reader gets what is queued, to the end of a frame, and then the Close',
  async (t) => {
    let sent = 0;
    const all = await clogged(t, ({ app }) => {
      app.send(BIG);
      sent++;
    });
    all.tunnel.sayFarewell();
    all.client.resume();
    await until(() => heardBy(all).client.endsWith(CLOSE), 'the Close comes');
    all.client.send(CLOSE_REPLY);
    await all.client.ended();
    const heard = heardBy(all).client;
    const frames = (heard.length - CLOSE.length) / BIG.length;
    t.ok(frames > 0 && frames <= sent, `${frames} of ${sent} frames`);
    t.ok(heard === BIG.repeat(frames) + CLOSE, 'no frame is split');
    all.client.end();
    all.app.end();
    await all.app.ended();
    await all.carrier.empty();
    t.ok(all.tunnel.hasParted);
  },
);

t.test('a client that reads nothing is gone by its limit, reset, and has not parted', async (t) => {
  const all = await clogged(t, (one) => appSays(one, BIG));
  const { client, tunnel } = all;
  const queued = tunnel.client.writableLength;
  tunnel.sayFarewell();
  t.equal(tunnel.client.writableLength, queued + CLOSE.length, 'it waits its turn');
  all.carrier.clock.advance(FAREWELL_MS_MAX);
  await all.app.left();
  client.resume();
  t.equal(await client.left(), 'reset');
  t.notOk(heardBy(all).client.endsWith(CLOSE));
  t.notOk(tunnel.hasParted);
  await all.carrier.empty();
});

t.test('an answer from a client that reads nothing does not make it parted', async (t) => {
  const all = await clogged(t, (one) => appSays(one, BIG));
  all.tunnel.sayFarewell();
  all.client.send(CLOSE_REPLY);
  await all.app.got(all.before.app + CLOSE_REPLY.length);
  all.carrier.clock.advance(FAREWELL_MS_MAX);
  await all.app.left();
  all.client.resume();
  await all.client.left();
  t.notOk(all.tunnel.hasParted, 'it has never seen the Close');
  await all.carrier.empty();
});

t.test('an app that reads no more keeps nobody longer than the limit', async (t) => {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const one = await openWebSocket(opened);
  one.app.pause();
  const flood = frame(2, 'f'.repeat(60_000), { mask: true });
  for (let times = 0; !one.tunnel.client.isPaused(); times++) {
    if (times > 10_000) throw new Error('it is never full');
    one.client.send(flood);
    await new Promise((resolve) => setImmediate(resolve));
  }
  one.tunnel.sayFarewell();
  await one.client.got(one.before.client + CLOSE.length);
  one.client.send(CLOSE_REPLY);
  opened.carrier.clock.advance(FAREWELL_MS_MAX);
  await one.client.left();
  t.equal(heardBy(one).client, CLOSE);
  one.app.destroy();
  await opened.carrier.empty();
  t.notOk(one.tunnel.hasParted, 'its answer was never read');
});
