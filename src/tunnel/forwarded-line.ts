/**
 * Puts the line that names the client into the head of a request, before its blank line: the only
 * bytes of a request that are ever added. The head alone is copied, never what follows it.
 */
import type { HeadEnd } from '../protocol/contract.js';
import type { LaneSocket } from './lane.js';
import type { Tunnel } from './tunnel.js';

const CR = Buffer.from('\r');
const CRLF = '\r\n';

/** Setting `forwarded`. Behind a PROXY preamble the client's address is told already. */
export function wantsLine(tunnel: Tunnel, headEnd: HeadEnd): boolean {
  const { forwarded } = tunnel.around.policy;
  if (forwarded === 'off' || tunnel.hasPreamble) return false;
  return forwarded === 'append' || headEnd === 'plain' || headEnd === 'near-plain';
}

/**
 * Passes what has come since `passed` up to the head's end with the line before its blank line;
 * if the head's last LF has not come yet, its CR waits for it. Returns what is passed now.
 */
export function passHead(
  tunnel: Tunnel,
  app: LaneSocket,
  chunk: Buffer,
  passed: number,
  at: number,
): number {
  if (chunk[at - 1] !== 0x0a) {
    tunnel.heldCr = true;
    if (at - 1 > passed) app.write(chunk.subarray(passed, at - 1));
    return at;
  }
  if (at - CRLF.length < passed) return passed; // its blank line has begun to pass already
  const line = tunnel.forwardedLine();
  const length = at - CRLF.length - passed;
  const head = Buffer.allocUnsafe(length + line.length + CRLF.length);
  chunk.copy(head, 0, passed, passed + length);
  head.write(line, length, 'latin1');
  head.write(CRLF, length + line.length, 'latin1');
  app.write(head);
  return at;
}

/** The byte behind a held CR is read: it ended the head, or there is no head to follow. */
export function releaseCr(tunnel: Tunnel, app: LaneSocket, at: number): number {
  tunnel.heldCr = false;
  const { headEnd } = tunnel.observer;
  if (headEnd === 'plain' || headEnd === 'forwarded') {
    app.write(Buffer.from(tunnel.forwardedLine() + CRLF, 'latin1'));
    return at;
  }
  app.write(CR);
  return 0;
}
