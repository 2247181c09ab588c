/**
 * Who may change something: the pod itself, told by the socket's own address, or whoever has the
 * token. What a header says of an address counts for nothing.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TOKEN_HEADER } from './contract.js';

const LOOPBACK = /^(::ffff:)?127(\.\d{1,3}){3}$/;
const BEARER = /^Bearer +(\S+)$/i;

/** 127.0.0.0/8, also mapped into IPv6, and ::1. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || LOOPBACK.test(address));
}

/**
 * Without a token set, only loopback may change anything. Both ends are looked at: a mesh's proxy
 * brings others' calls from 127.0.0.6 to the pod's own address.
 */
export function mayChange(request: IncomingMessage, token: string | undefined): boolean {
  const { localAddress, remoteAddress } = request.socket;
  if (isLoopback(remoteAddress) && isLoopback(localAddress)) return true;
  if (token === undefined) return false;
  const own = request.headers[TOKEN_HEADER];
  const bearer = BEARER.exec(request.headers.authorization ?? '')?.[1];
  return [own, bearer].some((given) => typeof given === 'string' && isSame(given, token));
}

function isSame(given: string, token: string): boolean {
  const one = Buffer.from(given);
  const other = Buffer.from(token);
  return one.length === other.length && timingSafeEqual(one, other);
}
