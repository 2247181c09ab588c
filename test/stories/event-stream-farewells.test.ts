/**
 * Where an event stream is ended: behind a whole event, and a whole chunk, wherever it was asked for
 * and however the bytes were cut; what each form of answer gets, byte for byte, and what gets nothing.
 * Behind a last chunk the client keeps its connection.
 */
import t, { type Test } from 'tap';
import { type CarrierWithApp, openCarrier, turnsUntil } from '../peers/carrier.js';
import {
  appSays,
  byteByByte,
  cutAt,
  GET,
  heardBy,
  type Talk,
  talk,
  whole,
} from '../peers/talks.js';

const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const CHUNKED = `${STREAM}Transfer-Encoding: chunked\r\n\r\n`;
const UNTIL_CLOSE = `${STREAM}\r\n`;
const GZIP = `${STREAM}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`;
/** What is said with the random number that the tests have. */
const RETRY = 'retry: 2000\n\n';
const LAST_CHUNK = '0\r\n\r\n';
const LAST_EVENT = `d\r\n${RETRY}\r\n${LAST_CHUNK}`;

interface Form {
  readonly head: string;
  readonly goodbye: string;
  /** The stream as it is sent, in pieces, and the content of each: none if it is no content. */
  readonly parts: readonly (readonly [sent: string, content: string])[];
  /** It may end behind each byte of a part, not only behind the whole part. */
  readonly isPlain?: true;
  /** Nobody can see events in it. */
  readonly isCoded?: true;
}

function chunk(content: string, extension = ''): [string, string] {
  return [`${content.length.toString(16)}${extension}\r\n${content}\r\n`, content];
}

const FORMS: Readonly<Record<string, Form>> = {
  'chunked, a chunk an event': {
    head: CHUNKED,
    goodbye: LAST_EVENT,
    parts: [chunk('data: a\n\n'), chunk('id: 7\ndata: b\n\n'), chunk(': ping\n\n')],
  },
  'chunked, several chunks an event and several events a chunk': {
    head: CHUNKED,
    goodbye: LAST_EVENT,
    parts: [
      chunk('da'),
      chunk('ta: a\n'),
      chunk('\ndata: b\n\ndata'),
      chunk(': c\n\n'),
      chunk('data: d\n\ndata: e\n\n'),
      chunk('x'),
      chunk('\n'),
      chunk('\n'),
    ],
  },
  'chunked, with CR and CRLF, cut inside a CRLF': {
    head: CHUNKED,
    goodbye: LAST_EVENT,
    parts: [
      chunk('data: a\r\n'),
      chunk('\r'),
      chunk('\ndata: b\r\r'),
      chunk('data: c\r\n\r\n'),
      chunk('data: d\n\r\n'),
      chunk('\r\n'),
    ],
  },
  'chunked, with extensions, zeros and a trailer section': {
    head: CHUNKED,
    goodbye: LAST_EVENT,
    parts: [
      chunk('data: a\n\n', ';n=v;q="0\\"\n\n'.replace('\n\n', '"')),
      ['000A;x\r\ndata: bb\n\n\r\n', 'data: bb\n\n'],
      chunk(':0\r\n\r\n'.repeat(2)),
      ['0\r\nChecksum: 1\r\n\r\n', ''],
    ],
  },
  'until the end, with all line ends': {
    head: UNTIL_CLOSE,
    goodbye: RETRY,
    isPlain: true,
    parts: ['data: a\n\n', 'id: 1\r\ndata: b\r\n\r\n', ':\r\r', 'data: c\r\n\n', '\n\r\n'].map(
      (content) => [content, content],
    ),
  },
  'chunked and coded': {
    head: GZIP,
    goodbye: LAST_CHUNK,
    isCoded: true,
    parts: [chunk('\x1f\x8b\x08'), chunk('\n\n'), chunk('coded')],
  },
};

function textOf({ parts }: Form): string {
  return parts.map(([sent]) => sent).join('');
}

/** By lines, as the standard has them: nothing has been said, or the last line said is blank. */
function endsEvent(content: string): boolean {
  const lines = content.split(/\r\n|\r|\n/);
  return content === '' || (lines.at(-1) === '' && lines.at(-2) === '');
}

