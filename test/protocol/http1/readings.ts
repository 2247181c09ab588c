/**
 * One lane of HTTP/1.1 bytes, read twice: by Node's parser and by our framing. Both write down
 * the same events with the same offsets, so that two readings can be compared as they are.
 */
import { CONNECTION_UPGRADE, UPGRADE } from '../../../src/protocol/http1/message.js';
import { Framing } from '../../../src/protocol/http1/framing.js';
import { METHOD_CONNECT, METHOD_HEAD } from '../../../src/protocol/http1/grammar.js';
import { Oracle, ORACLE_CONNECT, ORACLE_HEAD, type OracleHead } from '../../peers/oracle.js';

export type Direction = 'request' | 'answer';

/** A lane and, for answers, the methods they answer, in order; GET once they are used up. */
export interface Lane {
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  readonly methods: readonly string[];
}

export interface Reading {
  /** `begin`, `head`, `end`, each with its offset and what the head says. */
  readonly events: readonly string[];
  /** `open`: all was read. `failed`: refused at `at`. `opaque`: another protocol from `at` on. */
  readonly stop: 'open' | 'failed' | 'opaque';
  readonly at: number;
  /** Why, if it failed; ours only. */
  readonly reason: string;
}

interface Notes {
  readonly lane: Lane;
  events: string[];
  answered: number;
  at: number;
}

function methodOf(notes: Notes): string {
  return notes.lane.methods[notes.answered] ?? 'GET';
}

function noteHead(notes: Notes, at: number, head: string, status: number): void {
  notes.events.push(`head ${at} ${head}`);
  if (status >= 200 || status < 100) notes.answered++;
}

let notes: Notes;

const ears = {
  begin: () => void notes.events.push(`begin ${notes.at}`),
  head: (head: OracleHead) => {
    const method = methodOf(notes);
    const text = notes.lane.direction === 'answer' ? `${head.status}` : requestText(head);
    noteHead(notes, notes.at + 1, text, head.status);
    if (method === 'CONNECT') return ORACLE_CONNECT;
    return method === 'HEAD' ? ORACLE_HEAD : 0;
  },
  end: () => void notes.events.push(`end ${notes.at + 1}`),
};
const oracles = { request: new Oracle('request', ears), answer: new Oracle('answer', ears) };

function requestText(head: OracleHead): string {
  if (head.method === ORACLE_CONNECT) return 'CONNECT';
  return `${head.method === ORACLE_HEAD ? 'HEAD' : 'other'}${head.upgrade ? ' upgrade' : ''}`;
}

/** What Node's parser makes of the lane, with a FIN behind its last byte. */
export function readByOracle(lane: Lane): Reading {
  const oracle = oracles[lane.direction];
  oracle.restart(ears);
  notes = { lane, events: [], answered: 0, at: 0 };
  for (; notes.at < lane.bytes.length; notes.at++) {
    const step = oracle.feed(lane.bytes, notes.at);
    if (step === 'read') continue;
    const stop = step === 'refused' ? 'failed' : 'opaque';
    return { events: notes.events, stop, at: notes.at, reason: '' };
  }
  notes.at--;
  oracle.finish();
  return { events: notes.events, stop: 'open', at: lane.bytes.length, reason: '' };
}

/** What our framing makes of the lane, cut at `cuts` (ascending), with a FIN behind. */
export function readByFraming(lane: Lane, cuts: readonly number[]): Reading {
  const framing = new Framing(lane.direction);
  const mine: Notes = { lane, events: [], answered: 0, at: 0 };
  let start = 0;
  for (const cut of [...cuts, lane.bytes.length]) {
    const chunk = lane.bytes.subarray(start, cut);
    const stopped = readChunk(framing, chunk, start, mine);
    if (stopped !== undefined) return { events: mine.events, ...stopped };
    start = cut;
  }
  if (framing.ended()) mine.events.push(`end ${start}`);
  return { events: mine.events, stop: 'open', at: start, reason: '' };
}

type Stopped = Omit<Reading, 'events'>;

function readChunk(
  framing: Framing,
  chunk: Uint8Array,
  start: number,
  mine: Notes,
): Stopped | undefined {
  let at = 0;
  while (at < chunk.length) {
    at = framing.read(chunk, at);
    const offset = start + at;
    if (framing.event === 'begin') mine.events.push(`begin ${offset}`);
    else if (framing.event === 'end') mine.events.push(`end ${offset}`);
    else if (framing.event === 'head') {
      const switches = enterBody(framing, offset, mine);
      if (switches && offset < mine.lane.bytes.length)
        return { stop: 'opaque', at: offset, reason: '' };
      if (switches) return { stop: 'open', at: offset, reason: '' };
      if (failed(framing)) return { stop: 'failed', at: offset - 1, reason: framing.failure };
    }
    if (failed(framing)) return { stop: 'failed', at: offset, reason: framing.failure };
  }
  return undefined;
}

function failed(framing: Framing): boolean {
  return framing.event === 'failed';
}

/** True if another protocol follows the head. */
function enterBody(framing: Framing, at: number, mine: Notes): boolean {
  const { method, status } = framing.message;
  const answers = methodOf(mine);
  noteHead(mine, at, headText(framing), status);
  const interim = mine.lane.direction === 'answer' && status >= 100 && status < 200;
  const taken = status >= 200 && status < 300 && answers === 'CONNECT';
  const switches = status === 101 || taken || method === METHOD_CONNECT;
  const complete = framing.body(switches || interim || answers === 'HEAD');
  if (complete) mine.events.push(`end ${at}`);
  return switches;
}

function headText(framing: Framing): string {
  const { message } = framing;
  if (!message.isRequest) return `${message.status}`;
  if (message.method === METHOD_CONNECT) return 'CONNECT';
  const upgrade = message.has(UPGRADE) && message.has(CONNECTION_UPGRADE);
  return `${message.method === METHOD_HEAD ? 'HEAD' : 'other'}${upgrade ? ' upgrade' : ''}`;
}
