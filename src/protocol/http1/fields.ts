/**
 * Field lines (RFC 9112 section 5) of a head or a trailer section. Follows the few fields that
 * framing depends on and runs over the rest; obsolete folding and bare LF end the following.
 */
import {
  CLASS,
  CODINGS,
  COLON,
  COMMA,
  CONNECTION_OPTIONS,
  CR,
  DIGIT_0,
  FIELD_CODING,
  FIELD_CONNECTION,
  FIELD_ENCODING,
  FIELD_FORWARDED,
  FIELD_LENGTH,
  FIELD_NAMES,
  FIELD_PROXY_CONNECTION,
  FIELD_TYPE,
  FIELD_UPGRADE,
  LF,
  SEMICOLON,
  SPACE,
  TAB,
  TOKEN,
  VALUE,
  VALUES,
} from './grammar.js';
import {
  CHUNKED,
  CODED,
  CODING,
  flagOfOption,
  flagOfWord,
  FORWARDED,
  HEAD_DONE,
  LENGTH,
  type Message,
  TRAILER,
  UPGRADE,
} from './message.js';
import { NO_WORD, WORD_START } from '../words.js';

const LINE_START = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const ANY_VALUE = 3;
const WORD = 4;
const OPTION = 5;
const AFTER_OPTION = 6;
const OTHER_OPTION = 7;
const DIGITS = 8;
const AFTER_DIGITS = 9;
const CODING_NAME = 10;
const AFTER_CODING = 11;
const OTHER_CODING = 12;
const BEFORE_CODING = 13;
const VALUE_LF = 14;
const LAST_LF = 15;

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
    let node = m.node;
    while (at < end && (CLASS[chunk[at]] & TOKEN) !== 0) {
      node = FIELD_NAMES.next[(node << 8) | chunk[at]];
      at++;
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
    case ANY_VALUE:
      return (CLASS[byte] & VALUE) !== 0 || endValue(m, byte);
    case WORD:
      return takeWord(m, byte);
    case OPTION:
    case AFTER_OPTION:
    case OTHER_OPTION:
      return takeOption(m, byte);
    case DIGITS:
    case AFTER_DIGITS:
      return takeLength(m, byte);
    case VALUE_LF:
      m.flags |= m.pending;
      m.state = LINE_START;
      return byte === LF;
    case LAST_LF:
      return byte === LF;
    default:
      return takeCoding(m, byte);
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

function beginValue(m: Message): boolean {
  m.node = WORD_START;
  switch (m.field) {
    case FIELD_CONNECTION:
    case FIELD_PROXY_CONNECTION:
      m.state = OPTION;
      return true;
    case FIELD_LENGTH:
      m.state = DIGITS;
      return !m.has(LENGTH);
    case FIELD_CODING:
      if (m.has(CHUNKED) && m.isRequest) return false;
      m.flags = (m.flags | CODING) & ~CHUNKED;
      m.state = CODING_NAME;
      return true;
    case FIELD_UPGRADE:
    case FIELD_TYPE:
    case FIELD_ENCODING:
      if (m.field === FIELD_UPGRADE) m.flags |= UPGRADE;
      m.state = WORD;
      return true;
    default:
      m.state = ANY_VALUE;
      return true;
  }
}

function endValue(m: Message, byte: number): boolean {
  m.state = VALUE_LF;
  return byte === CR;
}

/** The first word of Upgrade, Content-Type or Content-Encoding. */
function takeWord(m: Message, byte: number): boolean {
  if (byte === CR || byte === SPACE || byte === TAB || byte === SEMICOLON || byte === COMMA) {
    m.flags |= flagOfWord(m.field, VALUES.word(m.node));
    m.state = ANY_VALUE;
    return byte !== CR || endValue(m, byte);
  }
  m.node = VALUES.step(m.node, byte);
  return (CLASS[byte] & VALUE) !== 0;
}

/** Connection = #connection-option (RFC 9110 section 7.6.1); Proxy-Connection likewise. */
function takeOption(m: Message, byte: number): boolean {
  if (byte === CR) return endValue(m, byte);
  if (m.state === OPTION) {
    if (byte === SPACE || byte === TAB) {
      if (m.node !== WORD_START) m.state = OTHER_OPTION;
      return true;
    }
    m.node = CONNECTION_OPTIONS.step(m.node, byte);
    const word = CONNECTION_OPTIONS.word(m.node);
    if (word !== 0) {
      m.pending = flagOfOption(word);
      m.state = AFTER_OPTION;
      return true;
    }
    if (m.node !== NO_WORD) return true;
    m.state = OTHER_OPTION;
  }
  if (byte === COMMA) {
    m.flags |= m.pending;
    m.pending = 0;
    m.state = OPTION;
    m.node = WORD_START;
    return true;
  }
  if (m.state === AFTER_OPTION && byte !== SPACE && byte !== TAB) {
    m.pending = 0;
    m.state = OTHER_OPTION;
  }
  return (CLASS[byte] & VALUE) !== 0;
}

function takeLength(m: Message, byte: number): boolean {
  if (byte === CR) {
    m.flags |= LENGTH;
    return m.node !== WORD_START && endValue(m, byte);
  }
  if (byte === SPACE || byte === TAB) {
    m.state = AFTER_DIGITS;
    return m.node !== WORD_START;
  }
  if (m.state === AFTER_DIGITS || byte < DIGIT_0 || byte > DIGIT_0 + 9) return false;
  m.node = NO_WORD;
  m.left = m.left * 10 + (byte - DIGIT_0); // in this order, lest it be rounded
  return m.left <= Number.MAX_SAFE_INTEGER;
}

/** Transfer-Encoding (RFC 9112 section 6.1): chunked counts only as the last coding. */
function takeCoding(m: Message, byte: number): boolean {
  if (byte === CR) return endValue(m, byte);
  if (byte === COMMA) {
    if (m.state === AFTER_CODING && m.isRequest) return false;
    m.pending = 0;
    m.state = BEFORE_CODING;
    return true;
  }
  if (m.state === BEFORE_CODING && byte !== SPACE && byte !== TAB) {
    m.state = CODING_NAME;
    m.node = WORD_START;
  }
  if (m.state === CODING_NAME) {
    m.node = CODINGS.step(m.node, byte);
    if (CODINGS.word(m.node) !== 0) {
      m.pending = CHUNKED;
      m.state = AFTER_CODING;
    } else if (m.node === NO_WORD) {
      m.flags |= CODED;
      m.state = OTHER_CODING;
    }
  } else if (m.state === AFTER_CODING && byte !== SPACE) {
    // White space to the RFC, part of another coding's name to llhttp: nobody knows the framing.
    if (byte === TAB) return false;
    m.pending = 0;
    m.state = OTHER_CODING;
  }
  return (CLASS[byte] & VALUE) !== 0;
}
