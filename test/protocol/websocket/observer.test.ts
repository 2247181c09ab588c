/**
 * What the observer of a WebSocket says of goodbyes: where one can stand, who has said one, and
 * that it stops behind whole frames when it is asked to, wherever the bytes are cut.
 */
import t from 'tap';
import type { Facts } from '../../../src/protocol/contract.js';
import { createWebSocketObserver } from '../../../src/protocol/websocket/observer.js';
import { bytesOf } from '../../peers/peer.js';
import { CLOSE, CLOSE_REPLY, frame } from '../../peers/talks.js';

const FACTS: Facts = {
  carries: () => undefined,
  follows: () => undefined,
  preambled: () => undefined,
  exchangeBegan: () => undefined,
  exchangeKnown: () => undefined,
  answered: () => undefined,
  exchangeEnded: () => undefined,
  gaveUp: (reason) => {
    throw new Error(reason);
  },
};

const FRAMES = [
  frame(1, 'hello'),
  frame(9, ''),
  frame(2, 'x'.repeat(126)),
  frame(1, 'a', { fin: false }),
  frame(10, 'pong'),
  frame(0, 'b', { rsv1: true }),
];
const TEXT = FRAMES.join('');

function framesEnd(): number[] {
  let end = 0;
  return FRAMES.map((one) => (end += one.length));
}

/** Where it stops with a mark, of the text in pieces that end at `cut`. */
function stopsAt(cut: number): number[] {
  const observer = createWebSocketObserver(FACTS);
  observer.stops = true;
  const stops: number[] = [];
  for (const [start, piece] of [
    [0, TEXT.slice(0, cut)],
    [cut, TEXT.slice(cut)],
  ] as const) {
    const bytes = bytesOf(piece);
    for (let at = 0; at < bytes.length;) {
      at = observer.fromApp(bytes, at);
      if (observer.mark === 'boundary') stops.push(start + at);
      else if (at < bytes.length) throw new Error(`stopped at ${start + at} for nothing`);
    }
  }
  return stops;
}

t.test('it stops behind every frame, wherever the bytes are cut', (t) => {
  const ends = framesEnd();
  for (let cut = 0; cut <= TEXT.length; cut++) {
    const seen = stopsAt(cut);
    if (seen.join() !== ends.join()) t.same(seen, ends, `cut at ${cut}`);
  }
  t.end();
});

t.test('not asked to stop, it reads on', (t) => {
  const observer = createWebSocketObserver(FACTS);
  t.equal(observer.fromApp(bytesOf(TEXT), 0), TEXT.length);
  t.equal(observer.mark, 'none');
  t.end();
});

t.test("a Close can stand behind each of the app's frames, and within none", (t) => {
  const ends = new Set([0, ...framesEnd()]);
  const observer = createWebSocketObserver(FACTS);
  for (let at = 0; at <= TEXT.length; at++) {
    t.equal(observer.farewell(), ends.has(at) ? 'close' : 'not-yet');
    if (at < TEXT.length) observer.fromApp(bytesOf(TEXT[at]), 0);
  }
  t.end();
});

t.test("where the client's frames end does not matter", (t) => {
  const observer = createWebSocketObserver(FACTS);
  for (const byte of frame(1, 'hello', { mask: true })) {
    observer.fromClient(bytesOf(byte), 0);
    t.equal(observer.farewell(), 'close');
  }
  t.end();
});

t.test(
  "behind a whole Close of either side there is nothing to say; the client's is known",
  (t) => {
    for (const [side, close] of [
      ['fromClient', CLOSE_REPLY],
      ['fromApp', CLOSE],
    ] as const) {
      const observer = createWebSocketObserver(FACTS);
      for (let at = 0; at < close.length; at++) {
        const before = side === 'fromClient' || at === 0 ? 'close' : 'not-yet';
        t.equal(observer.farewell(), before, `${side} ${at}`);
        t.notOk(observer.clientClosed);
        t.notOk(observer.appOwesClose);
        observer[side](bytesOf(close[at]), 0);
      }
      t.equal(observer.farewell(), 'none');
      t.equal(observer.clientClosed, side === 'fromClient');
      t.equal(observer.appOwesClose, side === 'fromClient');
      observer[side === 'fromClient' ? 'fromApp' : 'fromClient'](bytesOf(CLOSE), 0);
      t.notOk(observer.appOwesClose, 'both have closed');
    }
    t.end();
  },
);
