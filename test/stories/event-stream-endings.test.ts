/**
 * Which answers are event streams and which are not, and what becomes of a stream's two sides once
 * it was ended: the client's, the app's, and requests that were sent with it.
 */
import t, { type Test } from 'tap';
import { FAREWELL_MS_MAX } from '../../src/tunnel/parting.js';
import { LINGER_MS } from '../../src/tunnel/refusal.js';
import { type CarrierWithApp, openCarrier, turnsUntil } from '../peers/carrier.js';
import { appSays, GET, heardBy, type Talk, talk } from '../peers/talks.js';
import { until } from '../peers/until.js';

const EVENT = '9\r\ndata: a\n\n\r\n';
const TYPE = 'Content-Type: text/event-stream\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const STREAM = `HTTP/1.1 200 OK\r\n${TYPE}${CHUNKED}\r\n`;
const LAST_EVENT = 'd\r\nretry: 2000\n\n\r\n0\r\n\r\n';

/** Both sides have heard the end; they end, too, and nothing is left. */
async function parts(t: Test, { carrier }: CarrierWithApp, one: Talk): Promise<void> {
  await one.client.ended();
  await one.app.ended();
  one.client.end();
  one.app.end();
  await carrier.empty();
  t.ok(one.tunnel.hasParted);
  t.equal(carrier.tracker.closedBy.sse.drain, 1);
}

/** The app has heard the end, the client none: it goes on until it ends by itself. */
async function isKept(t: Test, { carrier }: CarrierWithApp, one: Talk): Promise<void> {
  await one.app.ended();
  one.app.end();
  await turnsUntil(() => !one.tunnel.active, 'it is idle');
  t.equal(one.tunnel.kind, 'http1');
  t.equal(one.client.leaving, 'open');
  one.client.end();
  await carrier.empty();
  t.equal(carrier.tracker.closedBy.http1.client, 1);
}

for (const type of [
  'text/event-stream',
  'Text/Event-Stream',
  'TEXT/EVENT-STREAM;charset=utf-8',
  'text/event-stream; charset=utf-8',
  'text/event-stream ;a="b;c"',
  '\ttext/event-stream\t',
]) {
  t.test(`an answer of type ${JSON.stringify(type)} is an event stream`, async (t) => {
    const opened = await openCarrier(t);
    const head = `HTTP/1.1 200 OK\r\ncOnTeNt-TyPe:${type}\r\n${CHUNKED}\r\n`;
    const one = await talk(opened, GET, head + EVENT);
    t.equal(one.tunnel.kind, 'sse');
    one.tunnel.sayFarewell();
    await isKept(t, opened, one);
    t.equal(heardBy(one).client, LAST_EVENT);
  });
}

const OK = 'HTTP/1.1 200 OK\r\n';
for (const [name, asked, head] of [
  ['a longer type', GET, `${OK}Content-Type: text/event-streams\r\n${CHUNKED}\r\n`],
  ['another type', GET, `${OK}Content-Type: text/plain\r\n${CHUNKED}\r\n`],
  ['the type as a parameter', GET, `${OK}Content-Type: a/b; c=text/event-stream\r\n${CHUNKED}\r\n`],
  ['the type in another field', GET, `${OK}Accept: text/event-stream\r\n${CHUNKED}\r\n`],
  ['no type, but the path', GET.replace('/', '/events'), `${OK}${CHUNKED}\r\n`],
  [
    'no type, but asked for',
    `${GET.slice(0, -2)}Accept: text/event-stream\r\n\r\n`,
    `${OK}${CHUNKED}\r\n`,
  ],
  ['status 201', GET, `HTTP/1.1 201 Created\r\n${TYPE}${CHUNKED}\r\n`],
  ['status 503', GET, `HTTP/1.1 503 Service Unavailable\r\n${TYPE}${CHUNKED}\r\n`],
] as const) {
  t.test(`${name} makes no event stream: nothing is said, and it goes on`, async (t) => {
    for (const isDraining of [false, true]) {
      const opened = await openCarrier(t);
      const one = await talk(opened, asked, head + EVENT);
      opened.carrier.policy.isDraining = isDraining;
      t.equal(one.tunnel.kind, 'http1');
      one.tunnel.sayFarewell();
      t.notOk(one.tunnel.hasSaidFarewell);
      one.app.send(`${EVENT}0\r\n\r\n`);
      await one.client.got(one.before.client + EVENT.length + 5);
      t.equal(heardBy(one).client, `${EVENT}0\r\n\r\n`);
      t.notOk(one.tunnel.active, 'it is whole');
      one.client.end();
      one.app.end();
      await opened.carrier.empty();
    }
  });
}