/** How far the stream has come, at each place where it may be ended. */
function boundaries({ parts, isPlain, isCoded }: Form): number[] {
  const found = [0];
  let [sent, content] = ['', ''];
  for (const part of parts) {
    if (isPlain !== true) {
      sent += part[0];
      content += part[1];
      if (sent.includes('\r\n0\r\n')) break; // its own last chunk
      if (isCoded === true || endsEvent(content)) found.push(sent.length);
    } else {
      for (const byte of part[0]) {
        content += byte;
        if (endsEvent(content)) found.push(content.length);
      }
    }
  }
  return found;
}

/** Where it ends that is asked for at `at`: -1 if it ends by itself before. `ends` are the pieces'. */
function endOf(form: Form, at: number, ends: ReadonlySet<number>): number {
  const text = textOf(form);
  const found = boundaries(form).find((end) => end >= at);
  if (found === undefined) return -1;
  const splits = form.isPlain === true && found > at && text[found - 1] === '\r';
  // A CRLF that has come whole stays whole.
  return splits && text[found] === '\n' && !ends.has(found) ? found + 1 : found;
}

type Pieces = (text: string, from: number) => string[];

/** The client has all of the answer, and its connection. */
async function isKept(t: Test, one: Talk, said: string): Promise<void> {
  await one.app.ended();
  await one.client.got(one.before.client + said.length);
  await turnsUntil(() => !one.tunnel.active, 'it is idle');
  if (one.client.leaving !== 'open') t.fail('the client was told an end');
  one.client.end();
  one.app.end();
  await one.client.gone();
  const heard = heardBy(one).client;
  if (heard !== said) t.equal(heard, said);
}

async function isEnded(t: Test, one: Talk, said: string): Promise<void> {
  await one.client.ended();
  appSays(one, 'nobody hears this');
  one.client.end();
  await one.app.ended();
  one.app.end();
  await one.client.gone();
  const heard = heardBy(one).client;
  if (heard !== said) t.equal(heard, said);
  await turnsUntil(() => one.tunnel.hasParted, 'it has parted');
}

/** It has ended in its own way, or goes on: nobody says anything. */
async function endsByItself(t: Test, one: Talk, said: string): Promise<void> {
  await one.client.got(one.before.client + said.length);
  if (heardBy(one).client !== said) t.equal(heardBy(one).client, said);
  if (one.tunnel.hasSaidFarewell) t.fail('something was said');
  one.tunnel.cut('deadline');
  await one.client.left();
}

async function speaks(t: Test, opened: CarrierWithApp, form: Form, at: number, pieces: Pieces) {
  const text = textOf(form);
  opened.carrier.policy.isDraining = false;
  const one = await talk(opened, GET, form.head);
  // The drain has begun meanwhile, or this one connection alone is to go.
  opened.carrier.policy.isDraining = at % 2 === 0;
  const parts = [...pieces(text.slice(0, at), 0), ...pieces(text.slice(at), at)];
  const ends = new Set<number>();
  parts.reduce((sum, part) => (ends.add(sum + part.length), sum + part.length), 0);
  appSays(one, ...pieces(text.slice(0, at), 0));
  one.tunnel.sayFarewell();
  appSays(one, ...pieces(text.slice(at), at));
  const end = endOf(form, at, ends);
  if (end === -1) await endsByItself(t, one, text);
  else await (form.isPlain === true ? isEnded : isKept)(t, one, text.slice(0, end) + form.goodbye);
}

for (const [name, form] of Object.entries(FORMS)) {
  const { length } = textOf(form);
  const positions = Array.from({ length: length + 1 }, (_, at) => at);

  t.test(`${name}: asked for at any byte, it ends behind that byte's event`, async (t) => {
    const opened = await openCarrier(t);
    for (const at of positions) {
      await speaks(t, opened, form, at, whole);
      await speaks(t, opened, form, at, byteByByte);
    }
    for (const peer of opened.app.peers) peer.destroy();
    await opened.carrier.empty();
    t.same(opened.carrier.about('fault'), []);
  });

  t.test(`${name}: the same, cut at any byte`, async (t) => {
    const opened = await openCarrier(t);
    // Each position comes up in both places; all pairs would show no more and take long.
    for (const at of positions) {
      for (const cut of positions.filter((one) => one > at && (one + at) % 7 === 0)) {
        await speaks(t, opened, form, at, (text, from) => cutAt(text, cut - from));
      }
    }
    for (const peer of opened.app.peers) peer.destroy();
    await opened.carrier.empty();
  });
}
