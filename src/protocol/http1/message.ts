/**
 * How far one lane has read its current message. Plain numbers, written by the readers of the
 * sections (start line, fields, body) and read by whoever drives them; it never holds bytes.
 */
import type { GiveUpReason } from '../contract.js';
import { PLAIN, TO_CONNECT, TO_HEAD, TO_PROBE, TO_UPGRADE } from '../exchanges.js';
import {
  FIELD_ENCODING,
  FIELD_TYPE,
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  OPTION_CLOSE,
  OPTION_KEEP_ALIVE,
  VALUE_EVENT_STREAM,
  VALUE_IDENTITY,
} from './grammar.js';
import type { ProbeAgents } from './probes.js';

/** What a read stopped for. `none`: the chunk is used up. */
export type FramingEvent = 'none' | 'begin' | 'head' | 'boundary' | 'end' | 'failed';

/** Which reader is at work. */
export const BETWEEN = 0;
export const START_LINE = 1;
export const FIELDS = 2;
export const HEAD_DONE = 3;
export const BODY = 4;
export const CLOSED = 5;
export const FAILED = 6;

/** Bits of `flags`: what the head has said. */
export const HTTP_1_1 = 1;
export const CLOSE = 2;
export const KEEP_ALIVE = 4;
export const CONNECTION_UPGRADE = 8;
export const UPGRADE = 16;
export const LENGTH = 32;
export const CODING = 64;
export const CHUNKED = 128;
export const TRAILER = 256;
export const SKIP_BODY = 512;
export const FORWARDED = 1024;
export const WEBSOCKET = 2048;
export const H2C = 4096;
export const EVENT_STREAM = 8192;
/** Behind a coding of the content or of the transfer that hides what is in it. */
export const CODED = 16384;
/** The User-Agent is a probe's. */
export const PROBE_AGENT = 32768;

/** RFC 9110 names no limit; this is four times what Node allows by default. */
export const HEAD_BYTES_MAX = 65_536;

/** Of `tail`: the content is nobody's business. */
export const NOT_FOLLOWED = -1;

export class Message {
  readonly isRequest: boolean;
  /** Of requests: whose are no work. */
  readonly probes: ProbeAgents | undefined;
  event: FramingEvent = 'none';
  failure: GiveUpReason = 'fault';
  section = BETWEEN;
  /** The thing awaited inside the section. */
  state = 0;
  /** How far into a word, a literal or a number. */
  node = 0;
  /** Which field the value belongs to. */
  field = 0;
  /** The flag that the current field sets once its line is whole. */
  pending = 0;
  flags = 0;
  method = 0;
  status = 0;
  /** Content-Length, or bytes left of the body or chunk. */
  left = 0;
  headBytes = 0;
  /** Content is followed to the ends of its events: the tail of what went by; else NOT_FOLLOWED. */
  tail = NOT_FOLLOWED;
  /** Reading stops at the places where an event stream can be ended. */
  stopsAtBoundaries = false;
  /** Offset in the current chunk from which head bytes are not yet counted. */
  mark = 0;

  constructor(isRequest: boolean, probes?: ProbeAgents) {
    this.isRequest = isRequest;
    this.probes = probes;
  }

  /** Stops for good: what follows cannot be followed. */
  fail(at: number, reason?: GiveUpReason): number {
    this.section = FAILED;
    this.event = 'failed';
    this.failure = reason ?? (this.isRequest ? 'request-syntax' : 'answer-syntax');
    return at;
  }

  /** Enters the field section: of the head, or the trailer section behind the last chunk. */
  enterFields(): void {
    this.section = FIELDS;
    this.state = 0;
    this.pending = 0;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

/** What each of VALUES says; the first is none of them. */
const FLAG_OF_VALUE = [0, WEBSOCKET, H2C, EVENT_STREAM, 0];

/** The flag of the first word of Upgrade, Content-Type or Content-Encoding. */
export function flagOfWord(field: number, word: number): number {
  if (field === FIELD_ENCODING) return word === VALUE_IDENTITY ? 0 : CODED;
  return (field === FIELD_TYPE) === (word === VALUE_EVENT_STREAM) ? FLAG_OF_VALUE[word] : 0;
}

/** The flag of one of CONNECTION_OPTIONS. */
export function flagOfOption(word: number): number {
  if (word === OPTION_CLOSE) return CLOSE;
  return word === OPTION_KEEP_ALIVE ? KEEP_ALIVE : CONNECTION_UPGRADE;
}

/** What the answer to this request must know of it, and whether it is work. */
export function classOf(m: Message): number {
  if (m.method === METHOD_CONNECT) return TO_CONNECT;
  if (m.method === METHOD_HEAD) return TO_HEAD | probeOf(m);
  return m.has(UPGRADE) && m.has(CONNECTION_UPGRADE) ? TO_UPGRADE : PLAIN | probeOf(m);
}

/** A probe only reads (RFC 9110 section 9.2.1): what a scraper writes elsewhere is work. */
function probeOf(m: Message): number {
  const { method } = m;
  const reads = method === METHOD_GET || method === METHOD_HEAD || method === METHOD_OPTIONS;
  return reads && m.has(PROBE_AGENT) ? TO_PROBE : 0;
}