t.test('a stream that announces its length is an ordinary answer', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, `${OK}${TYPE}Content-Length: 18\r\n\r\ndata: a\n\n`);
  one.tunnel.sayFarewell();
  t.equal(one.tunnel.kind, 'http1');
  one.app.send('data: b\n\n');
  await one.client.got(one.before.client + 9);
  t.equal(heardBy(one).client, 'data: b\n\n');
  t.notOk(one.tunnel.hasSaidFarewell);
});

t.test('a stream that never comes to the end of an event is reset when it is cut', async (t) => {
  for (const [head, rest] of [
    [STREAM + EVENT, '11\r\ndata: without end\r\n'],
    [STREAM + EVENT, '99\r\ndata: a\n\n'],
    [`${OK}${TYPE}\r\n`, 'data: without end'],
  ]) {
    const opened = await openCarrier(t);
    const one = await talk(opened, GET, head);
    appSays(one, rest);
    one.tunnel.sayFarewell();
    await one.client.got(one.before.client + rest.length);
    t.notOk(one.tunnel.isParting);
    one.tunnel.cut('deadline');
    t.equal(await one.client.left(), 'reset');
    t.equal(await one.app.left(), 'reset');
    t.notOk(one.tunnel.hasParted);
    await opened.carrier.empty();
  }
});

t.test(
  'a stream of HTTP/1.0, or of neither length nor chunks, ends with its client told',
  async (t) => {
    for (const [asked, version] of [
      [GET, '1.1'],
      ['GET / HTTP/1.0\r\n\r\n', '1.0'],
      ['GET / HTTP/1.0\r\n\r\n', '1.1'],
    ]) {
      const opened = await openCarrier(t);
      const one = await talk(opened, asked, `HTTP/${version} 200 OK\r\n${TYPE}\r\ndata: a\n\nid`);
      one.tunnel.sayFarewell();
      appSays(one, ': 7\n', '\ndata: b\n\n');
      await parts(t, opened, one);
      t.equal(heardBy(one).client, ': 7\n\nretry: 2000\n\n');
    }
  },
);

t.test('a coded stream that ends with its connection just ends', async (t) => {
  const opened = await openCarrier(t);
  const head = `${OK}${TYPE}Content-Encoding: br\r\n\r\n`;
  const one = await talk(opened, GET, `${head}abc`);
  one.tunnel.sayFarewell();
  await parts(t, opened, one);
  t.equal(heardBy(one).client, '');
});

t.test('a stream whose content is coded as identity is a plain one', async (t) => {
  const opened = await openCarrier(t);
  const head = `${OK}${TYPE}Content-Encoding: identity\r\n${CHUNKED}\r\n`;
  const one = await talk(opened, GET, head + EVENT);
  one.tunnel.sayFarewell();
  await isKept(t, opened, one);
  t.equal(heardBy(one).client, LAST_EVENT);
});

t.test(
  'a stream that begins in the drain says so in its head, and ends like any other',
  async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    const one = await talk(opened, GET, STREAM + EVENT);
    const head = STREAM.replace(/\r\n$/, 'Connection: close\r\n\r\n');
    await one.client.got(head.length + EVENT.length);
    one.tunnel.sayFarewell();
    await parts(t, opened, one);
    t.equal(one.client.text, head + EVENT + LAST_EVENT);
  },
);

t.test('a stream behind the answer to an earlier request ends like any other', async (t) => {
  const first = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab';
  for (const isDraining of [false, true]) {
    const opened = await openCarrier(t);
    const one = await talk(opened, GET + GET, first);
    one.tunnel.sayFarewell();
    opened.carrier.policy.isDraining = isDraining;
    appSays(one, STREAM + EVENT.slice(0, 5));
    t.notOk(one.tunnel.hasSaidFarewell, 'it was asked for before there was a stream');
    one.tunnel.sayFarewell();
    appSays(one, EVENT.slice(5) + EVENT);
    // In a drain its head has said that the connection ends.
    await (isDraining ? parts : isKept)(t, opened, one);
    t.ok(heardBy(one).client.endsWith(`\r\n\r\n${EVENT}${LAST_EVENT}`));
  }
});

