/**
 * A head that waits until it is whole, because what is done with it depends on all of it: the only
 * bytes that a tunnel holds back, in a drain alone, one head a lane. A head that takes too long
 * passes as it is. How long it can get is limited by who reads along, who loses the thread there.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';

/** How long a head may be held back. */
export const WITHHELD_MS_MAX = 5_000;

const FIRST_BYTES = 1_024;
const NOTHING = Buffer.alloc(0);

export class WithheldHead {
  private readonly clock: Clock;
  private readonly to: Socket;
  private buffer = NOTHING;
  private length = 0;
  private timer: Timer | undefined;
  /** What comes now belongs to a head that is held back. */
  isHolding = false;

  constructor(clock: Clock, to: Socket) {
    this.clock = clock;
    this.to = to;
  }

  /** A head begins. */
  begin(): void {
    this.isHolding = true;
  }

  /** Holds back the rest of `chunk`; copied, because a chunk may be memory of 64 KiB. */
  hold(chunk: Buffer, from: number): void {
    const added = chunk.length - from;
    if (added === 0) return;
    if (this.length + added > this.buffer.length) this.grow(this.length + added);
    chunk.copy(this.buffer, this.length, from);
    this.length += added;
    this.timer ??= this.clock.after(WITHHELD_MS_MAX, release, this);
  }

  /** The whole head, whose last part is `chunk` from `from` to `to`; nothing is held back any more. */
  take(chunk: Buffer, from: number, to: number): Buffer {
    const last = chunk.subarray(from, to);
    const whole = this.length === 0 ? last : Buffer.concat([this.held(), last]);
    this.drop();
    return whole;
  }

  /** What is held back passes as it is. */
  release(): void {
    if (!this.isHolding) return;
    const held = this.held();
    this.drop();
    if (held.length > 0 && !this.to.destroyed && !this.to.writableEnded) this.to.write(held);
  }

  /** What is held back is nobody's. */
  drop(): void {
    this.isHolding = false;
    this.timer?.cancel();
    this.timer = undefined;
    this.buffer = NOTHING;
    this.length = 0;
  }

  private held(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private grow(least: number): void {
    const grown = Buffer.alloc(Math.max(least, this.buffer.length * 2, FIRST_BYTES));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}

function release(head: WithheldHead): void {
  head.release();
}
