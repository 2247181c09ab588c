/**
 * What the controller answers on its port.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { createAdmin } from '../../src/admin/server.js';
import { controllerRoutes } from '../../src/controller/server.js';

interface Reasons {
  stuck: readonly string[];
  unknown: readonly string[];
}

async function serve(t: Test, reasons: Reasons): Promise<string> {
  const metrics = { contentType: 'text/x', render: () => Promise.resolve('a 1\n') };
  const sources = { stuck: () => reasons.stuck, unknown: () => reasons.unknown, metrics };
  const server = createAdmin(controllerRoutes(sources), undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('it lives and is ready unless there are reasons, which it tells', async (t) => {
  const reasons: Reasons = { stuck: [], unknown: [] };
  const url = await serve(t, reasons);
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(url + path);
    return [answer.status, await answer.json()];
  };
  t.same(await get('/livez'), [200, { live: true, reasons: [] }]);
  t.same(await get('/readyz'), [200, { ready: true, reasons: [] }]);
  reasons.stuck = ['looks'];
  t.same(await get('/livez'), [503, { live: false, reasons: ['looks'] }]);
  t.same(await get('/readyz'), [200, { ready: true, reasons: [] }]);
  reasons.unknown = ['pods'];
  t.same(await get('/readyz'), [503, { ready: false, reasons: ['pods'] }]);
  const [status, body] = (await get('/drain')) as [number, { error: string }];
  t.same([status, body.error], [404, 'not-found']);
});

t.test('it gives its metrics as they are, and nothing can be changed there', async (t) => {
  const url = await serve(t, { stuck: [], unknown: [] });
  const answer = await fetch(`${url}/metrics`);
  t.equal(answer.headers.get('content-type'), 'text/x');
  t.equal(await answer.text(), 'a 1\n');
  t.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 405);
});
