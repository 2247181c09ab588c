/**
 * How a socket's end is told apart, and how one is made: as a reset that does not overtake what was
 * written before it. Decides nothing.
 */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

const BYTE = new Uint8Array(1);
const NOTHING = Buffer.alloc(0);

/**
 * Whether the end that `socket` has just reported was no FIN. The libuv of Node 20 reports an end
 * when bytes and a reset arrive together: its read takes the bytes, and the hang-up that came with
 * them counts as the end (uv__stream_io). The error is still in the socket, and a read finds it.
 * Asked once for each end, and never while bytes may still come.
 */
export function wasReset(socket: Socket): boolean {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return false;
  try {
    readSync(fd, BYTE, 0, 1, null);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}

/** Resets `socket` behind the bytes that it is still owed; false if that takes time. */
export function resetBehind(socket: Socket): boolean {
  if (isFlushed(socket)) {
    socket.resetAndDestroy();
    return true;
  }
  socket.pause();
  const reset = (): void => {
    if (socket.destroyed) return;
    // An end that is under way must be out first: libuv refuses to reset a socket in its shutdown.
    if (isFlushed(socket)) socket.resetAndDestroy();
    else socket.once('finish', reset);
  };
  if (socket.writableEnded) socket.once('finish', reset);
  else socket.write(NOTHING, reset);
  return false;
}

/**
 * Ends `socket` behind the bytes that it is still owed. The end itself waits for them, so that until
 * they are out it can be reset: cut off, they must not look whole.
 */
export function endBehind(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) return;
  if (socket.writableLength === 0) socket.end();
  else socket.write(NOTHING, () => void socket.end());
}

/** Nothing that was given to this socket waits in this process any more. */
function isFlushed(socket: Socket): boolean {
  return socket.writableEnded ? socket.writableFinished : socket.writableLength === 0;
}

/** The time to flush is up. */
export function cutUnflushed(socket: Socket): void {
  cutOff(socket, true);
}

/**
 * Ends `socket` at once. libuv refuses to reset a socket whose shutdown is under way, which begins
 * when all that is queued is out; its lane has ended in order then.
 */
export function cutOff(socket: Socket, byReset: boolean): void {
  if (socket.destroyed) return;
  const isInShutdown = socket.writableEnded && socket.writableLength === 0;
  if (byReset && !isInShutdown && !socket.connecting) socket.resetAndDestroy();
  else socket.destroy();
}
