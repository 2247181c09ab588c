/**
 * Tells from a connection's first bytes what it carries, without holding any back: they have
 * passed already when the verdict falls. Doubt means opaque. A PROXY preamble is stepped over.
 */
import type { Facts, Farewell, HeadEnd, Mark, Observer } from './contract.js';
import { METHODS } from './http1/grammar.js';
import { createHttp1Observer } from './http1/observer.js';
import { turnOpaque } from './opaque.js';
import { NO_WORD, WORD_START, Words } from './words.js';

/** RFC 9113 section 3.4; PROXY protocol 2.2, sections 2.1 and 2.2. */
const OPENINGS = new Words(
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'PROXY ', '\r\n\r\n\0\r\nQUIT\n', '\x16\x03'],
  true,
);
const HTTP2_PREFACE = 1;
const PROXY_V1 = 2;
const PROXY_V2 = 3;
const TLS_HANDSHAKE = 4;

/** "The maximum line lengths the receiver must support including the CRLF" (PROXY, section 2.1). */
const PROXY_V1_BYTES_MAX = 107;
/** Version and command, family, two bytes of length. */
const PROXY_V2_REST = 4;
/** The longest opening; longer than every method. */
const PREFIX_BYTES_MAX = 24;

/** What a server's SETTINGS frame begins with: RFC 9113 sections 4.1 and 6.5. */
const ANY = -1;
const SETTINGS: readonly number[] = [0, ANY, ANY, 4, 0, 0, 0, 0, 0];

const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;

const OPENING = 0;
const V1_LINE = 1;
const V2_HEADER = 2;
const V2_ADDRESSES = 3;

class Detector implements Observer {
  readonly headEnd: HeadEnd = 'none';
  stops = false;
  mark: Mark = 'none';
  readonly clientClosed = false;
  readonly appOwesClose = false;
  readonly http = undefined;
  private readonly facts: Facts;
  private state = OPENING;
  private opening = WORD_START;
  /** Limited, whatever the chunks: empty lines could go on for ever. */
  private openingBytes = 0;
  private method = WORD_START;
  /** Bytes of the opening that came in earlier chunks; the next observer must see them again. */
  private prefix: Uint8Array | undefined;
  /** Bytes read or left of the preamble's current part. */
  private count = 0;
  private length = 0;
  private preambled = false;
  /** What is told apart has begun, or the reading has stopped in front of it. */
  private begun = false;
  /** Bytes of a SETTINGS frame that came from the app before the client had said enough. */
  private settings = 0;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  fromClient(chunk: Uint8Array, from: number): number {
    let at = from;
    this.mark = 'none';
    while (at < chunk.length) {
      if (this.state === OPENING) {
        if (this.stops && !this.begun) return this.stopInFront(at);
        this.begun = true;
        const next = this.readOpening(chunk, at);
        if (next < 0) return at; // decided: these bytes are the next observer's
        at = next;
      } else if (this.state === V2_ADDRESSES) at = this.skipAddresses(chunk, at);
      else if (this.state === V1_LINE) {
        if (!this.readV1(chunk[at++])) return this.decide('tcp', at);
      } else if (!this.readV2(chunk[at++])) return this.decide('tcp', at);
    }
    return at;
  }

  fromApp(chunk: Uint8Array, from: number): number {
    // An HTTP/2 server need not wait for the client's preface (RFC 9113 section 3.4).
    for (let at = from; at < chunk.length && this.settings < SETTINGS.length; at++) {
      const expected = SETTINGS[this.settings++];
      // Any other protocol in which the server speaks first.
      if (expected !== ANY && chunk[at] !== expected) return this.decide('tcp', at);
    }
    return chunk.length;
  }

  clientEnded(): void {
    // Nothing to tell: what was not decided stays raw.
  }

  appEnded(): void {
    // As above.
  }

  /** Nothing that is known has been said: the end will do. */
  farewell(): Farewell {
    return 'end';
  }

  get undecided(): boolean {
    return this.state === OPENING;
  }

  private decide(kind: 'http2' | 'tls' | 'tcp', at: number): number {
    turnOpaque(this.facts, this.settings > 0 && kind !== 'http2' ? 'tcp' : kind);
    return at;
  }

  private stopInFront(at: number): number {
    this.begun = true;
    this.mark = 'begin';
    return at;
  }

  /** Returns where to read on, or -1 once decided. */
  private readOpening(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === SPACE && METHODS.word(this.method) !== 0) return this.becomeHttp1();
      if (++this.openingBytes > PREFIX_BYTES_MAX) return this.decide('tcp', -1);
      this.opening = OPENINGS.step(this.opening, byte);
      // Empty lines before a request line are ignored (RFC 9112 section 2.2).
      const empty = this.method === WORD_START && (byte === CR || byte === LF);
      if (!empty) this.method = METHODS.step(this.method, byte);
      if (this.opening === NO_WORD && this.method === NO_WORD) return this.decide('tcp', -1);
      const word = OPENINGS.word(this.opening);
      if (word === HTTP2_PREFACE) return this.decide('http2', -1);
      if (word === TLS_HANDSHAKE) return this.decide('tls', -1);
      if (word !== 0) return this.enterPreamble(word, at + 1);
    }
    return this.remember(chunk, from);
  }

  private enterPreamble(word: number, at: number): number {
    this.prefix = undefined;
    this.count = 0;
    this.length = 0;
    if (this.preambled) return this.decide('tcp', -1);
    this.state = word === PROXY_V1 ? V1_LINE : V2_HEADER;
    return word === PROXY_V1 || word === PROXY_V2 ? at : -1;
  }

  private remember(chunk: Uint8Array, from: number): number {
    const known = this.prefix?.length ?? 0;
    const prefix = new Uint8Array(known + chunk.length - from);
    if (this.prefix !== undefined) prefix.set(this.prefix);
    prefix.set(chunk.subarray(from), known);
    this.prefix = prefix;
    return chunk.length;
  }

  private becomeHttp1(): number {
    if (this.settings > 0) return this.decide('tcp', -1);
    const next = createHttp1Observer(this.facts);
    this.facts.follows(next);
    this.facts.carries('http1');
    if (this.prefix !== undefined) next.fromClient(this.prefix, 0);
    return -1;
  }

  private readV1(byte: number): boolean {
    if (this.length === CR || byte === LF) {
      return this.length === CR && byte === LF && this.endPreamble();
    }
    this.length = byte;
    return ++this.count + 'PROXY '.length < PROXY_V1_BYTES_MAX;
  }

  private readV2(byte: number): boolean {
    this.length = (this.length << 8) | byte;
    if (++this.count < PROXY_V2_REST) return true;
    if (this.length >>> 28 !== 2) return false;
    this.length &= 0xffff;
    this.state = V2_ADDRESSES;
    return this.length > 0 || this.endPreamble();
  }

  private skipAddresses(chunk: Uint8Array, from: number): number {
    const taken = Math.min(this.length, chunk.length - from);
    this.length -= taken;
    if (this.length === 0) this.endPreamble();
    return from + taken;
  }

  private endPreamble(): boolean {
    this.preambled = true;
    this.state = OPENING;
    this.openingBytes = 0;
    this.opening = WORD_START;
    this.method = WORD_START;
    this.begun = false;
    this.facts.preambled();
    return true;
  }
}

/** The first observer of every tunnel. */
export function createDetector(facts: Facts): Observer {
  return new Detector(facts);
}
