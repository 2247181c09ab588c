/**
 * Request lines and status lines (RFC 9112 sections 3 and 4). Reads, never keeps: of the target
 * only its alphabet is checked, as llhttp does, so that both stop at the same byte.
 */
import {
  ALPHA,
  AT,
  AUTHORITY,
  CLASS,
  COLON,
  CR,
  DIGIT_0,
  DOT,
  HASH,
  LF,
  METHODS,
  METHOD_CONNECT,
  QUESTION,
  SLASH,
  SPACE,
  STAR,
  TARGET,
} from './grammar.js';
import { HTTP_1_1, type Message, NOT_FOLLOWED } from './message.js';
import { WORD_START } from '../words.js';

const METHOD = 0;
const BEFORE_TARGET = 1;
const TARGET_FIRST = 2;
const SCHEME = 3;
const SCHEME_SLASH_1 = 4;
const SCHEME_SLASH_2 = 5;
const SERVER = 6;
const SERVER_AFTER_AT = 7;
const PATH = 8;
const QUERY = 9;
const FRAGMENT = 10;
const HTTP_0_9_LF = 11;
const BEFORE_PROTOCOL = 12;
const PROTOCOL = 13;
const MAJOR = 14;
const MINOR_DOT = 15;
const MINOR = 16;
const REQUEST_CR = 17;
const LINE_LF = 18;
const BEFORE_STATUS = 19;
const STATUS = 20;
const AFTER_STATUS = 21;
const REASON = 22;

const PROTOCOL_NAME = [0x48, 0x54, 0x54, 0x50, SLASH]; // HTTP/
/** Major and minor digit as one number: HTTP/0.9, 1.0, 1.1 and 2.0, as llhttp takes them. */
const VERSIONS = [9, 10, 11, 20];

export function enterStartLine(m: Message): void {
  m.state = m.isRequest ? METHOD : PROTOCOL;
  m.node = m.isRequest ? WORD_START : 0;
  m.flags = 0;
  m.method = 0;
  m.status = 0;
  m.left = 0;
  m.headBytes = 0;
  m.tail = NOT_FOLLOWED;
}

/** Reads until the line or the chunk ends; one byte a turn but in the target and the reason. */
export function readStartLine(m: Message, chunk: Uint8Array, from: number): number {
  const end = chunk.length;
  let at = from;
  while (at < end) {
    const byte = chunk[at];
    if (m.state === METHOD) {
      if (!readMethod(m, byte)) return m.fail(at);
    } else if (m.state < HTTP_0_9_LF) {
      at = skipTarget(m, chunk, at);
      if (at === end) return at;
      if (!readTarget(m, chunk[at])) return m.fail(at);
    } else if (m.state === REASON) {
      while (at < end && chunk[at] !== CR && chunk[at] !== LF) at++;
      if (at === end) return at;
      if (chunk[at] === LF) return m.fail(at);
      m.state = LINE_LF;
    } else {
      if (!readLiteral(m, byte)) return m.fail(at);
      if (byte === LF) {
        m.enterFields();
        return at + 1;
      }
    }
    at++;
  }
  return at;
}

function readMethod(m: Message, byte: number): boolean {
  if (byte !== SPACE) {
    m.node = METHODS.step(m.node, byte);
    return m.node !== 0;
  }
  m.method = METHODS.word(m.node);
  m.state = BEFORE_TARGET;
  return m.method !== 0;
}

/** Runs over the bytes of a target that change nothing. */
function skipTarget(m: Message, chunk: Uint8Array, from: number): number {
  if (m.state < PATH) return from;
  let at = from;
  while (at < chunk.length && (CLASS[chunk[at]] & TARGET) !== 0) at++;
  return at;
}

/** Takes one byte of the request target; its four forms are told apart by their first byte. */
function readTarget(m: Message, byte: number): boolean {
  switch (m.state) {
    case BEFORE_TARGET:
      if (byte === SPACE) return true;
      m.state = m.method === METHOD_CONNECT ? SERVER : TARGET_FIRST;
      return readTarget(m, byte);
    case TARGET_FIRST:
      if (byte === SLASH || byte === STAR) m.state = PATH;
      else m.state = SCHEME;
      return m.state === PATH || (CLASS[byte] & ALPHA) !== 0;
    case SCHEME:
      if (byte === COLON) m.state = SCHEME_SLASH_1;
      return byte === COLON || (CLASS[byte] & ALPHA) !== 0;
    case SCHEME_SLASH_1:
    case SCHEME_SLASH_2:
      m.state++;
      return byte === SLASH;
    case SERVER:
    case SERVER_AFTER_AT:
      return readServer(m, byte);
    default:
      return readPathQueryFragment(m, byte);
  }
}

function readServer(m: Message, byte: number): boolean {
  const afterAt = m.state === SERVER_AFTER_AT;
  m.state = SERVER;
  if ((CLASS[byte] & AUTHORITY) !== 0) return true;
  if (byte === SLASH) m.state = PATH;
  else if (byte === QUESTION) m.state = QUERY;
  else if (byte === AT && !afterAt) m.state = SERVER_AFTER_AT;
  else return endTarget(m, byte);
  return true;
}

function readPathQueryFragment(m: Message, byte: number): boolean {
  if (byte === QUESTION) {
    if (m.state === PATH) m.state = QUERY;
    return true;
  }
  if (byte === HASH) {
    m.state = FRAGMENT;
    return true;
  }
  return endTarget(m, byte);
}

function endTarget(m: Message, byte: number): boolean {
  m.node = 0;
  m.state = byte === SPACE ? BEFORE_PROTOCOL : HTTP_0_9_LF;
  return byte === SPACE || byte === CR;
}

/** Takes one byte of what is fixed: the protocol, its version, the status, the line's end. */
function readLiteral(m: Message, byte: number): boolean {
  switch (m.state) {
    case BEFORE_PROTOCOL:
      if (byte === SPACE) return true;
      m.state = PROTOCOL;
      return readLiteral(m, byte);
    case PROTOCOL:
      if (byte !== PROTOCOL_NAME[m.node++]) return false;
      if (m.node === PROTOCOL_NAME.length) m.state = MAJOR;
      return true;
    case MAJOR:
      m.node = byte - DIGIT_0;
      m.state = MINOR_DOT;
      return isDigit(byte);
    case MINOR_DOT:
      m.state = MINOR;
      return byte === DOT;
    case MINOR:
      return readMinor(m, byte);
    case REQUEST_CR:
      m.state = LINE_LF;
      return byte === CR;
    case BEFORE_STATUS:
      m.state = STATUS;
      m.node = 0;
      return byte === SPACE;
    case STATUS:
      m.status = m.status * 10 + byte - DIGIT_0;
      if (++m.node === 3) m.state = AFTER_STATUS;
      return isDigit(byte);
    case AFTER_STATUS:
      m.state = byte === SPACE ? REASON : LINE_LF;
      return byte === SPACE || byte === CR;
    default: // LINE_LF, HTTP_0_9_LF
      return byte === LF;
  }
}

function readMinor(m: Message, byte: number): boolean {
  const version = m.node * 10 + byte - DIGIT_0;
  if (version === 11) m.flags |= HTTP_1_1;
  m.state = m.isRequest ? REQUEST_CR : BEFORE_STATUS;
  return isDigit(byte) && VERSIONS.includes(version);
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= DIGIT_0 + 9;
}
