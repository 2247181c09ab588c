/**
 * An app that leaves without a goodbye: by its end, by a reset, or because its process is gone with
 * bytes unread. Who is told in the app's name, and who gets the same end or reset as ever: for each
 * setting, in a drain and without one.
 */
import t, { type Test } from 'tap';
import { type CarrierWithApp, openCarrier } from '../peers/carrier.js';
import {
  CLOSE,
  CLOSE_REPLY,
  frame,
  GET,
  heardBy,
  SWITCH,
  type Talk,
  talk,
  UPGRADE,
} from '../peers/talks.js';
import { until } from '../peers/until.js';

type Way = 'end' | 'reset' | 'unread';
const WAYS: readonly Way[] = ['end', 'reset', 'unread'];

interface Situation {
  readonly asked: string;
  readonly answered: string;
  /** What is said in the app's name; nothing if there is none. */
  readonly goodbye?: string;
  /** And when it has ended in order, too. */
  readonly goodbyeToEnd?: string;
}

const TYPE = 'Content-Type: text/event-stream\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const STREAM = `HTTP/1.1 200 OK\r\n${TYPE}${CHUNKED}\r\n`;
const EVENT = '9\r\ndata: a\n\n\r\n';
const RETRY = 'retry: 2000\n\n';
const LAST_EVENT = `d\r\n${RETRY}\r\n0\r\n\r\n`;
const MUCH = 'x'.repeat(1_000_000);
const POST = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${MUCH.length}\r\n\r\n${MUCH}`;

function onWebSocket(answered: string, asked = ''): Situation {
  return { asked: UPGRADE + asked, answered: SWITCH + answered };
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'a WebSocket that has said nothing': { ...onWebSocket(''), goodbye: CLOSE },
  'a WebSocket between frames': { ...onWebSocket(frame(1, 'hello')), goodbye: CLOSE },
  'a WebSocket between fragments': {
    ...onWebSocket(frame(1, 'hello', { fin: false })),
    goodbye: CLOSE,
  },
  'a WebSocket inside a frame': onWebSocket('\x81\x05hel'),
  'a WebSocket inside a header': onWebSocket('\x81'),
  "a WebSocket behind the app's Close": onWebSocket(CLOSE),
  "a WebSocket inside the app's Close": onWebSocket('\x88\x02\x03'),
  'a stream between events': { asked: GET, answered: STREAM + EVENT, goodbye: LAST_EVENT },
  'a stream without an event yet': { asked: GET, answered: STREAM, goodbye: LAST_EVENT },
  'a stream inside a chunk': { asked: GET, answered: `${STREAM}${EVENT}9\r\ndata` },
  'a stream behind the content of a chunk': { asked: GET, answered: STREAM + EVENT.slice(0, -2) },
  'a stream inside an event': { asked: GET, answered: `${STREAM}8\r\ndata: a\n\r\n` },
  'a stream inside its last chunk': { asked: GET, answered: `${STREAM}${EVENT}0\r\n` },
  'a stream until the end, between events': {
    asked: GET,
    answered: `HTTP/1.1 200 OK\r\n${TYPE}\r\ndata: a\n\n`,
    goodbye: RETRY,
    goodbyeToEnd: '',
  },
  'a stream until the end, inside an event': {
    asked: GET,
    answered: `HTTP/1.1 200 OK\r\n${TYPE}\r\ndata: a\n`,
  },
  'a chunked answer': { asked: GET, answered: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n3\r\nabc\r\n` },
  'a counted answer': { asked: GET, answered: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc' },
  'an answer until the end': { asked: GET, answered: 'HTTP/1.1 200 OK\r\n\r\nabc' },
  'a head of an answer': { asked: GET, answered: 'HTTP/1.1 200 OK\r\nConte' },
  'raw bytes': { asked: '\x01raw', answered: 'raw' },
};

/** The app's process is gone, and what it had not read makes its system reset. */
async function leaveUnread({ client, app, tunnel }: Talk, kind: string): Promise<void> {
  app.pause();
  const before = tunnel.app?.bytesWritten ?? 0;
  if (kind === 'websocket') client.send(frame(2, MUCH, { mask: true }));
  else client.send(kind === 'tcp' ? MUCH : POST);
  const isFull = (): boolean => (tunnel.app?.bytesWritten ?? 0) > before + 200_000;
  await until(isFull, 'there is something that the app has not read');
  app.destroy();
}

async function leaves(one: Talk, way: Way): Promise<void> {
  if (way === 'end') one.app.end();
  else if (way === 'reset') one.app.reset();
  else await leaveUnread(one, one.tunnel.kind);
}

async function isTold(t: Test, one: Talk, goodbye: string, what: string): Promise<void> {
  const { client } = one;
  await client.got(one.before.client + goodbye.length);
  if (goodbye === CLOSE) {
    if (client.leaving !== 'open') t.fail(`${what}: the answer is not waited for`);
    client.send(CLOSE_REPLY);
  }
  await client.ended();
  client.end();
}

async function seesTheSame(t: Test, one: Talk, way: Way, what: string): Promise<void> {
  const left = await one.client.left();
  if (left !== (way === 'end' ? 'end' : 'reset')) t.equal(left, way, what);
  one.client.end();
}

interface Case {
  readonly name: string;
  readonly way: Way;
  readonly isDraining: boolean;
  readonly speaks: boolean;
}

async function happens(t: Test, opened: CarrierWithApp, a: Case): Promise<void> {
  const { name, way, speaks } = a;
  const { asked, answered, goodbye, goodbyeToEnd } = SITUATIONS[name];
  const { policy } = opened.carrier;
  policy.isDraining = false;
  const one = await talk(opened, asked, answered);
  policy.isDraining = a.isDraining;
  const words = way === 'end' ? (goodbyeToEnd ?? goodbye) : goodbye;
  const what = `${name}, ${way}`;
  await leaves(one, way);
  if (speaks && words !== undefined) await isTold(t, one, words, what);
  else await seesTheSame(t, one, way, what);
  await one.client.gone();
  one.app.destroy();
  await opened.carrier.empty();
  const heard = heardBy(one).client;
  const wanted = speaks ? (words ?? '') : '';
  if (heard !== wanted) t.equal(heard, wanted, what);
  if (!speaks && !a.isDraining && one.tunnel.parting !== undefined)
    t.fail(`${what}: it is touched`);
  const parted = speaks && words !== undefined && words !== '';
  if (one.tunnel.hasParted !== parted) t.equal(one.tunnel.hasParted, parted, what);
}

for (const farewellForApp of ['drain', 'always', 'never'] as const) {
  for (const isDraining of [false, true]) {
    const speaks = farewellForApp === 'always' || (farewellForApp === 'drain' && isDraining);
    const tells = speaks ? 'who can be told is told' : 'an end is an end, a reset a reset';
    const when = isDraining ? 'in a drain' : 'while serving';
    for (const way of WAYS) {
      t.test(`${farewellForApp}, ${when}, ${way}: ${tells}`, async (t) => {
        const opened = await openCarrier(t, { policy: { farewellForApp } });
        for (const name of Object.keys(SITUATIONS)) {
          await happens(t, opened, { name, way, isDraining, speaks });
        }
      });
    }
  }
}
