/**
 * The API server's time of day between its answers: by it ages are counted, and whoever runs this
 * may have a wrong clock. Answers tell whole seconds, cut off: the latest of them is the best.
 */
import type { Clock } from '../clock.js';

/** So far behind it is another server, or one whose clock was set back. */
const BEHIND_MS = 2_000;

export class ServerTime {
  private readonly clock: Clock;
  /** Of the server's time to the clock's `now()`. */
  private aheadMs: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** An answer has told it. */
  saw(atMs: number): void {
    const aheadMs = atMs - this.clock.now();
    const isBetter = this.aheadMs === undefined || aheadMs > this.aheadMs;
    if (isBetter || aheadMs < (this.aheadMs ?? 0) - BEHIND_MS) this.aheadMs = aheadMs;
  }

  /** Undefined before the first answer. */
  get nowMs(): number | undefined {
    return this.aheadMs === undefined ? undefined : this.aheadMs + this.clock.now();
  }
}
