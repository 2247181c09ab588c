/**
 * The PROXY preamble, byte for byte as PROXY protocol 2.2 has it in sections 2.1 and 2.2, for every
 * kind of address that a client's socket may have, and for one that has none any more.
 */
import type { Socket } from 'node:net';
import t from 'tap';
import { addressBytes, plainAddress, proxyPreamble } from '../../src/tunnel/proxy-preamble.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** A socket from `source` to `destination`, both addresses with their ports. */
function socket(source: string | undefined, destination: string | undefined): Socket {
  const addresses = { remoteAddress: source, localAddress: destination };
  return { ...addresses, remotePort: 56_324, localPort: 443 } as unknown as Socket;
}

function v1(source?: string, destination?: string): string {
  return proxyPreamble('v1', socket(source, destination)).toString('latin1');
}

function v2(source?: string, destination?: string): string {
  return proxyPreamble('v2', socket(source, destination)).toString('hex');
}

const PORTS = 'dc0401bb';

t.test('v1 names IPv4 addresses and ports', (t) => {
  const line = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n';
  t.equal(v1('192.0.2.7', '198.51.100.1'), line);
  t.equal(v1('::ffff:192.0.2.7', '::ffff:198.51.100.1'), line, 'mapped ones as what they are');
  t.end();
});

t.test('v1 names IPv6 addresses, without their zones', (t) => {
  t.equal(v1('2001:db8::7', '2001:db8::1'), 'PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n');
  t.equal(v1('fe80::7%eth0', 'fe80::1%eth0'), 'PROXY TCP6 fe80::7 fe80::1 56324 443\r\n');
  t.end();
});

t.test('v2 names IPv4 addresses and ports', (t) => {
  const bytes = `${SIGNATURE}2111000cc0000207c6336401${PORTS}`;
  t.equal(v2('192.0.2.7', '198.51.100.1'), bytes);
  t.equal(v2('::ffff:192.0.2.7', '::ffff:198.51.100.1'), bytes);
  t.end();
});

t.test('v2 names IPv6 addresses, without their zones', (t) => {
  const head = `${SIGNATURE}21210024`;
  const [seven, one] = ['7', '1'].map((last) => `20010db8${'0'.repeat(23)}${last}`);
  t.equal(v2('2001:db8::7', '2001:db8::1'), `${head}${seven}${one}${PORTS}`);
  const [zoneSeven, zoneOne] = ['7', '1'].map((last) => `fe80${'0'.repeat(27)}${last}`);
  t.equal(v2('fe80::7%eth0', 'fe80::1%eth0'), `${head}${zoneSeven}${zoneOne}${PORTS}`);
  t.end();
});

t.test('a socket without addresses is unknown, and the connection passes all the same', (t) => {
  for (const [source, destination] of [
    [undefined, '192.0.2.1'],
    ['192.0.2.1', undefined],
    ['192.0.2.1', '2001:db8::1'],
  ]) {
    t.equal(v1(source, destination), 'PROXY UNKNOWN\r\n');
    t.equal(v2(source, destination), `${SIGNATURE}20000000`, 'LOCAL');
  }
  t.end();
});

t.test('every form of an IPv6 address has its sixteen bytes', (t) => {
  const hex = (address: string): string => Buffer.from(addressBytes(address)).toString('hex');
  t.equal(hex('::'), '0'.repeat(32));
  t.equal(hex('::1'), `${'0'.repeat(31)}1`);
  t.equal(hex('1::'), `0001${'0'.repeat(28)}`);
  t.equal(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008');
  t.equal(hex('64:ff9b::192.0.2.33'), `0064ff9b${'0'.repeat(16)}c0000221`);
  t.equal(hex('192.0.2.33'), 'c0000221');
  t.end();
});

t.test('only a mapped IPv4 address is taken for IPv4', (t) => {
  t.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(plainAddress('::ffff:0:1'), '::ffff:0:1');
  t.equal(plainAddress('2001:db8::1'), '2001:db8::1');
  t.end();
});
