/**
 * One direction of a WebSocket connection: where each frame ends (RFC 6455 section 5.2). Payloads
 * are skipped by counting. What a peer may not send but can be counted, is counted.
 */

/** `none`: the chunk is used up. `frame`: a frame is whole. */
export type FrameEvent = 'none' | 'frame' | 'failed';

export const OPCODE_CLOSE = 0x8;
const CONTROL_PAYLOAD_MAX = 125;

const FIRST = 0;
const LENGTH = 1;
const LENGTH_BYTES = 2;
const MASK_BYTES = 3;
const PAYLOAD = 4;
const CLOSED = 5;
const FAILED = 6;

export class FrameFraming {
  event: FrameEvent = 'none';
  /** Of the frame being read, or the one just read. */
  opcode = 0;
  final = false;
  /** Bytes of payload. */
  length = 0;
  private state = FIRST;
  /** Bytes left of the thing awaited. */
  private left = 0;
  private masked = false;

  /** Reads up to the end of the frame or of the chunk; returns the offset behind. */
  read(chunk: Uint8Array, from: number): number {
    const end = chunk.length;
    let at = from;
    this.event = 'none';
    while (at < end) {
      if (this.state === PAYLOAD) {
        const taken = Math.min(this.left, end - at);
        this.left -= taken;
        at += taken;
      } else if (this.state === CLOSED)
        return end; // nothing may follow a Close (section 5.5.1)
      else if (!this.take(chunk[at++])) {
        this.state = FAILED;
        this.event = 'failed';
        return at - 1;
      }
      if (this.state === PAYLOAD && this.left === 0) {
        this.endFrame();
        return at;
      }
    }
    return at;
  }

  /** No frame is under way: something of one's own could be said here. */
  atBoundary(): boolean {
    return this.state === FIRST;
  }

  /** A Close frame is whole; nothing may follow it. */
  isClosed(): boolean {
    return this.state === CLOSED;
  }

  private endFrame(): void {
    this.event = 'frame';
    this.state = this.opcode === OPCODE_CLOSE ? CLOSED : FIRST;
  }

  /** Takes one byte of a frame's header; false if no frame can look like this. */
  private take(byte: number): boolean {
    switch (this.state) {
      case FIRST:
        this.final = (byte & 0x80) !== 0;
        this.opcode = byte & 0x0f;
        this.state = LENGTH;
        return isOpcode(this.opcode) && (this.final || this.opcode < OPCODE_CLOSE);
      case LENGTH:
        return this.takeLength(byte);
      case LENGTH_BYTES:
        this.length = this.length * 256 + byte;
        if (--this.left === 0) this.enterMask();
        return this.length <= Number.MAX_SAFE_INTEGER;
      case MASK_BYTES:
        if (--this.left === 0) this.enterPayload();
        return true;
      default:
        return false;
    }
  }

  private takeLength(byte: number): boolean {
    const short = byte & 0x7f;
    this.masked = (byte & 0x80) !== 0;
    this.length = 0;
    if (short <= CONTROL_PAYLOAD_MAX) {
      this.length = short;
      this.enterMask();
      return true;
    }
    this.left = short === 126 ? 2 : 8;
    this.state = LENGTH_BYTES;
    return this.opcode < OPCODE_CLOSE;
  }

  private enterMask(): void {
    if (!this.masked) this.enterPayload();
    else {
      this.left = 4;
      this.state = MASK_BYTES;
    }
  }

  private enterPayload(): void {
    this.left = this.length;
    this.state = PAYLOAD;
  }
}

/** Continuation, text, binary; close, ping, pong (RFC 6455 section 11.8). */
function isOpcode(opcode: number): boolean {
  return opcode <= 0x2 || (opcode >= OPCODE_CLOSE && opcode <= 0xa);
}
