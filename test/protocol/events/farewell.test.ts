/**
 * The last bytes of an event stream, as they are written and as Node's client and a chunked
 * reader of our own framing take them.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import {
  LAST_CHUNK,
  lastEventChunk,
  retryField,
  retryMsFrom,
} from '../../../src/protocol/events/farewell.js';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

t.test('each form has exactly these bytes', (t) => {
  t.equal(textOf(LAST_CHUNK), '0\r\n\r\n');
  t.equal(textOf(retryField(1234)), 'retry: 1234\n\n');
  t.equal(textOf(lastEventChunk(1234)), 'd\r\nretry: 1234\n\n\r\n0\r\n\r\n');
  t.equal(textOf(lastEventChunk(999_999_999)), '12\r\nretry: 999999999\n\n\r\n0\r\n\r\n');
  t.end();
});

t.test('what is handed out is not taken back by a later call', (t) => {
  const [chunk, field] = [lastEventChunk(1111), retryField(1111)];
  for (let ms = 2000; ms < 2100; ms++) void [lastEventChunk(ms), retryField(ms)];
  t.equal(textOf(chunk), 'd\r\nretry: 1111\n\n\r\n0\r\n\r\n');
  t.equal(textOf(field), 'retry: 1111\n\n');
  t.end();
});

t.test('the reconnection time is a whole number of milliseconds from 1 to 3 s, evenly', (t) => {
  t.equal(retryMsFrom(0), 1_000);
  t.equal(retryMsFrom(0.5), 2_000);
  t.equal(retryMsFrom(1 - 2 ** -53), 3_000);
  const steps = 2001 * 4;
  const told = new Map<number, number>();
  for (let step = 0; step < steps; step++) {
    const ms = retryMsFrom((step + 0.5) / steps);
    told.set(ms, (told.get(ms) ?? 0) + 1);
  }
  t.equal(told.size, 2001);
  t.ok([...told].every(([ms, times]) => Number.isInteger(ms) && times === 4));
  t.end();
});

/** What Node's client reads of a stream: its body, whole or not. */
async function received(t: Test, head: string, ...rest: Uint8Array[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${head}\r\n`);
      for (const bytes of rest) socket.write(bytes);
      socket.end();
    });
  }).listen(0, '127.0.0.1');
  t.teardown(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  const body = Buffer.concat(await answer.toArray()).toString();
  t.equal(answer.complete, true);
  return body;
}

const EVENT = Buffer.from('data: x\n\n');
const EVENT_CHUNK = Buffer.from('9\r\ndata: x\n\n\r\n');
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

t.test("Node's client reads a whole stream of each form", async (t) => {
  const ended = 'data: x\n\nretry: 2000\n\n';
  t.equal(await received(t, CHUNKED, EVENT_CHUNK, lastEventChunk(2000)), ended);
  t.equal(await received(t, CHUNKED, lastEventChunk(2000)), 'retry: 2000\n\n');
  t.equal(await received(t, 'Connection: close\r\n', EVENT, retryField(2000)), ended);
  t.equal(await received(t, CHUNKED, EVENT_CHUNK, LAST_CHUNK), 'data: x\n\n');
});

t.test('without them the same stream is not whole', async (t) => {
  await t.rejects(received(t, CHUNKED, EVENT_CHUNK), { code: 'ECONNRESET' });
});

t.test('cut at every position it is not whole before its last byte', async (t) => {
  const farewell = lastEventChunk(2000);
  for (let cut = 0; cut < farewell.length; cut++) {
    await t.rejects(received(t, CHUNKED, EVENT_CHUNK, farewell.subarray(0, cut)), `cut at ${cut}`);
  }
});
