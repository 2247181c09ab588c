/**
 * Addresses: what is read, what is refused, and which of them get in each other's way.
 */
import t from 'tap';
import { arrivesAt, formatAddress, parseAddress, sharePort } from '../../src/settings/address.js';

t.test('a port, a host with a port, or an IPv6 address in brackets is an address', (t) => {
  const addresses = {
    '8080': { port: 8080 },
    '0': { port: 0 },
    '65535': { port: 65_535 },
    '127.0.0.1:3000': { host: '127.0.0.1', port: 3000 },
    'app.default.svc:80': { host: 'app.default.svc', port: 80 },
    '[::1]:3000': { host: '::1', port: 3000 },
  };
  for (const [text, address] of Object.entries(addresses)) {
    t.same(parseAddress(text), address, text);
    t.equal(formatAddress(address), text);
  }
  t.end();
});

t.test(
  'an IPv4 address may stand in brackets, for those who do not know which family it is',
  (t) => {
    const address = { host: '10.244.0.7', port: 3000 };
    t.same(parseAddress('[10.244.0.7]:3000'), address);
    t.equal(formatAddress(address), '10.244.0.7:3000');
    for (const text of ['[app]:80', '[10.0.0]:80', '[]:80', '[10.0.0.1:80']) {
      t.throws(() => parseAddress(text), { code: 'ERR_VALUE' }, text);
    }
    t.end();
  },
);

t.test('what has no port from 0 to 65535 is refused', (t) => {
  const message = 'is not PORT or HOST:PORT with a port from 0 to 65535';
  for (const text of ['', 'localhost', 'localhost:', '65536', '-1', '80a', '8 0', '0x50', 'a:b']) {
    t.throws(() => parseAddress(text), { message, code: 'ERR_VALUE' }, text);
  }
  t.end();
});

t.test('what has no host before its port is refused', (t) => {
  const message = 'has no host name or IP address before its port';
  for (const text of [':80', 'http//x:80', 'a b:80', '-x:80', '*:80']) {
    t.throws(() => parseAddress(text), { message }, text);
  }
  t.throws(() => parseAddress('http://x:80'), { code: 'ERR_VALUE' });
  t.throws(() => parseAddress('::1:80'), { message: 'needs brackets around its IPv6 address' });
  t.throws(() => parseAddress('[x]:80'), { message: 'has no IP address in its brackets' });
  t.end();
});

t.test('a connection to loopback arrives at who listens everywhere, and at the same host', (t) => {
  const arrives = (target: string, own: string): boolean =>
    arrivesAt(parseAddress(target), parseAddress(own));
  t.ok(arrives('127.0.0.1:80', '80'));
  t.ok(arrives('127.9.9.9:80', '0.0.0.0:80'));
  t.ok(arrives('[::1]:80', '[::]:80'));
  t.ok(arrives('localhost:80', '80'));
  t.ok(arrives('10.0.0.1:80', '10.0.0.1:80'));
  t.notOk(arrives('127.0.0.1:80', '81'));
  t.notOk(arrives('10.0.0.1:80', '80'));
  t.notOk(arrives('127.0.0.1:80', '10.0.0.1:80'));
  t.end();
});

t.test('two cannot listen at one port, unless at different hosts or at any free one', (t) => {
  const share = (one: string, other: string): boolean =>
    sharePort(parseAddress(one), parseAddress(other));
  t.ok(share('80', '80'));
  t.ok(share('127.0.0.1:80', '80'));
  t.ok(share('80', '[::1]:80'));
  t.ok(share('127.0.0.1:80', '127.0.0.1:80'));
  t.notOk(share('127.0.0.1:80', '10.0.0.1:80'));
  t.notOk(share('80', '81'));
  t.notOk(share('0', '0'));
  t.end();
});
