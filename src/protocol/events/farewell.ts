/**
 * The goodbye of an event stream: the last bytes that make it whole, and the time after which its
 * client shall come again. Which form fits is known to those who follow the stream; all but the
 * bare last chunk belong behind an event boundary.
 */

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 3_000;

const CHUNK_END = Buffer.from('\r\n', 'latin1');

/** Ends a chunked stream (RFC 9112 section 7.1) into which nothing may be put: it is encoded. */
export const LAST_CHUNK: Uint8Array = Buffer.from('0\r\n\r\n', 'latin1');

/** Ends a chunked stream at an event and chunk boundary: a chunk with the field, the last chunk. */
export function lastEventChunk(retryMs: number): Uint8Array {
  const field = retryField(retryMs);
  const size = Buffer.from(`${field.length.toString(16)}\r\n`, 'latin1');
  return Buffer.concat([size, field, CHUNK_END, LAST_CHUNK]);
}

/** Stands at the end of a stream that the FIN ends. An event of its own, that nobody hears. */
export function retryField(retryMs: number): Uint8Array {
  return Buffer.from(`retry: ${retryMs}\n\n`, 'latin1');
}

/**
 * The reconnection time for a random number from 0 to 1. Browsers wait 3 to 5 s by themselves. The
 * setting outlives the stream it was told in, so it is never under a second; its spread keeps the
 * clients of one pod from coming back as one.
 */
export function retryMsFrom(random: number): number {
  return RETRY_MIN_MS + Math.floor(random * (RETRY_MAX_MS - RETRY_MIN_MS + 1));
}
