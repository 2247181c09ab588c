/**
 * The file that the kubelet puts into the pod's status when the container ends. It is the
 * kubelet's: where it is not there, none is made.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Writes `message` in place of what was there; false if there is no such file to write to. */
export function leaveMessage(path: string, message: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch {
    return false;
  }
  try {
    ftruncateSync(file);
    writeSync(file, message, 0);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}
