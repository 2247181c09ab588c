/**
 * What a client gets whose app was never reached: an HTTP client a 503 and a lingering close, so
 * that no reset eats the answer (RFC 9112 section 9.6); any other a reset, as a refusal would be.
 */
import type { Socket } from 'node:net';
import type { LaneSocket } from './lane.js';
import type { Tunnel } from './tunnel.js';

/** How long a refused client may go on sending before it is cut off. */
export const LINGER_MS = 2_000;
const RETRY_AFTER_S = 1;

/** For those who come when nobody will answer them here. */
export const UNAVAILABLE =
  'HTTP/1.1 503 Service Unavailable\r\n' +
  `Retry-After: ${RETRY_AFTER_S}\r\n` +
  'Content-Length: 0\r\n' +
  'Connection: close\r\n\r\n';

/** Ends a client that nobody will answer. Its first bytes, if any, wait in its socket. */
export function refuse(tunnel: Tunnel, client: LaneSocket, answer = UNAVAILABLE): void {
  observeWaiting(tunnel, readWaiting(client));
  if (tunnel.kind !== 'http1') {
    client.resetAndDestroy();
    return;
  }
  tunnel.answered(503);
  tunnel.isRefused = true;
  client.end(answer);
  client.resume();
  tunnel.limitEnding(LINGER_MS, cutLingering, client);
}

/** All that waits in a socket; from Node 26 on each read gives one piece of it. */
export function readWaiting(socket: Socket): Buffer | undefined {
  const pieces: Buffer[] = [];
  for (let piece = read(socket); piece !== null; piece = read(socket)) pieces.push(piece);
  return pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}

function observeWaiting(tunnel: Tunnel, waiting: Buffer | undefined): void {
  try {
    for (let at = 0; waiting !== undefined && at < waiting.length;) {
      at = tunnel.observer.fromClient(waiting, at);
    }
  } catch (error) {
    tunnel.fault(error);
  }
}

function cutLingering(client: Socket): void {
  client.destroy();
}
