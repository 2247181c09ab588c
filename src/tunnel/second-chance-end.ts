/**
 * How a client's only answer ends its connection: in order behind one that is whole, by a reset
 * behind one that is not. What a client sends behind its answer is read and discarded for a while.
 */
import type { Socket } from 'node:net';
import { cutUnflushed, resetBehind } from './ending.js';
import { LINGER_MS } from './refusal.js';
import { RESET_FLUSH_MS, type Tunnel } from './tunnel.js';

/** FIN behind the answer, then the lingering close. */
export function endInOrder(tunnel: Tunnel, client: Socket): void {
  tunnel.isRefused = true;
  tunnel.partedBy('app');
  client.end();
  client.resume();
  const linger = (): void => tunnel.limitEnding(LINGER_MS, cutLingering, client);
  if (client.writableFinished) linger();
  else client.once('finish', linger);
}

/** A reset, behind what the client is owed. */
export function endBroken(tunnel: Tunnel, client: Socket): void {
  tunnel.partedBy('error');
  if (!resetBehind(client)) tunnel.limitEnding(RESET_FLUSH_MS, cutUnflushed, client);
}

/** An answer of our own that says nothing but its status. */
export function plain(status: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}

function cutLingering(client: Socket): void {
  client.destroy();
}
