/**
 * Where the Close of a WebSocket goes in: behind a whole frame, wherever it was asked for and
 * however the bytes were cut, once, with nothing of the app's behind it. Bytes are compared exactly.
 */
import t, { type Test } from 'tap';
import { type CarrierWithApp, openCarrier } from '../peers/carrier.js';
import {
  appSays,
  byteByByte,
  CLOSE,
  CLOSE_REPLY,
  cutAt,
  frame,
  heardBy,
  openWebSocket,
  type Talk,
  whole,
} from '../peers/talks.js';

const TEXT = 1;
const BINARY = 2;
const PING = 9;
const PONG = 10;
/** Eight bytes of length where one would do: nobody should, but it can be counted. */
const LONG_LENGTH = '\x82\x7f\0\0\0\0\0\0\0\x03abc';

const SHORT = [
  frame(TEXT, 'hello'),
  frame(PING, ''),
  frame(TEXT, 'a', { fin: false }),
  frame(PONG, 'b'),
  frame(0, '', { fin: false }),
  frame(0, 'c'),
  LONG_LENGTH,
];
const FRAMES = [
  ...SHORT,
  frame(BINARY, 'x'.repeat(126)),
  frame(TEXT, 'deflated', { rsv1: true }),
  frame(TEXT, 'de', { rsv1: true, fin: false }),
  frame(PING, 'between'),
  frame(0, 'flated'),
  frame(PING, 'p'.repeat(125)),
  frame(BINARY, ''),
];

/** Up to the end of the frame that position `at` is in; none if it is between two. */
function wholeFrames(frames: readonly string[], at: number): string {
  let passed = '';
  for (const one of frames) {
    if (passed.length >= at) break;
    passed += one;
  }
  return passed;
}

/** The Close has come: the client answers it, both sides end, and nothing is left. */
async function partsInOrder(t: Test, all: Talk, said: string): Promise<void> {
  const { client, app, tunnel, before } = all;
  await client.got(before.client + said.length + CLOSE.length);
  appSays(all, frame(TEXT, 'too late'));
  client.send(CLOSE_REPLY);
  await client.ended();
  client.end();
  appSays(all, CLOSE_REPLY);
  await app.ended();
  app.end();
  await client.gone();
  const heard = heardBy(all);
  if (heard.client !== said + CLOSE) t.equal(heard.client, said + CLOSE);
  if (heard.app !== CLOSE_REPLY) t.equal(heard.app, CLOSE_REPLY);
  if (!tunnel.hasParted) t.fail('it has not parted');
}

async function saysClose(
  t: Test,
  opened: CarrierWithApp,
  frames: readonly string[],
  cases: readonly { at: number; pieces: (text: string, at: number) => string[] }[],
): Promise<void> {
  const text = frames.join('');
  for (let from = 0; from < cases.length; from += 50) {
    const talks: Promise<void>[] = [];
    for (const { at, pieces } of cases.slice(from, from + 50)) {
      const one = await openWebSocket(opened);
      appSays(one, ...pieces(text.slice(0, at), 0));
      one.tunnel.sayFarewell();
      appSays(one, ...pieces(text.slice(at), at));
      talks.push(partsInOrder(t, one, wholeFrames(frames, at)));
    }
    await Promise.all(talks);
  }
  await opened.carrier.empty();
  t.same(opened.carrier.about('fault'), []);
}

/** Every position of the text, its end included. */
function positions(frames: readonly string[]): number[] {
  return Array.from({ length: frames.join('').length + 1 }, (_, at) => at);
}

for (const [name, pieces] of Object.entries({ whole, byteByByte })) {
  t.test(`a Close asked for at any byte stands behind that byte's frame: ${name}`, async (t) => {
    const opened = await openCarrier(t, { policy: { isDraining: true } });
    await saysClose(
      t,
      opened,
      FRAMES,
      positions(FRAMES).map((at) => ({ at, pieces })),
    );
  });
}

t.test('a Close asked for at any byte stands behind its frame, cut anywhere', async (t) => {
  const opened = await openCarrier(t);
  const cases = positions(SHORT).flatMap((at) =>
    positions(SHORT).map((cut) => ({
      at,
      pieces: (text: string, from: number) => cutAt(text, cut - from),
    })),
  );
  await saysClose(t, opened, SHORT, cases);
});

t.test('a Close stands behind a frame of 70,000 bytes, asked for at its edges', async (t) => {
  const opened = await openCarrier(t);
  const frames = [frame(BINARY, 'y'.repeat(70_000)), frame(TEXT, 'z')];
  const edges = [0, 1, 2, 9, 10, 11, 65_536, 70_009, 70_010, 70_011, 70_012, 70_013];
  await saysClose(
    t,
    opened,
    frames,
    edges.map((at) => ({ at, pieces: whole })),
  );
});

t.test('the Close has the code of the setting', async (t) => {
  const opened = await openCarrier(t, { policy: { websocketCloseCode: 1012 } });
  for (const [code, bytes] of [
    [1012, '\x88\x02\x03\xf4'],
    [4000, '\x88\x02\x0f\xa0'],
  ] as const) {
    opened.carrier.policy.websocketCloseCode = code;
    const one = await openWebSocket(opened);
    one.tunnel.sayFarewell();
    await one.client.got(one.before.client + bytes.length);
    t.equal(heardBy(one).client, bytes);
    one.client.send(CLOSE_REPLY);
    await one.client.ended();
    one.client.end();
    one.app.end();
  }
  await opened.carrier.empty();
});

