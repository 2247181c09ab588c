/**
 * Where an event stream (text/event-stream, in the WHATWG's HTML standard) can be ended without
 * splitting an event: behind a blank line. Lines end with LF, CR or CRLF, so the last three bytes
 * of the content tell; they are the whole state of a stream, packed in one number. Content means
 * the bytes without chunk framing, and without a content coding.
 */

const LF = 0x0a;
const CR = 0x0d;
const TAIL_BYTES = 3;
const TAIL_MASK = 0xffffff;

/** Before any content: as if behind a blank line, so that a leading line end is one too. */
export const STREAM_START = (LF << 16) | (LF << 8) | LF;

/** The state behind chunk[from, to), which is content. Costs the same for a run of any length. */
export function tailAfter(tail: number, chunk: Uint8Array, from: number, to: number): number {
  let after = tail;
  for (let at = Math.max(from, to - TAIL_BYTES); at < to; at++) after = push(after, chunk[at]);
  return after;
}

function push(tail: number, byte: number): number {
  return ((tail << 8) | byte) & TAIL_MASK;
}

/** Whether the content so far ends with a blank line; the LF of its CRLF may still be to come. */
export function isEventBoundary(tail: number): boolean {
  const last = tail & 0xff;
  const beforeLast = (tail >> 8) & 0xff;
  if (last !== LF || beforeLast !== CR) return isLineEnd(last) && isLineEnd(beforeLast);
  return isLineEnd(tail >> 16); // one CRLF, which ends a blank line only behind another line end
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR;
}

/**
 * The offset right behind the first event boundary in chunk[from, to), always behind `from`; -1 if
 * there is none. A CRLF is not split when its LF is in sight.
 */
export function nextEventBoundary(
  tail: number,
  chunk: Uint8Array,
  from: number,
  to: number,
): number {
  let after = tail;
  for (let at = from; at < to; at++) {
    after = push(after, chunk[at]);
    if (!isEventBoundary(after)) continue;
    const isSplit = chunk[at] === CR && at + 1 < to && chunk[at + 1] === LF;
    return isSplit ? at + 2 : at + 1;
  }
  return -1;
}
