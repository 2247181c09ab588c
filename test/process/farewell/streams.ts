/**
 * What a client has of an event stream that was said goodbye to, whatever its form: whole events in
 * their order, at the end of what is not compressed the time to wait, and nothing after it.
 */
import { constants, gunzipSync } from 'node:zlib';
import type { Test } from 'tap';
import { APP_RETRY_MS } from './guest-app.js';
import type { Way } from './pod.js';

export const FORMS = ['chunked', 'close', 'gzip'] as const;
export type Form = (typeof FORMS)[number];

/** The goodbye's `retry:`, jittered. */
export const RETRY_MS_MIN = 1_000;
export const RETRY_MS_MAX = 3_000;

/** What gzip begins with. */
const GZIP = '\x1f\x8b';
const EVENT = /^id: (\d+)\ndata: what happened, number \1$/;
const RETRY = /^retry: (\d+)$/;

/** Whether a goodbye of this form tells how long to wait. */
function hasRetry(form: Form, way: Way): boolean {
  if (form === 'gzip') return false;
  // The end that its app made is one in order: nothing was to be said in its place.
  return form !== 'close' || way !== 'when the app dies in the drain';
}

/** `body` is Latin-1, a byte a character; unzipped already or not. */
export function isToldGoodbye(t: Test, way: Way, form: Form, body: string): void {
  const text = body.startsWith(GZIP) ? unzipped(body) : body;
  const blocks = text.split('\n\n');
  const rest = blocks.pop();
  // What is compressed is cut between two chunks, which may be the halves of an event.
  if (form !== 'gzip') t.equal(rest, '', `${form}: it ends behind a whole event`);
  if (hasRetry(form, way)) {
    const retryMs = Number(RETRY.exec(blocks.pop() ?? '')?.[1]);
    t.ok(retryMs >= RETRY_MS_MIN && retryMs <= RETRY_MS_MAX, `${form}: then retry: ${retryMs}`);
  }
  t.equal(blocks.shift(), `retry: ${APP_RETRY_MS}`, `${form}: what the app said itself`);
  const numbers = blocks.map((block) => Number(EVENT.exec(block)?.[1]));
  const first = numbers[0];
  t.ok(numbers.length > 0, `${form}: ${numbers.length} events`);
  t.same(
    numbers,
    numbers.map((_, at) => first + at),
    `${form}: each event is whole, none is lost`,
  );
}

/** What can be read of a gzip stream that has no end. */
function unzipped(body: string): string {
  const given = Buffer.from(body, 'latin1');
  return gunzipSync(given, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}
