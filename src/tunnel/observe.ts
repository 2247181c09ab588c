/**
 * Lets a tunnel's observer read along. A fault in an observer is a bug of ours: it costs this tunnel
 * its observer, and no byte.
 */
import type { Tunnel } from './tunnel.js';

/** Returns how far the observer has read; all of it, if it cannot. */
export function observeClient(tunnel: Tunnel, chunk: Buffer, from: number): number {
  try {
    return tunnel.observer.fromClient(chunk, from);
  } catch (error) {
    tunnel.fault(error);
    return chunk.length;
  }
}

/** As above, what came from the app. */
export function observeApp(tunnel: Tunnel, chunk: Buffer, from: number): number {
  try {
    return tunnel.observer.fromApp(chunk, from);
  } catch (error) {
    tunnel.fault(error);
    return chunk.length;
  }
}
