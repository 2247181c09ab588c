/**
 * Asks again and again. Whoever has answered once may fail to a few times in a row: a busy
 * machine is no reason to give up what has been waited for for hours.
 */
import type { Clock } from '../clock.js';
import { AskError } from './ask.js';

export const POLL_MS = 1_000;
export const FAILURES_MAX = 3;

export interface Polling {
  readonly clock: Clock;
  /** Hears of a failure that is forgiven. */
  readonly failed: (error: AskError) => void;
  /** When it ends, in clock time; it asks once more at that moment. */
  readonly untilMs?: number;
}

/**
 * Every answer, a second apart. Rejects with the AskError that was not forgiven: the first of all,
 * one that will not pass, or the last of too many in a row.
 */
export async function* poll<T>(
  ask: () => Promise<T>,
  { clock, failed, untilMs = Infinity }: Polling,
): AsyncGenerator<T, void, void> {
  let failures = FAILURES_MAX;
  for (;;) {
    const answer = await attempt(ask);
    if (!(answer instanceof AskError)) {
      failures = 0;
      yield answer;
    } else if (!answer.passing || failures >= FAILURES_MAX) throw answer;
    else {
      failures++;
      failed(answer);
    }
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) return;
    await new Promise<void>((resolve) => clock.after(Math.min(POLL_MS, leftMs), resolve));
  }
}

async function attempt<T>(ask: () => Promise<T>): Promise<T | AskError> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AskError) return error;
    throw error;
  }
}
