/**
 * How one tidegate tells another that a request has come from a pod whose app is gone, so that it
 * is never sent on twice, and how the other says that its own is gone, too. Marks are untrusted
 * input: a client that sets one only loses its second chance.
 */

export const MARKER = 'Tidegate-Second-Chance';
export const MARKER_LOWER = MARKER.toLowerCase();

/** What is repeated to whom it came from; anything else is a mark, but nobody's. */
const ID = /^[0-9A-Za-z-]{1,64}$/;
const FIELD = /\r\ntidegate-second-chance:[\t ]*([^\r\n]*)/i;
const HEAD_END = '\r\n\r\n';

/** The mark in what has come of a request's head; undefined if there is none so far. */
export function markIn(first: Uint8Array): string | undefined {
  const text = Buffer.from(first.buffer, first.byteOffset, first.length).toString('latin1');
  const end = text.indexOf(HEAD_END);
  return FIELD.exec(end < 0 ? text : text.slice(0, end))?.[1]?.trim();
}

/** Says to a sender that its request has reached no app, and may be sent to another. */
export function notHere(mark: string): string {
  return (
    'HTTP/1.1 503 Service Unavailable\r\n' +
    (ID.test(mark) ? `${MARKER}: ${mark}\r\n` : '') +
    'Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
  );
}
