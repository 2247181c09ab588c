/**
 * Tells a reset from an end where Node does not. It asks the kernel, once for each end that Node
 * reports, and must not be asked while bytes may still come.
 */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

const BYTE = new Uint8Array(1);

/**
 * Whether the end that `socket` has just reported was no FIN. The libuv of Node 20 reports an end
 * when bytes and a reset arrive together: its read takes the bytes, and the hang-up that came with
 * them counts as the end (uv__stream_io). The error is still in the socket, and a read finds it.
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