t.test('a request behind a stream is not answered once the stream was ended', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET + GET, STREAM + EVENT);
  one.tunnel.sayFarewell();
  one.client.send(GET);
  await parts(t, opened, one);
  t.same(heardBy(one), { client: LAST_EVENT, app: '' });
  t.equal(opened.carrier.tracker.requestsInFlight, 0);
});

t.test('a stream that has just ended by itself leaves a connection that goes on', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, STREAM);
  appSays(one, EVENT.slice(0, 3));
  one.tunnel.sayFarewell();
  appSays(one, `${EVENT.slice(3)}`.replace('\n\n', '\nx'), '0\r\n\r\n');
  t.equal(one.tunnel.kind, 'http1');
  one.tunnel.sayFarewell();
  t.notOk(one.tunnel.hasSaidFarewell);
  one.client.send(GET);
  await one.app.got(one.before.app + GET.length);
  one.app.send('HTTP/1.1 204 No Content\r\n\r\n');
  await one.client.gotText('204');
});

t.test(
  'an app that does not end is gone by the limit, and what it says is discarded',
  async (t) => {
    const opened = await openCarrier(t);
    const one = await talk(opened, GET, STREAM + EVENT);
    const { app } = one.tunnel;
    one.tunnel.sayFarewell();
    await one.app.ended();
    for (let times = 0; times < 50; times++) one.app.send('x'.repeat(65_536));
    await until(() => app !== undefined && app.bytesRead > 50 * 65_536, 'it is read all the same');
    one.client.end();
    await one.client.gone();
    t.ok(one.tunnel.isOver, 'nobody waits for the app');
    opened.carrier.clock.advance(LINGER_MS);
    await one.app.left();
    await opened.carrier.empty();
    t.equal(heardBy(one).client, LAST_EVENT);
  },
);

t.test('a client that does not end is gone by the limit, and has not parted', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, `${OK}${TYPE}\r\ndata: a\n\n`);
  one.tunnel.sayFarewell();
  await one.client.ended();
  await one.app.ended();
  one.app.end();
  opened.carrier.clock.advance(FAREWELL_MS_MAX - 1);
  t.notOk(one.tunnel.isOver);
  opened.carrier.clock.advance(1);
  await opened.carrier.empty();
  t.equal(heardBy(one).client, 'retry: 2000\n\n');
  t.notOk(one.tunnel.hasParted);
});

t.test('a client that had sent its end before has parted as soon as it is told', async (t) => {
  const opened = await openCarrier(t);
  const one = await talk(opened, GET, STREAM + EVENT);
  one.client.end();
  await one.app.ended();
  one.tunnel.sayFarewell();
  await one.client.ended();
  one.app.end();
  await opened.carrier.empty();
  t.equal(heardBy(one).client, LAST_EVENT);
  t.ok(one.tunnel.hasParted);
});

t.test('a client that reads nothing is reset, and its stream does not look whole', async (t) => {
  const content = `${':'.repeat(59_998)}\n\n`;
  for (const [head, flood] of [
    [STREAM, `ea60\r\n${content}\r\n`],
    [`${OK}${TYPE}\r\n`, content],
  ]) {
    const opened = await openCarrier(t);
    const one = await talk(opened, GET, head);
    one.client.pause();
    for (let times = 0; one.tunnel.app?.isPaused() === false; times++) {
      if (times > 10_000) throw new Error('it is never full');
      appSays(one, flood);
      await new Promise((resolve) => setImmediate(resolve));
    }
    one.tunnel.sayFarewell();
    opened.carrier.clock.advance(FAREWELL_MS_MAX);
    await one.app.left();
    one.client.resume();
    t.equal(await one.client.left(), 'reset');
    t.notOk(one.tunnel.hasParted);
    one.app.destroy();
    await opened.carrier.empty();
  }
});
