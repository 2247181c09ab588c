/**
 * How one tidegate tells another that a request has come from a pod whose app is gone, so that it
 * is never sent on twice, and how the other says that its own is gone, too. Marks are untrusted
 * input: a client that sets one only loses its second chance.
 */

export const MARKER = 'Tidegate-Second-Chance';
export const MARKER_LOWER = MARKER.toLowerCase();

/** What is repeated to whom it came from; anything else is a mark, but nobody's. */
const ID = /^[0-9A-Za-z-]{1,64}$/;
const FIELD = /\ntidegate-second-chance:[\t ]*([^\r\n]*)/i;

/** The mark in a request's head; undefined if there is none. */
export function markIn(head: string): string | undefined {
  return FIELD.exec(head)?.[1]?.trim();
}

/** Says to a sender that its request has reached no app, and may be sent to another. */
export function notHere(mark: string): string {
  return (
    'HTTP/1.1 503 Service Unavailable\r\n' +
    (ID.test(mark) ? `${MARKER}: ${mark}\r\n` : '') +
    'Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
  );
}
