/**
 * Where a message ends behind its head (RFC 9112 section 6): nowhere, counted, chunked, or when
 * the connection does. Content is skipped by counting; of an event stream
 * its last bytes are looked at.
 */
import type { Farewell } from '../contract.js';
import { isEventBoundary, nextEventBoundary, tailAfter } from '../events/boundary.js';
import {
  BACKSLASH,
  CLASS,
  CR,
  EQUALS,
  HEX,
  LF,
  METHOD_CONNECT,
  QUOTE,
  QUOTED,
  SEMICOLON,
  TOKEN,
  VALUE,
} from './grammar.js';
import {
  BETWEEN,
  BODY,
  CHUNKED,
  CLOSE,
  CLOSED,
  CODED,
  CODING,
  HTTP_1_1,
  KEEP_ALIVE,
  LENGTH,
  type Message,
  NOT_FOLLOWED,
  SKIP_BODY,
  TRAILER,
} from './message.js';

const COUNTED = 0;
const UNTIL_CLOSE = 1;
const CHUNK_DATA = 2;
const CHUNK_DATA_CR = 3;
const CHUNK_DATA_LF = 4;
const SIZE_FIRST = 5;
const SIZE = 6;
const SIZE_LF = 7;
const EXTENSION_FIRST = 8;
const EXTENSION_NAME = 9;
const EXTENSION_VALUE = 10;
const EXTENSION_QUOTED = 11;
const EXTENSION_ESCAPED = 12;
const EXTENSION_QUOTED_END = 13;

/** Decides the form of the body; true if there is none. */
export function enterBody(m: Message): boolean {
  m.section = BODY;
  if (m.isRequest ? m.method === METHOD_CONNECT : hasNoContent(m)) return true;
  if (m.has(CHUNKED)) m.state = SIZE_FIRST;
  else if (m.has(CODING)) {
    if (m.isRequest) m.fail(0);
    m.state = UNTIL_CLOSE;
  } else if (m.has(LENGTH)) m.state = COUNTED;
  else if (m.isRequest) return true;
  else m.state = UNTIL_CLOSE;
  return m.state === COUNTED && m.left === 0;
}

/** The body lasts until the sender's FIN. */
export function lastsUntilClose(m: Message): boolean {
  return m.section === BODY && m.state === UNTIL_CLOSE;
}

function hasNoContent(m: Message): boolean {
  return (
    m.has(SKIP_BODY) || (m.status >= 100 && m.status < 200) || m.status === 204 || m.status === 304
  );
}

/** Closes the message's books: the next one may follow, or nothing may (RFC 9112 section 9.3). */
export function endMessage(m: Message): void {
  m.event = 'end';
  m.section = persistsBehind(m) ? BETWEEN : CLOSED;
}

/** Whether a next message may follow, by what the head has said. */
export function persistsBehind(m: Message): boolean {
  const persistent = m.has(HTTP_1_1) ? !m.has(CLOSE) : m.has(KEEP_ALIVE);
  return persistent && !needsClose(m);
}

function needsClose(m: Message): boolean {
  if (m.isRequest || hasNoContent(m)) return false;
  if (m.has(CODING)) return !m.has(CHUNKED);
  return !m.has(LENGTH);
}

/** Reads content until the message or the chunk ends, or its trailer section begins. */
export function readBody(m: Message, chunk: Uint8Array, from: number): number {
  const end = chunk.length;
  let at = from;
  while (at < end) {
    if (m.state === COUNTED || m.state === CHUNK_DATA) {
      const taken = Math.min(m.left, end - at);
      if (m.tail !== NOT_FOLLOWED) m.tail = tailAfter(m.tail, chunk, at, at + taken);
      m.left -= taken;
      at += taken;
      if (m.left > 0) return at;
      if (m.state === COUNTED) {
        endMessage(m);
        return at;
      }
      m.state = CHUNK_DATA_CR;
    } else if (m.state === UNTIL_CLOSE) return readUntilClose(m, chunk, at);
    else {
      if (!take(m, chunk[at])) {
        return m.fail(at, m.left > Number.MAX_SAFE_INTEGER ? 'length-too-large' : undefined);
      }
      at++;
      if (m.section !== BODY) {
        m.mark = at;
        return at;
      }
      if (m.stopsAtBoundaries && m.state === SIZE_FIRST) {
        m.event = 'boundary';
        return at;
      }
    }
  }
  return at;
}

