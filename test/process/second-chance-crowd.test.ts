/**
 * Second chances in number and size: a long upload is streamed, a thousand exchanges leave nothing
 * behind, more than the bound wait as they would without, and a WebSocket is one like any other.
 */
import t from 'tap';
import {
  ask,
  exchange,
  leavesNothing,
  openPods,
  streamsUpload,
  withoutApp,
} from '../peers/chance.js';
import { freePort } from '../peers/peer.js';
import { SECOND_CHANCES_MAX } from '../../src/tunnel/second-chance.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const UPLOAD_BYTES = 128 * 1_048_576;

t.test('an upload is streamed, and the memory stays flat', (t) => streamsUpload(t, UPLOAD_BYTES));

t.test('a thousand exchanges leave nothing open', async (t) => {
  const pods = await openPods(t);
  for (let round = 0; round < 50; round++) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => ask(pods, GET)));
    for (let at = 0; at < clients.length; at++) {
      const app = await pods.app.accepted();
      await app.gotText('\r\n\r\n');
      app.send(OK);
    }
    const left = await Promise.all(clients.map((client) => client.left()));
    t.same([...new Set(left)], ['end']);
    for (const client of clients) client.end();
  }
  await leavesNothing(t, pods);
});

t.test('more than the bound wait for the app as they would without', async (t) => {
  const { here } = await withoutApp(t, await freePort(), ['--app-connect-timeout=2s']);
  const count = SECOND_CHANCES_MAX + 20;
  const clients = await Promise.all(Array.from({ length: count }, () => ask({ here }, GET)));
  const left = await Promise.all(clients.map((client) => client.left(20_000)));
  t.same([...new Set(left)], ['end']);
  t.ok(clients.every(({ text }) => text.startsWith('HTTP/1.1 503 ')));
  for (const client of clients) client.end();
  await here.idle();
  t.same([...here.output], []);
});

t.test('a WebSocket goes on like any other, and is said goodbye to in a drain', async (t) => {
  const pods = await openPods(t, [
    '--grace-period=4s',
    '--settle-max=200ms',
    '--close-window=500ms',
  ]);
  const upgrade =
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const { client, app } = await exchange(pods, upgrade);
  const switching =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
  app.send(`${switching}\x81\x02hi`);
  await client.gotText('\x81\x02hi');
  t.equal(client.text, `${switching}\x81\x02hi`);
  client.send('\x81\x82\0\0\0\0ho');
  await app.gotText('ho');
  const metrics = await pods.here.metrics();
  t.equal(metrics.value('tidegate_connections', { kind: 'websocket', state: 'active' }), 1);
  pods.here.kill('SIGTERM');
  await client.gotText('\x88\x02\x03\xe9');
  client.send('\x88\x82\0\0\0\0\x03\xe9');
  await app.gotText('\x88\x82');
  app.send('\x88\x02\x03\xe9');
  app.end();
  t.equal(await client.left(), 'end');
  client.end();
  t.same(await pods.here.exited, { code: 0, signal: null });
});
