/**
 * When a call of the API server is made once more: a read that went wrong in passing, and whatever
 * was not let in (429), since nothing of it was done. It waits as long as it is told to, and never
 * for long in all.
 */
import type { Answer } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { apiStatus } from './client.js';
import { KubernetesError } from './fault.js';

const REPEATS_MAX = 3;
/** From the first call on; one that is late itself is repeated once. */
const REPEAT_MS_MAX = 15_000;
/** If nobody says how long; twice as long each time. */
const FIRST_WAIT_MS = 500;

/** Resolves with the last answer, rejects as the last call has. */
export async function repeated(
  call: () => Promise<Answer>,
  isRead: boolean,
  clock: Clock,
): Promise<Answer> {
  const endMs = clock.now() + REPEAT_MS_MAX;
  for (let repeats = 0; ; repeats += 1) {
    const outcome = await call().catch((error: unknown) => error);
    const waitMs = wait(outcome, isRead, FIRST_WAIT_MS * 2 ** repeats);
    if (waitMs === undefined || repeats === REPEATS_MAX || clock.now() + waitMs > endMs) {
      if (isAnswer(outcome)) return outcome;
      throw outcome;
    }
    await new Promise<void>((resolve) => clock.after(waitMs, resolve));
  }
}

/** Undefined: it would not be otherwise, or may have been done. */
function wait(outcome: unknown, isRead: boolean, usualMs: number): number | undefined {
  if (!isAnswer(outcome)) {
    const isPassing = outcome instanceof KubernetesError && outcome.passing;
    return isPassing && isRead ? usualMs : undefined;
  }
  const { status, retryAfterMs = usualMs } = outcome;
  // What says no in other words than a Status may be a gateway, which may have passed it on.
  const isOut = status === 429 && apiStatus(outcome) !== undefined;
  return isOut || (isRead && (status === 429 || status >= 500)) ? retryAfterMs : undefined;
}

function isAnswer(outcome: unknown): outcome is Answer {
  return typeof outcome === 'object' && outcome !== null && 'status' in outcome;
}
