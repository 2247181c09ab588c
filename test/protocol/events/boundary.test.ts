/**
 * Where an event stream may be ended, held against a plain splitter over whole texts: on every
 * text of a few bytes, cut everywhere.
 */
import t from 'tap';
import {
  isEventBoundary,
  nextEventBoundary,
  STREAM_START,
  tailAfter,
} from '../../../src/protocol/events/boundary.js';

const LENGTH_MAX = 7;

function textsUpTo(lengthMax: number): string[] {
  const texts = [''];
  for (const text of texts) {
    if (text.length < lengthMax) texts.push(...['a', '\r', '\n'].map((byte) => text + byte));
  }
  return texts;
}

const TEXTS = textsUpTo(LENGTH_MAX).map((text) => ({ text, bytes: Buffer.from(text) }));

/** By lines, as the standard has them: nothing has been said, or the last line said is blank. */
function endsEvent(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/);
  return text === '' || (lines.at(-1) === '' && lines.at(-2) === '');
}

/** The first boundary behind `from` that is not within a CRLF of which both bytes are there. */
function firstBoundary(text: string, from: number): number {
  for (let at = from + 1; at <= text.length; at++) {
    if (endsEvent(text.slice(0, at)) && text.slice(at - 1, at + 1) !== '\r\n') return at;
  }
  return -1;
}

function tailOf(bytes: Uint8Array): number {
  return tailAfter(STREAM_START, bytes, 0, bytes.length);
}

/** Every offset of every text: what differs from the reference, if anything. */
function differences(look: (text: string, bytes: Buffer, cut: number) => unknown[]): unknown[] {
  return TEXTS.flatMap(({ text, bytes }) =>
    Array.from({ length: text.length + 1 }, (_, cut) => look(text, bytes, cut)).flat(),
  );
}

t.test('the start is a boundary, and so is what the rules name', (t) => {
  t.ok(isEventBoundary(STREAM_START));
  const ends = ['\n\n', '\r\r', '\n\r', '\r\n\r', '\r\n\r\n', '\r\n\n', '\r\r\n', '\n\r\n'];
  for (const end of ends) t.ok(isEventBoundary(tailOf(Buffer.from(`data: x${end}`))), escape(end));
  for (const end of ['', '\n', '\r', '\r\n']) {
    t.notOk(isEventBoundary(tailOf(Buffer.from(`data: x${end}`))), `not ${escape(end)}`);
  }
  t.end();
});

t.test('bytes that are no line ends never make a boundary', (t) => {
  for (let byte = 0; byte < 256; byte++) {
    if (byte === 10 || byte === 13) continue;
    for (const end of ['', '\n', '\r', '\r\n']) {
      const tail = tailOf(Buffer.concat([Buffer.from('\n\n'), Buffer.of(byte), Buffer.from(end)]));
      if (isEventBoundary(tail)) t.fail(`${byte} ${escape(end)}`);
    }
  }
  t.end();
});

t.test('whether it is a boundary agrees with the splitter on every text', (t) => {
  t.equal(TEXTS.length, (3 ** (LENGTH_MAX + 1) - 1) / 2);
  const wrong = TEXTS.filter(
    ({ text, bytes }) => isEventBoundary(tailOf(bytes)) !== endsEvent(text),
  );
  t.same(wrong, []);
  t.end();
});

t.test('the state is the same wherever the content was cut, and byte by byte', (t) => {
  const wrong = differences((text, bytes, cut) => {
    const whole = tailOf(bytes);
    const halves = tailAfter(tailAfter(STREAM_START, bytes, 0, cut), bytes, cut, bytes.length);
    let single = STREAM_START;
    for (let at = 0; at < bytes.length; at++) single = tailAfter(single, bytes, at, at + 1);
    return halves === whole && single === whole ? [] : [{ text, cut }];
  });
  t.same(wrong, []);
  t.end();
});

t.test('the state is a small integer, and an empty run leaves it', (t) => {
  const tail = tailOf(Buffer.of(0xff, 0xff, 0xff, 0xff));
  t.ok(tail > 0 && tail < 2 ** 30);
  t.equal(tailAfter(tail, Buffer.from('\n\n'), 1, 1), tail);
  t.equal(nextEventBoundary(STREAM_START, Buffer.from('\n\n'), 1, 1), -1);
  t.end();
});

t.test('the next boundary agrees with the splitter on every text from every cut', (t) => {
  const wrong = differences((text, bytes, cut) => {
    const tail = tailAfter(STREAM_START, bytes, 0, cut);
    const found = nextEventBoundary(tail, bytes, cut, bytes.length);
    return found === firstBoundary(text, cut) ? [] : [{ text, cut, found }];
  });
  t.same(wrong, []);
  t.end();
});

t.test('the next boundary sees nothing of what is outside of its run', (t) => {
  const wrong = differences((text, bytes, cut) => {
    // What is behind the run would make a boundary, or have a CRLF go on.
    const chunk = Buffer.concat([Buffer.from('\n\n'), bytes, Buffer.from('\n\n')]);
    const tail = tailAfter(STREAM_START, bytes, 0, cut);
    const found = nextEventBoundary(tail, chunk, 2 + cut, 2 + bytes.length);
    const wanted = firstBoundary(text, cut);
    return found === (wanted === -1 ? -1 : 2 + wanted) ? [] : [{ text, cut, found }];
  });
  t.same(wrong, []);
  t.end();
});

t.test(
  'a boundary between the CR and the LF of two runs is one, and goes on behind the LF',
  (t) => {
    const first = Buffer.from('data: x\r\n\r');
    t.equal(nextEventBoundary(STREAM_START, first, 0, first.length), first.length);
    const tail = tailOf(first);
    t.ok(isEventBoundary(tail));
    t.equal(nextEventBoundary(tail, Buffer.from('\ndata: y\n'), 0, 9), 1);
    t.end();
  },
);

/** What a client dispatches: the data of each event whose blank line has come. */
function dispatched(text: string): string[] {
  const events: string[] = [];
  let data: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line === '' && data.length > 0) events.push(data.join('\n'));
    if (line === '') data = [];
    else if (!line.startsWith('retry:')) data.push(line);
  }
  return events;
}

t.test('a retry field at a boundary changes no event, and elsewhere it would split one', (t) => {
  const retry = 'retry: 1\n\nLOST';
  const wrong = TEXTS.filter(({ text, bytes }) => {
    const splits = dispatched(text + retry).length !== dispatched(text).length;
    const midLine = !/[\r\n]$/.test(text) && text !== '';
    return isEventBoundary(tailOf(bytes)) === (splits || midLine);
  });
  t.same(wrong, []);
  t.end();
});

function escape(text: string): string {
  return JSON.stringify(text);
}