/** All of it is content, up to the sender's FIN. */
function readUntilClose(m: Message, chunk: Uint8Array, from: number): number {
  const end = chunk.length;
  if (m.tail === NOT_FOLLOWED) return end;
  const at = m.stopsAtBoundaries ? nextEventBoundary(m.tail, chunk, from, end) : -1;
  m.tail = tailAfter(m.tail, chunk, from, at < 0 ? end : at);
  if (at < 0) return end;
  m.event = 'boundary';
  return at;
}

/** How an event stream could be ended behind the byte read last. */
export function farewellOf(m: Message): Farewell {
  if (m.section !== BODY) return 'not-yet';
  const isEventEnd = m.has(CODED) || isEventBoundary(m.tail);
  if (!isEventEnd || (m.state !== UNTIL_CLOSE && m.state !== SIZE_FIRST)) return 'not-yet';
  if (m.state === UNTIL_CLOSE) return m.has(CODED) ? 'end' : 'retry';
  return m.has(CODED) ? 'last-chunk' : 'event';
}

/** Takes one byte of a chunk's frame (RFC 9112 section 7.1); false if it is not allowed here. */
function take(m: Message, byte: number): boolean {
  switch (m.state) {
    case SIZE_FIRST:
      m.state = SIZE;
      m.left = 0;
      return HEX[byte] >= 0 && takeSize(m, byte);
    case SIZE:
      return takeSize(m, byte);
    case SIZE_LF:
      return byte === LF && beginChunk(m);
    case CHUNK_DATA_CR:
      m.state = CHUNK_DATA_LF;
      return byte === CR;
    case CHUNK_DATA_LF:
      m.state = SIZE_FIRST;
      return byte === LF;
    default:
      return takeExtension(m, byte);
  }
}

function takeSize(m: Message, byte: number): boolean {
  if (HEX[byte] >= 0) {
    m.left = m.left * 16 + HEX[byte];
    return m.left <= Number.MAX_SAFE_INTEGER;
  }
  m.state = byte === CR ? SIZE_LF : EXTENSION_FIRST;
  return byte === CR || byte === SEMICOLON;
}

function beginChunk(m: Message): boolean {
  if (m.left > 0) {
    m.state = CHUNK_DATA;
    return true;
  }
  m.flags |= TRAILER;
  m.headBytes = 0;
  m.enterFields();
  return true;
}

/** Chunk extensions (RFC 9112 section 7.1.1), without the white space that nobody may send. */
function takeExtension(m: Message, byte: number): boolean {
  switch (m.state) {
    case EXTENSION_FIRST:
      m.state = EXTENSION_NAME;
      return byte !== CR && takeExtension(m, byte);
    case EXTENSION_NAME:
      if (byte === EQUALS) m.state = EXTENSION_VALUE;
      else return endExtension(m, byte) || (CLASS[byte] & TOKEN) !== 0;
      return true;
    case EXTENSION_VALUE:
      if (byte === QUOTE) m.state = EXTENSION_QUOTED;
      else return endExtension(m, byte) || (CLASS[byte] & TOKEN) !== 0;
      return true;
    case EXTENSION_QUOTED:
      if (byte === QUOTE) m.state = EXTENSION_QUOTED_END;
      else if (byte === BACKSLASH) m.state = EXTENSION_ESCAPED;
      else return (CLASS[byte] & QUOTED) !== 0;
      return true;
    case EXTENSION_ESCAPED:
      m.state = EXTENSION_QUOTED;
      return (CLASS[byte] & VALUE) !== 0;
    default: // EXTENSION_QUOTED_END
      return endExtension(m, byte);
  }
}

function endExtension(m: Message, byte: number): boolean {
  if (byte === CR) m.state = SIZE_LF;
  else if (byte === SEMICOLON) m.state = EXTENSION_FIRST;
  else return false;
  return true;
}
