/**
 * One direction of an HTTP/1.1 connection: where each message begins, where its head ends, where
 * it ends. Drives the readers of the three sections and says what it stopped for. Pure: no
 * callbacks, no sockets, no copies; agrees with llhttp wherever llhttp accepts.
 */
import type { GiveUpReason } from '../contract.js';
import { endMessage, enterBody, lastsUntilClose, persistsBehind, readBody } from './body.js';
import { endOfFields, nearEndOfFields, readFields } from './fields.js';
import { CR, LF } from './grammar.js';
import {
  BETWEEN,
  BODY,
  CLOSED,
  FAILED,
  FIELDS,
  type FramingEvent,
  HEAD_BYTES_MAX,
  HTTP_1_1,
  Message,
  SKIP_BODY,
  START_LINE,
  TRAILER,
} from './message.js';
import type { ProbeAgents } from './probes.js';
import { enterStartLine, readStartLine } from './start-line.js';

export class Framing {
  /** The message being read: its flags, method and status are settled once its head is whole. */
  readonly message: Message;

  /** `probes`: whose requests are no work. */
  constructor(direction: 'request' | 'answer', probes?: ProbeAgents) {
    this.message = new Message(direction === 'request', probes);
  }

  /** What the last `read` or `body` stopped for. */
  get event(): FramingEvent {
    return this.message.event;
  }

  get failure(): GiveUpReason {
    return this.message.failure;
  }

  /**
   * Reads from `from` and returns the offset behind the last byte read: the chunk's length
   * (event `none`), or where something happened. After `head`, call `body` before reading on.
   */
  read(chunk: Uint8Array, from: number): number {
    const m = this.message;
    m.event = 'none';
    m.mark = from;
    let at = from;
    let inHead = false;
    do {
      inHead = inFields(m);
      at = step(m, chunk, at);
    } while (at < chunk.length && this.event === 'none');
    if (this.event === 'none' && inFields(m)) countHead(m, at);
    // Cut elsewhere, the same bytes would have been too many before they were wrong.
    else if (this.event === 'failed' && inHead) countHead(m, at);
    return at;
  }

  /** Says whether the head just read announces no content (an answer to HEAD, a 1xx). */
  body(skip: boolean): boolean {
    const m = this.message;
    m.event = 'none';
    if (skip) m.flags |= SKIP_BODY;
    const complete = enterBody(m);
    if (complete) endMessage(m);
    return complete;
  }

  /** The sender's FIN: true if that is what ends the message (RFC 9112 section 6.3, rule 8). */
  ended(): boolean {
    const m = this.message;
    if (!lastsUntilClose(m)) return false;
    endMessage(m);
    return true;
  }

  /** A message has begun and is not whole. */
  isOpen(): boolean {
    const { section } = this.message;
    return section !== BETWEEN && section !== CLOSED && section !== FAILED;
  }

  /** A next message may follow the last one, or that whose body is being read; of HTTP/1.1 alone. */
  persists(): boolean {
    const m = this.message;
    if (!m.has(HTTP_1_1)) return false;
    return m.section === BETWEEN || (m.section === BODY && persistsBehind(m));
  }

  /** The CR of a head's blank line is the last byte read. */
  nearHeadEnd(): boolean {
    const m = this.message;
    return m.section === FIELDS && !m.has(TRAILER) && nearEndOfFields(m);
  }
}

function step(m: Message, chunk: Uint8Array, from: number): number {
  switch (m.section) {
    case START_LINE:
      return readStartLine(m, chunk, from);
    case FIELDS: {
      const at = readFields(m, chunk, from);
      if (endOfFields(m)) endFields(m, at);
      return at;
    }
    case BODY:
      return readBody(m, chunk, from);
    default: // BETWEEN, CLOSED
      return readBetween(m, chunk, from);
  }
}

/** Empty lines between messages are skipped (RFC 9112 section 2.2). */
function readBetween(m: Message, chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.length && (chunk[at] === CR || chunk[at] === LF)) at++;
  if (at === chunk.length) return at;
  if (m.section !== BETWEEN) return m.fail(at);
  m.section = START_LINE;
  enterStartLine(m);
  m.event = 'begin';
  return at;
}

function inFields(m: Message): boolean {
  return m.section === START_LINE || m.section === FIELDS;
}

/** A head stops the reading, a trailer section ends its message. */
function endFields(m: Message, at: number): void {
  countHead(m, at);
  if (m.section === FAILED) return;
  if (m.has(TRAILER)) endMessage(m);
  else m.event = 'head';
}

function countHead(m: Message, at: number): void {
  m.headBytes += at - m.mark;
  if (m.headBytes > HEAD_BYTES_MAX) m.fail(at, 'head-too-large');
}
