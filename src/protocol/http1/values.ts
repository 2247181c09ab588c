/**
 * The values of the few fields that somebody depends on: framing, the kinds, what is work. A byte
 * at a time, so that a value may be cut anywhere; how lines begin and end is told in `fields.ts`.
 */
import {
  CLASS,
  CODINGS,
  COMMA,
  CONNECTION_OPTIONS,
  CR,
  DIGIT_0,
  FIELD_AGENT,
  FIELD_CODING,
  FIELD_CONNECTION,
  FIELD_ENCODING,
  FIELD_LENGTH,
  FIELD_PROXY_CONNECTION,
  FIELD_TYPE,
  FIELD_UPGRADE,
  SEMICOLON,
  SPACE,
  TAB,
  VALUE,
  VALUES,
} from './grammar.js';
import {
  CHUNKED,
  CODED,
  CODING,
  flagOfOption,
  flagOfWord,
  LENGTH,
  type Message,
  PROBE_AGENT,
  UPGRADE,
} from './message.js';
import { NO_WORD, WORD_START } from '../words.js';
import { PROBE } from './probes.js';

/** States of the field section that are inside a value, and its last one. */
export const ANY_VALUE = 3;
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
const AGENT = 14;
export const VALUE_LF = 15;

export function beginValue(m: Message): boolean {
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
    case FIELD_AGENT:
      m.state = AGENT;
      return true;
    default:
      m.state = ANY_VALUE;
      return true;
  }
}

/** Takes one byte of a value; false if it is not allowed here. */
export function takeValue(m: Message, byte: number): boolean {
  switch (m.state) {
    case ANY_VALUE:
      return takeAny(m, byte);
    case WORD:
      return takeWord(m, byte);
    case OPTION:
    case AFTER_OPTION:
    case OTHER_OPTION:
      return takeOption(m, byte);
    case DIGITS:
    case AFTER_DIGITS:
      return takeLength(m, byte);
    case AGENT:
      return takeAgent(m, byte);
    default:
      return takeCoding(m, byte);
  }
}

function takeAny(m: Message, byte: number): boolean {
  return (CLASS[byte] & VALUE) !== 0 || endValue(m, byte);
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
  if (m.node === NO_WORD) {
    m.flags |= flagOfWord(m.field, 0);
    m.state = ANY_VALUE;
  }
  return (CLASS[byte] & VALUE) !== 0;
}

/** The first product of User-Agent (RFC 9110 section 10.1.5): whether a probe names itself. */
function takeAgent(m: Message, byte: number): boolean {
  m.node = m.probes === undefined ? NO_WORD : m.probes.step(m.node, byte);
  if (m.node === PROBE) m.flags |= PROBE_AGENT;
  if (m.node === PROBE || m.node === NO_WORD) m.state = ANY_VALUE;
  return takeAny(m, byte);
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
