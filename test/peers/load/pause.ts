/**
 * A pause of one lane that can be ended early, and what all lanes of a load are told.
 */
import type { Ledger } from './ledger.js';
import type { At } from './parting.js';

/** What every lane is given. */
export interface Job {
  readonly at: At;
  /** For the Host field. */
  readonly target: string;
  readonly ledger: Ledger;
  readonly timeoutMs: number;
  /** What stays open, and has ended, is opened again. */
  readonly reopens: boolean;
}

/** What can be asked of every lane. */
export interface Lane {
  /** Works until it is told to finish; what is in progress then is done first. */
  run(delayMs: number): Promise<void>;
  finish(): void;
  /** It has taken too long to finish. */
  abandon(): void;
}

export class Pause {
  isOver = false;
  private timer: NodeJS.Timeout | undefined;
  private wake: (() => void) | undefined;

  /** Waits, a fifth more or less, unless all pauses are over. */
  async wait(ms: number): Promise<void> {
    if (this.isOver) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.timer = setTimeout(resolve, ms * (0.8 + 0.4 * Math.random()));
    });
  }

  /** Ends this pause and all to come. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.wake?.();
  }
}
