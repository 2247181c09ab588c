/**
 * The demo's chat, over each of the ways in which it can be used.
 */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { createDemoApp } from '../../src/demo/app.js';

/** Starts the app; returns its `HOST:PORT`. */
async function startApp(t: Test): Promise<string> {
  const server = createDemoApp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens an event stream; each call of what it returns gives the next text that arrives. */
async function listenTo(t: Test, at: string): Promise<() => Promise<string>> {
  const leave = new AbortController();
  t.teardown(() => leave.abort());
  const response = await fetch(`http://${at}/events`, { signal: leave.signal });
  t.equal(response.headers.get('content-type'), 'text/event-stream');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  return async () => Buffer.from((await reader.read()).value ?? []).toString();
}

/** Opens a WebSocket; each call of what it returns gives the next message. */
async function join(t: Test, at: string): Promise<[WebSocket, () => Promise<string>]> {
  const socket = new WebSocket(`ws://${at}/ws`);
  t.teardown(() => socket.terminate());
  const waiting: ((text: string) => void)[] = [];
  const arrived: string[] = [];
  socket.on('message', (data: Buffer) => {
    const next = waiting.shift();
    if (next === undefined) arrived.push(data.toString());
    else next(data.toString());
  });
  const next = (): Promise<string> => {
    const text = arrived.shift();
    return text === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(text);
  };
  await once(socket, 'open');
  return [socket, next];
}

t.test('the page is a whole document that fetches nothing', async (t) => {
  const at = await startApp(t);
  const response = await fetch(`http://${at}/?from=here`);
  const page = await response.text();
  t.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  t.match(page, /^<!doctype html>/);
  t.notMatch(page, /(src|href)=/);
});

t.test('a message that is posted reaches streams and sockets', async (t) => {
  const at = await startApp(t);
  const nextEvent = await listenTo(t, at);
  const [, nextMessage] = await join(t, at);
  t.equal(await nextEvent(), 'data: Welcome.\n\n');
  t.equal(await nextMessage(), 'Welcome.');
  const response = await fetch(`http://${at}/messages`, { method: 'POST', body: 'one\ntwo' });
  t.equal(response.status, 204);
  t.equal(await nextEvent(), 'data: one\ndata: two\n\n');
  t.equal(await nextMessage(), 'one\ntwo');
});

t.test('a message that is sent over a socket comes back, and reaches the others', async (t) => {
  const at = await startApp(t);
  const nextEvent = await listenTo(t, at);
  const [socket, nextMessage] = await join(t, at);
  const [, nextOther] = await join(t, at);
  t.same([await nextEvent(), await nextMessage(), await nextOther()].length, 3);
  socket.send('hello');
  t.equal(await nextMessage(), 'hello');
  t.equal(await nextOther(), 'hello');
  t.equal(await nextEvent(), 'data: hello\n\n');
});

t.test('what cannot be answered is refused', async (t) => {
  const at = await startApp(t);
  const status = async (path: string, init?: RequestInit): Promise<number> => {
    const response = await fetch(`http://${at}${path}`, init);
    await response.text();
    return response.status;
  };
  t.equal(await status('/nowhere'), 404);
  t.equal(await status('/constructor'), 404);
  t.equal(await status('/messages'), 405);
  t.equal(await status('/events', { method: 'HEAD' }), 405);
  t.equal(await status('/messages', { method: 'POST', body: 'x'.repeat(4096) }), 204);
  t.equal(await status('/messages', { method: 'POST', body: 'x'.repeat(4097) }), 413);
  const allowed = await fetch(`http://${at}/messages`);
  t.equal(allowed.headers.get('allow'), 'POST');
});

t.test('an upgrade elsewhere is refused', async (t) => {
  const at = await startApp(t);
  const socket = new WebSocket(`ws://${at}/elsewhere`);
  const [error] = (await once(socket, 'error')) as [Error];
  t.match(error.message, '404');
});

t.test('a socket that sends too much, or no WebSocket at all, does not end the app', async (t) => {
  const at = await startApp(t);
  const [socket] = await join(t, at);
  socket.send('x'.repeat(4097));
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1009);
  const [host, port] = at.split(':');
  const raw = connect(Number(port), host);
  raw.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const [answer] = (await once(raw, 'data')) as [Buffer];
  t.match(answer.toString(), /^HTTP\/1.1 400 /);
  raw.resetAndDestroy();
  t.equal((await fetch(`http://${at}/`)).status, 200);
});
