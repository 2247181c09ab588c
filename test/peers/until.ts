/**
 * Waiting for something that somebody else brings about, never longer than is said: a test that
 * waits for what does not come fails with the words for what it waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 5;

/** Resolves once `holds` does; rejects after `timeoutMs`, saying that `what` did not come true. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs = 10_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw late(what, timeoutMs);
    await sleep(POLL_MS);
  }
}

/** What `promise` comes to, or a rejection after `timeoutMs` that says what did not come. */
export async function within<T>(
  promise: Promise<T>,
  what: string | (() => string),
  timeoutMs = 10_000,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late(what, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function late(what: string | (() => string), timeoutMs: number): Error {
  return new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
}
