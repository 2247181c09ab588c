/**
 * How far one lane has read its current message. Plain numbers, written by the readers of the
 * sections (start line, fields, body) and read by whoever drives them; it never holds bytes.
 */
import type { GiveUpReason } from '../contract.js';

/** What a read stopped for. `none`: the chunk is used up. */
export type FramingEvent = 'none' | 'begin' | 'head' | 'end' | 'failed';

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

/** RFC 9110 names no limit; this is four times what Node allows by default. */
export const HEAD_BYTES_MAX = 65_536;

export class Message {
  readonly isRequest: boolean;
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
  /** Offset in the current chunk from which head bytes are not yet counted. */
  mark = 0;

  constructor(isRequest: boolean) {
    this.isRequest = isRequest;
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
