/**
 * The PROXY preamble (PROXY protocol 2.2, sections 2.1 and 2.2), by which an app that asks for it
 * learns the client's address. Built once a connection, before its first byte.
 */
import { type Socket, isIPv6 } from 'node:net';

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_PROXY = 0x21;
const V2_TCP4 = 0x11;
const V2_TCP6 = 0x21;
const MAPPED = '::ffff:';

/** An IPv4 address that came in through an IPv6 socket is an IPv4 address to everybody else. */
export function plainAddress(address: string): string {
  const mapped = address.startsWith(MAPPED) && address.includes('.');
  return mapped ? address.slice(MAPPED.length) : address;
}

/** A zone (RFC 4007 section 11) means something to this machine alone. */
function withoutZone(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

/** The preamble that names `client` as the source; `UNKNOWN` once the socket has no addresses. */
export function proxyPreamble(version: 'v1' | 'v2', client: Socket): Buffer {
  const source = withoutZone(plainAddress(client.remoteAddress ?? ''));
  const destination = withoutZone(plainAddress(client.localAddress ?? ''));
  const known = source !== '' && destination !== '' && isIPv6(source) === isIPv6(destination);
  const ports: [number, number] = [client.remotePort ?? 0, client.localPort ?? 0];
  if (version === 'v1') return v1(known, source, destination, ports);
  return known ? v2(source, destination, ports) : v2Local();
}

function v1(known: boolean, source: string, destination: string, ports: [number, number]): Buffer {
  if (!known) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const family = isIPv6(source) ? 'TCP6' : 'TCP4';
  return Buffer.from(
    `PROXY ${family} ${source} ${destination} ${ports[0]} ${ports[1]}\r\n`,
    'latin1',
  );
}

function v2(source: string, destination: string, ports: [number, number]): Buffer {
  const addresses = [...addressBytes(source), ...addressBytes(destination)];
  const rest = [...addresses, ...portBytes(ports[0]), ...portBytes(ports[1])];
  const family = isIPv6(source) ? V2_TCP6 : V2_TCP4;
  const head = [V2_PROXY, family, ...portBytes(rest.length)];
  return Buffer.concat([V2_SIGNATURE, Buffer.from([...head, ...rest])]);
}

/** Command LOCAL, no addresses: the receiver uses the connection's own. */
function v2Local(): Buffer {
  return Buffer.concat([V2_SIGNATURE, Buffer.from([0x20, 0, 0, 0])]);
}

function portBytes(port: number): [number, number] {
  return [port >> 8, port & 0xff];
}

/** The 4 or 16 bytes of a textual address without a zone (RFC 4291 section 2.2). */
export function addressBytes(address: string): number[] {
  if (!isIPv6(address)) return address.split('.').map(Number);
  const [left = '', right] = address.split('::');
  const before = groups(left);
  if (right === undefined) return before;
  const after = groups(right);
  const zeros: number[] = new Array<number>(16 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after];
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    return portBytes(parseInt(group, 16));
  });
}
