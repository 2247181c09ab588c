/**
 * Targets of requests on the admin port: every form that a client may write, and no text at all
 * that could end the program.
 */
import t from 'tap';
import { createAdmin } from '../../src/admin/server.js';
import { targetOf } from '../../src/admin/target.js';
import { Peer } from '../peers/peer.js';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

function read(text: string): [string, Record<string, string>] {
  const { path, query } = targetOf(text);
  return [path, Object.fromEntries(query)];
}

t.test('a path is told from its query', (t) => {
  t.same(read('/status'), ['/status', {}]);
  t.same(read('/connections?sort=age&limit=5'), ['/connections', { sort: 'age', limit: '5' }]);
  t.same(read('/drain?reason=a%20b?c'), ['/drain', { reason: 'a b?c' }]);
  t.same(read('/?'), ['/', {}]);
  t.end();
});

t.test('an absolute form names the same path', (t) => {
  t.same(read('http://pod:9180/status?a=b'), ['/status', { a: 'b' }]);
  t.same(read('HTTPS://pod'), ['/', {}]);
  t.same(read('http://pod?a=b'), ['/', { a: 'b' }]);
  t.end();
});

t.test('what is no path is none that there is, and the program goes on', async (t) => {
  const server = createAdmin({ '/here': { GET: { answer: () => undefined } } }, undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { address: host, port } = server.address() as AddressInfo;
  for (const target of ['//', '//:0/', '*', '/%', '/%zz?%', '///here', 'http://', '/\\']) {
    const client = await Peer.connect({ host, port });
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.equal(await client.left(), 'end', target);
    t.match(client.text, /^HTTP\/1\.1 404 [^]*"error":"not-found"/, target);
  }
});
