/**
 * Asks a cluster again and again. One that has answered once may fail to a few times in a row: an API
 * server that restarts is no reason to give up what has been waited for for hours.
 */
import type { Clock } from '../clock.js';
import { KubernetesError } from '../kubernetes/fault.js';

export const FAILURES_IN_A_ROW_MAX = 5;

export interface Polling {
  readonly clock: Clock;
  readonly everyMs: number;
  /** When it ends, in clock time; it asks once more at that moment. */
  readonly untilMs?: number | undefined;
  /** Hears of a failure that is forgiven. */
  readonly failed: (error: KubernetesError) => void;
}

/**
 * Every answer. Rejects with the KubernetesError that was not forgiven: the first of all, one that
 * will not pass, or the last of too many in a row.
 */
export async function* poll<T>(
  ask: () => Promise<T>,
  { clock, everyMs, untilMs = Infinity, failed }: Polling,
): AsyncGenerator<T, void, void> {
  let failures = FAILURES_IN_A_ROW_MAX;
  for (;;) {
    try {
      yield await ask();
      failures = 0;
    } catch (error) {
      const isForgiven = error instanceof KubernetesError && error.passing;
      if (!isForgiven || failures >= FAILURES_IN_A_ROW_MAX) throw error;
      failures++;
      failed(error);
    }
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) return;
    await new Promise<void>((resolve) => clock.after(Math.min(everyMs, leftMs), resolve));
  }
}