t.test('asked for twice, and once more behind it, it is said once', async (t) => {
  const opened = await openCarrier(t);
  const one = await openWebSocket(opened);
  appSays(one, '\x81\x02a');
  one.tunnel.sayFarewell();
  one.tunnel.sayFarewell();
  appSays(one, 'b');
  one.tunnel.sayFarewell();
  await partsInOrder(t, one, '\x81\x02ab');
  one.tunnel.sayFarewell();
  await opened.carrier.empty();
  one.tunnel.sayFarewell();
  t.equal(opened.carrier.clock.pending, 0, 'behind its end nothing is begun');
});

/** It carries on as if nobody had asked: no Close of ours comes. */
async function staysOut(t: Test, { carrier }: CarrierWithApp, all: Talk): Promise<void> {
  const { client, app } = all;
  client.end();
  app.end();
  t.equal(await client.left(), 'end');
  t.equal(await app.left(), 'end');
  t.notOk(all.tunnel.hasSaidFarewell);
  t.notOk(all.tunnel.hasParted);
  await carrier.empty();
}

t.test("behind the app's Close there is none of ours, be it whole or half through", async (t) => {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const close = '\x88\x02\x03\xe8';
  for (let at = 1; at <= close.length; at++) {
    const one = await openWebSocket(opened);
    appSays(one, frame(TEXT, 'a') + close.slice(0, at));
    one.tunnel.sayFarewell();
    appSays(one, close.slice(at));
    one.client.send(CLOSE_REPLY);
    await one.app.got(one.before.app + CLOSE_REPLY.length);
    await staysOut(t, opened, one);
    t.equal(heardBy(one).client, frame(TEXT, 'a') + close);
    t.equal(heardBy(one).app, CLOSE_REPLY, 'the answer has passed');
  }
});

t.test("behind the client's Close there is none of ours, and the app answers it", async (t) => {
  const opened = await openCarrier(t, { policy: { isDraining: true } });
  const one = await openWebSocket(opened);
  one.client.send(CLOSE_REPLY);
  await one.app.got(one.before.app + CLOSE_REPLY.length);
  one.tunnel.sayFarewell();
  appSays(one, frame(TEXT, 'last'), CLOSE);
  await staysOut(t, opened, one);
  t.equal(heardBy(one).client, frame(TEXT, 'last') + CLOSE);
});

t.test("a client's Close that is half through crosses ours, and is the answer to it", async (t) => {
  const opened = await openCarrier(t);
  for (let at = 1; at < CLOSE_REPLY.length; at++) {
    const one = await openWebSocket(opened);
    const { client, app, tunnel, before } = one;
    client.send(CLOSE_REPLY.slice(0, at));
    await app.got(before.app + at);
    tunnel.sayFarewell();
    await client.got(before.client + CLOSE.length);
    t.notOk(tunnel.hasParted);
    client.send(CLOSE_REPLY.slice(at));
    await client.ended();
    t.ok(tunnel.hasParted);
    client.end();
    app.end();
    await app.ended();
    t.same(heardBy(one), { client: CLOSE, app: CLOSE_REPLY });
    await opened.carrier.empty();
  }
});

t.test('what a client still says before it answers passes to the app', async (t) => {
  const opened = await openCarrier(t);
  const one = await openWebSocket(opened);
  one.tunnel.sayFarewell();
  const more = frame(TEXT, 'crossed', { mask: true }) + frame(PONG, '', { mask: true });
  one.client.send(more);
  await one.app.got(one.before.app + more.length);
  one.client.send(CLOSE_REPLY);
  await one.client.ended();
  one.client.end();
  one.app.end();
  await one.app.ended();
  t.equal(heardBy(one).app, more + CLOSE_REPLY);
  await opened.carrier.empty();
});

t.test(
  'a frame that turns out to be none, while a Close is due, ends the connection',
  async (t) => {
    for (const isDraining of [true, false]) {
      const opened = await openCarrier(t, { policy: { isDraining } });
      const [begun, rest] = ['\x82\x7f', '\0\x20\0\0\0\0\0\0more'];
      for (const pieces of [whole(rest), byteByByte(rest)]) {
        const one = await openWebSocket(opened);
        appSays(one, begun);
        one.tunnel.sayFarewell();
        appSays(one, ...pieces);
        await one.client.ended();
        await one.app.ended();
        const seen = heardBy(one).client;
        t.ok((begun + rest).startsWith(seen) && seen.length > 3, 'what passed is what was said');
        one.client.end();
        one.app.end();
        await opened.carrier.empty();
      }
      t.same(opened.carrier.about('gaveUp'), ['websocket-frame', 'websocket-frame']);
    }
  },
);

t.test("a client's frame that is none, while a Close is due, ends the connection", async (t) => {
  const opened = await openCarrier(t);
  const one = await openWebSocket(opened);
  appSays(one, '\x81\x02a');
  one.tunnel.sayFarewell();
  one.client.send('\x8fnonsense');
  await one.client.ended();
  await one.app.ended();
  t.same(heardBy(one), { client: '\x81\x02a', app: '\x8fnonsense' });
  one.client.end();
  one.app.end();
  await opened.carrier.empty();
});
