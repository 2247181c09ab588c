/**
 * A client whose app was let go of behind the goodbye of its event stream: its next request is
 * answered by a new connection of the app's, each end of its waiting is the right one, and no count drifts.
 */
import t, { type Test } from 'tap';
import { FAREWELL_MS_MAX } from '../../src/tunnel/parting.js';
import { LINGER_MS } from '../../src/tunnel/refusal.js';
import { KEPT_MS_MAX } from '../../src/tunnel/reopening.js';
import {
  type CarrierOptions,
  type CarrierWithApp,
  openCarrier,
  turnsUntil,
} from '../peers/carrier.js';
import { Peer } from '../peers/peer.js';
import { appSays, GET, type Talk, talk } from '../peers/talks.js';
import { until } from '../peers/until.js';

const OK = 'HTTP/1.1 200 OK\r\n';
const TYPE = 'Content-Type: text/event-stream\r\n';
const STREAM = `${OK}${TYPE}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n`;
const GOODBYE = 'd\r\nretry: 2000\n\n\r\n0\r\n\r\n';
const ANSWER = `${OK}Content-Length: 2\r\n\r\nab`;
const LAST_ANSWER = `${OK}Content-Length: 2\r\nConnection: close\r\n\r\nab`;

interface Kept extends CarrierWithApp {
  readonly one: Talk;
}

/** A stream has got its goodbye in a drain, and its client waits without an app. */
async function keep(t: Test, options: CarrierOptions = {}, asked = GET): Promise<Kept> {
  const opened = await openCarrier(t, options);
  const one = await talk(opened, asked, STREAM);
  opened.carrier.policy.isDraining = true;
  opened.carrier.tracker.isLate = true;
  one.tunnel.sayFarewell();
  await one.client.got(one.before.client + GOODBYE.length);
  await turnsUntil(() => !one.tunnel.active, 'the stream is over');
  await one.app.ended();
  return { ...opened, one };
}

/** The client asks once more, and hears `answer` of a new app connection. */
async function asksAgain({ app, one }: Kept): Promise<Peer> {
  one.client.send(GET);
  const next = await app.accepted();
  await next.gotText(GET);
  return next;
}

t.test('the next request is answered by a new app connection, with the farewell', async (t) => {
  const kept = await keep(t);
  const { carrier, one } = kept;
  const { tracker } = carrier;
  t.same(carrier.open, { tunnels: 1, active: 0, idle: 1, requests: 0 });
  t.same([tracker.farewell, tracker.finished, tracker.cut], [1, 0, 0], 'the stream has parted');
  const next = await asksAgain(kept);
  t.same(carrier.open, { tunnels: 1, active: 1, idle: 0, requests: 1 });
  next.send(ANSWER);
  await one.client.ended();
  t.ok(one.client.text.endsWith(`${GOODBYE}${LAST_ANSWER}`));
  one.client.end();
  next.end();
  one.app.end();
  await carrier.empty();
  t.same([tracker.farewell, tracker.finished, tracker.cut], [1, 1, 0]);
  t.same([tracker.openedAs.http1, tracker.openedAs.sse, tracker.openedAs.tcp], [1, 1, 0]);
  t.equal(tracker.closedBy.http1.drain, 1);
  t.same(carrier.about('fault'), []);
});

t.test('a drain that was taken back leaves it as any other connection', async (t) => {
  const kept = await keep(t);
  const { carrier, one } = kept;
  carrier.policy.isDraining = false;
  const next = await asksAgain(kept);
  for (let times = 0; times < 3; times++) {
    next.send(ANSWER);
    await one.client.got(one.before.client + GOODBYE.length + ANSWER.length * (times + 1));
    one.client.send(GET);
    await next.got(GET.length * (times + 2));
  }
  t.equal(one.tunnel.kind, 'http1');
  next.send(ANSWER);
  await until(() => !one.tunnel.active, 'all is answered');
  carrier.clock.advance(LINGER_MS + KEPT_MS_MAX);
  t.equal(one.client.leaving, 'open', 'no timer is left of its waiting');
  next.end();
  await one.client.ended();
  one.client.end();
  await carrier.empty();
  t.equal(carrier.tracker.closedBy.http1.app, 1);
});

