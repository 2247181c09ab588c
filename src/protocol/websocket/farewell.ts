/**
 * The goodbye of a WebSocket: the server's Close frame (RFC 6455 section 5.5.1), written by the
 * Sender of `ws`, which its module exports, but neither its documentation nor its types promise:
 * its version is pinned in package.json, and the test holds the frame's bytes.
 */
import * as ws from 'ws';
import { OPCODE_CLOSE } from './framing.js';

interface FrameWriter {
  readonly Sender: {
    frame(payload: Buffer, options: { readonly fin: boolean; readonly opcode: number }): Buffer[];
  };
}

const { Sender } = ws as unknown as FrameWriter;
const frames = new Map<number, Uint8Array>();

/** A Close frame with the code and no reason: the same bytes for everybody, so nobody may write. */
export function closeFrame(code: number): Uint8Array {
  const known = frames.get(code);
  if (known !== undefined) return known;
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  const frame = Buffer.concat(Sender.frame(payload, { fin: true, opcode: OPCODE_CLOSE }));
  frames.set(code, frame);
  return frame;
}
