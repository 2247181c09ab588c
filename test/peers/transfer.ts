/**
 * Both ends of a long transfer: a source that gives as fast as it is taken from, and a sink that
 * holds every byte against its place and reads in pieces, with pauses. The bytes repeat only after
 * a length that no buffer has: none that is lost, doubled or moved passes for another.
 */
import { createCipheriv } from 'node:crypto';
import type { Socket } from 'node:net';

const PATTERN_BYTES = 1_048_583;
const PATTERN = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16, 4)).update(
  Buffer.alloc(PATTERN_BYTES),
);
const WRITE_BYTES = 65_536;

/** Writes `head` and then `bytes` of the pattern; it does not end the socket. */
export class Source {
  private readonly socket: Socket;
  private readonly bytes: number;
  private givenBytes = 0;

  constructor(socket: Socket, head: string, bytes: number) {
    this.socket = socket;
    this.bytes = bytes;
    socket.write(head, 'latin1');
    socket.on('drain', () => this.give());
    this.give();
  }

  /** How much the system has taken from it. */
  get takenBytes(): number {
    return Math.max(0, this.givenBytes - this.socket.writableLength);
  }

  private give(): void {
    for (let more = true; more && this.givenBytes < this.bytes;) {
      const place = this.givenBytes % PATTERN_BYTES;
      const left = this.bytes - this.givenBytes;
      const piece = PATTERN.subarray(place, place + Math.min(WRITE_BYTES, left));
      this.givenBytes += piece.length;
      more = this.socket.write(piece);
    }
  }
}

/** Reads `head` and then the pattern, a piece at a time. Begins held. */
export class Sink {
  /** Bytes of the pattern that came, head not counted. */
  receivedBytes = 0;
  /** Where the first byte came that did not belong there. */
  wrongAt: number | undefined;
  private readonly socket: Socket;
  private readonly head: Buffer;
  private headBytes = 0;
  private readonly pieceBytes: number;
  private readonly pauseMs: number;
  private pieceLeft: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, head: string, every: { pieceBytes: number; pauseMs: number }) {
    this.socket = socket;
    this.head = Buffer.from(head, 'latin1');
    this.pieceBytes = this.pieceLeft = every.pieceBytes;
    this.pauseMs = every.pauseMs;
    socket.on('data', (chunk) => this.take(chunk));
    socket.pause();
  }

  /** Reads nothing more until it is let go. */
  hold(): void {
    clearTimeout(this.timer);
    this.socket.pause();
  }

  letGo(): void {
    this.pieceLeft = this.pieceBytes;
    this.socket.resume();
  }

  private take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) at += this.check(chunk, at);
    this.pieceLeft -= chunk.length;
    if (this.pieceLeft > 0) return;
    this.hold();
    this.timer = setTimeout(() => this.letGo(), this.pauseMs);
  }

  /** Compares as far as what is expected lies in one piece; returns how far that is. */
  private check(chunk: Buffer, from: number): number {
    const inHead = this.headBytes < this.head.length;
    const expected = inHead ? this.head : PATTERN;
    const place = inHead ? this.headBytes : this.receivedBytes % PATTERN_BYTES;
    const length = Math.min(chunk.length - from, expected.length - place);
    if (expected.compare(chunk, from, from + length, place, place + length) !== 0) {
      this.wrongAt ??= this.receivedBytes;
    }
    if (inHead) this.headBytes += length;
    else this.receivedBytes += length;
    return length;
  }
}
