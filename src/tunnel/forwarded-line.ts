/**
 * Puts the line that names the client into the head of a request, before its blank line: the only
 * bytes of a request that are ever added. The head alone is copied, never what follows it.
 */
import type { HeadEnd } from '../protocol/contract.js';
import type { LaneSocket } from './lane.js';
import { plainAddress } from './proxy-preamble.js';
import type { Tunnel } from './tunnel.js';

const CR = Buffer.from('\r');
const CRLF = '\r\n';

/** Setting `forwarded`. Behind a PROXY preamble the client's address is told already. */
export function wantsLine(tunnel: Tunnel, headEnd: HeadEnd): boolean {
  const { forwarded } = tunnel.around.policy;
  if (forwarded === 'off' || tunnel.hasPreamble) return false;
  return forwarded === 'append' || headEnd === 'plain' || headEnd === 'near-plain';
}

/** The line and the blank line behind it. */
export function forwardedEndFor(address: string | undefined): string {
  const line = address === undefined ? '' : `X-Forwarded-For: ${plainAddress(address)}${CRLF}`;
  return line + CRLF;
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
  // As a string, one character a byte: joining two costs a quarter of what filling a buffer does.
  const end = tunnel.forwardedEnd();
  app.write(chunk.toString('latin1', passed, at - CRLF.length) + end, 'latin1');
  return at;
}

/** The byte behind a held CR is read: it ended the head, or there is no head to follow. */
export function releaseCr(tunnel: Tunnel, app: LaneSocket, at: number): number {
  tunnel.heldCr = false;
  const { headEnd } = tunnel.observer;
  if (headEnd === 'plain' || headEnd === 'forwarded') {
    app.write(tunnel.forwardedEnd(), 'latin1');
    return at;
  }
  app.write(CR);
  return 0;
}
