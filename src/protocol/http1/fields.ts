/**
 * Field lines (RFC 9112 section 5) of a head or a trailer section. Follows the few fields that
 * somebody depends on and runs over the rest; obsolete folding and bare LF end the following.
 */
import {
  CLASS,
  COLON,
  CR,
  FIELD_CODING,
  FIELD_FORWARDED,
  FIELD_LENGTH,
  FIELD_NAMES,
  NAME_END,
  LF,
  SPACE,
  TAB,
  TOKEN,
  VALUE,
} from './grammar.js';
import { CODING, FORWARDED, HEAD_DONE, LENGTH, type Message, TRAILER } from './message.js';
import { ANY_VALUE, beginValue, takeValue, VALUE_LF } from './values.js';
import { WORD_START } from '../words.js';

/** The states of lines; those inside a value are in `values.ts`. */
const LINE_START = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const LAST_LF = 16;
const NAMES = FIELD_NAMES.next;

/** Reads until the blank line's LF (section HEAD_DONE, that byte taken) or the chunk's end. */
export function readFields(m: Message, chunk: Uint8Array, from: number): number {
  const end = chunk.length;
  let at = from;
  while (at < end) {
    at = skip(m, chunk, at);
    if (at === end) return at;
    const byte = chunk[at];
    if (!take(m, byte))
      return m.fail(at, m.left > Number.MAX_SAFE_INTEGER ? 'length-too-large' : undefined);
    at++;
    if (m.state === LAST_LF && byte === LF) {
      m.section = HEAD_DONE;
      return at;
    }
  }
  return at;
}

/** The blank line's LF was the last byte read. */
export function endOfFields(m: Message): boolean {
  return m.section === HEAD_DONE;
}

/** The CR of what must be the blank line is the last byte read. */
export function nearEndOfFields(m: Message): boolean {
  return m.state === LAST_LF;
}

/** Runs over the bytes of names and values that change nothing but the word table's node. */
function skip(m: Message, chunk: Uint8Array, from: number): number {
  const end = chunk.length;
  let at = from;
  if (m.state === NAME) {
    let { node } = m;
    for (; at < end; at++) {
      const next = NAMES[(node << 8) | chunk[at]];
      if (next === NAME_END) break;
      node = next;
    }
    m.node = node;
  } else if (m.state === ANY_VALUE) {
    while (at < end && (CLASS[chunk[at]] & VALUE) !== 0) at++;
  }
  return at;
}

/** Takes one byte; false if it is not allowed here. */
function take(m: Message, byte: number): boolean {
  switch (m.state) {
    case LINE_START:
      return takeLineStart(m, byte);
    case NAME:
      return byte === COLON && endName(m);
    case BEFORE_VALUE:
      if (byte === SPACE || byte === TAB) return true;
      if (byte === CR) return endEmptyValue(m);
      return beginValue(m) && take(m, byte);
    case VALUE_LF:
      m.flags |= m.pending;
      m.state = LINE_START;
      return byte === LF;
    case LAST_LF:
      return byte === LF;
    default:
      return takeValue(m, byte);
  }
}

function takeLineStart(m: Message, byte: number): boolean {
  m.pending = 0;
  if (byte === CR) {
    m.state = LAST_LF;
    return true;
  }
  m.state = NAME;
  m.node = FIELD_NAMES.step(WORD_START, byte);
  return (CLASS[byte] & TOKEN) !== 0;
}

/** Length beside Transfer-Encoding is how requests are smuggled (RFC 9112 section 6.3). */
function endName(m: Message): boolean {
  m.field = FIELD_NAMES.word(m.node);
  m.state = BEFORE_VALUE;
  if (m.field === FIELD_LENGTH) return !m.has(CODING);
  if (m.field === FIELD_CODING) return !m.has(LENGTH);
  if (m.field === FIELD_FORWARDED && !m.has(TRAILER)) m.flags |= FORWARDED;
  return true;
}

function endEmptyValue(m: Message): boolean {
  m.state = VALUE_LF;
  return m.field !== FIELD_LENGTH && m.field !== FIELD_CODING;
}
