/**
 * Addresses as settings and log lines have them: `PORT`, `HOST:PORT` or `[IP]:PORT`, where an IPv6
 * address needs the brackets. Nothing is looked up here.
 */
import { isIP } from 'node:net';

import { ValueError } from '../errors.js';

export interface Address {
  /** None: all addresses of both families, when listening. */
  readonly host?: string;
  /** 0: any free one, when listening. */
  readonly port: number;
}

const PORT_MAX = 65_535;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** The address that `text` means, or a ValueError. */
export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const port = parsePort(text.slice(colon + 1));
  return colon === -1 ? { port } : { host: parseHost(text.slice(0, colon)), port };
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > PORT_MAX) {
    throw new ValueError(`is not PORT or HOST:PORT with a port from 0 to ${PORT_MAX}`);
  }
  return Number(text);
}

function parseHost(text: string): string {
  if (text.startsWith('[') && text.endsWith(']')) {
    const host = text.slice(1, -1);
    // Of either family: a manifest says [$(POD_IP)] and cannot know which one the pod will have.
    if (isIP(host) === 0) throw new ValueError('has no IP address in its brackets');
    return host;
  }
  if (text.includes(':')) throw new ValueError('needs brackets around its IPv6 address');
  if (!HOST_NAME.test(text)) throw new ValueError('has no host name or IP address before its port');
  return text;
}

/** The text that `parseAddress` reads as the same address. */
export function formatAddress({ host, port }: Address): string {
  if (host === undefined) return String(port);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a connection to `target` would arrive at a socket of this machine listening at `own`. */
export function arrivesAt(target: Address, own: Address): boolean {
  if (own.port !== target.port) return false;
  return own.host === target.host || (isAny(own.host) && isLocal(target.host));
}

/** Whether two sockets cannot listen at these addresses at the same time. */
export function sharePort(one: Address, other: Address): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || isAny(one.host) || isAny(other.host);
}

function isAny(host: string | undefined): boolean {
  return host === undefined || host === '0.0.0.0' || host === '::';
}

function isLocal(host: string | undefined): boolean {
  return (
    isAny(host) || host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host ?? '')
  );
}