t.test('a second stream is said goodbye to for itself', async (t) => {
  const kept = await keep(t);
  const { carrier, one } = kept;
  carrier.policy.isDraining = false;
  const next = await asksAgain(kept);
  next.send(STREAM);
  await until(() => one.tunnel.kind === 'sse', 'it is a stream again');
  one.tunnel.sayFarewell();
  await next.ended();
  await turnsUntil(() => !one.tunnel.active, 'it is over');
  t.equal(carrier.tracker.farewell, 2);
  one.client.end();
  next.end();
  one.app.end();
  await carrier.empty();
  t.same([carrier.tracker.openedAs.http1, carrier.tracker.openedAs.sse], [1, 2]);
});

t.test('what the client has sent in bytes of their own arrives whole', async (t) => {
  const kept = await keep(t);
  const { app, one } = kept;
  const sent = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n${'b'.repeat(70_000)}`;
  for (const byte of sent.slice(0, 60)) one.client.send(byte);
  one.client.send(sent.slice(60));
  const next = await app.accepted();
  await next.got(sent.length);
  t.equal(next.text, sent);
  t.equal(one.tunnel.exchangesOpen, 1);
});

t.test('a client that says nothing is ended, and lingers for a while', async (t) => {
  const { carrier, one } = await keep(t);
  one.app.end();
  carrier.clock.advance(KEPT_MS_MAX - 1);
  t.notOk(one.tunnel.isParting);
  carrier.clock.advance(1);
  t.ok(one.tunnel.isParting);
  await one.client.ended();
  one.client.send(GET);
  await until(() => one.tunnel.client.bytesRead === 2 * GET.length, 'it crosses the end');
  t.equal(one.tunnel.active, false);
  carrier.clock.advance(LINGER_MS);
  await carrier.empty();
  t.equal(carrier.tracker.closedBy.http1.drain, 1);
  t.equal(carrier.tracker.farewell, 1, 'its stream had parted, and nothing else was at work');
});

t.test('no client is kept for longer than idle ones are', async (t) => {
  const { carrier, one } = await keep(t, { policy: { idleFarewellMs: 100 } });
  carrier.clock.advance(100);
  await one.client.ended();
});

t.test('an idle end is told at once, and told again it changes nothing', async (t) => {
  const { carrier, one } = await keep(t);
  one.tunnel.endIdle();
  t.ok(one.tunnel.isParting);
  one.tunnel.endIdle();
  one.tunnel.sayFarewell();
  await one.client.ended();
  one.client.end();
  one.app.end();
  await carrier.empty();
  t.equal(carrier.tracker.closedBy.http1.drain, 1);
});

for (const [name, leave] of [
  ['ends', (client: Peer) => client.end()],
  ['resets', (client: Peer) => client.reset()],
] as const) {
  t.test(`a client that ${name} while it waits is gone`, async (t) => {
    const { carrier, one } = await keep(t);
    leave(one.client);
    one.app.end();
    await carrier.empty();
    t.equal(carrier.tracker.closedBy.http1.client, 1);
    t.same([carrier.tracker.farewell, carrier.tracker.cut], [1, 0]);
  });
}

t.test('a client that is cut while it waits is gone, and nothing of it was cut', async (t) => {
  const { carrier, one } = await keep(t);
  one.tunnel.cut('deadline');
  one.app.end();
  await one.client.left();
  await carrier.empty();
  t.same([carrier.tracker.farewell, carrier.tracker.cut], [1, 0]);
});

t.test('the app hears of its client by a PROXY preamble anew', async (t) => {
  const opened = await openCarrier(t, { policy: { proxyProtocol: 'v1' } });
  const one = await talkBehindPreamble(opened);
  one.tunnel.sayFarewell();
  await one.app.ended();
  one.client.send(GET);
  const next = await opened.app.accepted();
  await next.gotText(GET);
  t.match(next.text, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET /);
  t.equal(next.text.split('\r\n')[0], one.app.text.split('\r\n')[0]);
});

async function talkBehindPreamble({ carrier, app }: CarrierWithApp): Promise<Talk> {
  const client = await Peer.connect(carrier.at);
  client.send(GET);
  const accepted = await app.accepted();
  await accepted.gotText(GET);
  accepted.send(STREAM);
  await client.got(STREAM.length);
  const tunnel = await carrier.tunnel();
  const before = { client: STREAM.length, app: accepted.text.length };
  return { client, app: accepted, tunnel, before };
}

t.test('each app connection is told the client by a line of its own', async (t) => {
  const kept = await keep(t, { policy: { forwarded: 'if-absent' } });
  const { app, one } = kept;
  one.client.send(GET.slice(0, -1)); // its last LF comes later
  const next = await app.accepted();
  await next.gotText('Host');
  one.client.send('\n');
  await next.gotText('\r\n\r\n');
  t.equal(next.text, GET.replace(/\r\n$/, 'X-Forwarded-For: 127.0.0.1\r\n\r\n'));
});

t.test('an app that is gone by then is dialled until the time is up; then 503', async (t) => {
  const { carrier, app, one } = await keep(t, { policy: { appConnectTimeoutMs: 1_000 } });
  await app.close();
  one.client.send(GET);
  await until(() => carrier.tracker.appConnectErrors > 0, 'it is refused');
  t.ok(one.tunnel.active);
  for (let times = 0; times < 50 && !one.tunnel.isRefused; times++) {
    carrier.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await one.client.gotText('503');
  await one.client.ended();
  one.client.end();
  await carrier.empty();
  t.equal(carrier.tracker.answeredClass[5], 1);
});

for (const [name, asked, head] of [
  [
    'its client said that it would close',
    GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    STREAM,
  ],
  ['its app said that it would close', GET, STREAM.replace(TYPE, `${TYPE}Connection: close\r\n`)],
  ['it is of HTTP/1.0', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', STREAM],
  ['its answer is of HTTP/1.0', GET, STREAM.replace('1.1', '1.0')],
  ['another request was sent behind it', GET + GET, STREAM],
  ['another request has begun behind it', `${GET}G`, STREAM],
  ['it came behind a PROXY preamble', `PROXY UNKNOWN\r\n${GET}`, STREAM],
] as const) {
  t.test(`a stream ends with its connection if ${name}`, async (t) => {
    const opened = await openCarrier(t);
    const one = await talk(opened, asked, head);
    one.tunnel.sayFarewell();
    await one.client.ended();
    await one.app.ended();
    one.client.end();
    one.app.end();
    await opened.carrier.empty();
    t.equal(opened.carrier.tracker.closedBy.sse.drain, 1);
  });
}

t.test('a stream that is ended by force ends with its connection', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, STREAM);
  one.tunnel.sayFarewell(false);
  await one.client.ended();
});

t.test(
  'a slow reader is kept once it has the last chunk, with what it said meanwhile',
  async (t) => {
    const opened = await openCarrier(t);
    const { carrier, app } = opened;
    const one = await talk(opened, GET, STREAM);
    const flooded = await flood(one);
    one.tunnel.sayFarewell();
    await one.app.ended();
    one.client.send(GET);
    t.ok(one.tunnel.isParting);
    t.ok(one.tunnel.active, 'its stream is not over');
    carrier.clock.advance(FAREWELL_MS_MAX - 1);
    one.client.resume();
    await one.client.got(one.before.client + flooded + GOODBYE.length);
    const next = await app.accepted();
    await next.gotText(GET);
    next.send(ANSWER);
    await one.client.gotText(`${GOODBYE}${OK}`);
    carrier.clock.advance(FAREWELL_MS_MAX);
    t.notOk(one.tunnel.isOver, 'no limit is left of it');
  },
);

t.test('a reader who is too slow for the last chunk is reset', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, STREAM);
  opened.carrier.tracker.isLate = true;
  await flood(one);
  one.tunnel.sayFarewell();
  await one.app.ended();
  one.app.end();
  opened.carrier.clock.advance(FAREWELL_MS_MAX);
  one.client.resume();
  t.equal(await one.client.left(), 'reset');
  await opened.carrier.empty();
  t.same([opened.carrier.tracker.farewell, opened.carrier.tracker.cut], [0, 1]);
});

/** The app says more than fits on the way to a client that reads nothing. */
async function flood(one: Talk): Promise<number> {
  const content = `ea60\r\n${':'.repeat(59_998)}\n\n\r\n`;
  let said = 0;
  one.client.pause();
  while (one.tunnel.app?.isPaused() === false) {
    appSays(one, content);
    said += content.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return said;
}
