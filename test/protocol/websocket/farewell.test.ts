/**
 * The Close frame, byte for byte, read by our own framing, and heard by the client of `ws`, which
 * gets it whole, byte by byte and cut at every position.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { closeFrame } from '../../../src/protocol/websocket/farewell.js';
import { FrameFraming, OPCODE_CLOSE } from '../../../src/protocol/websocket/framing.js';
import { readProjectFile } from '../../layout/source.js';

const CODES = [1000, 1001, 1011, 1012, 1013, 3000, 4999];
const REPLY_BYTES = 8;

t.test('it is final, unmasked, and has the code and no reason', (t) => {
  t.equal(Buffer.from(closeFrame(1001)).toString('hex'), '880203e9');
  t.equal(Buffer.from(closeFrame(1012)).toString('hex'), '880203f4');
  t.equal(Buffer.from(closeFrame(4999)).toString('hex'), '88021387');
  for (let code = 1000; code < 5000; code++) {
    const wanted = Buffer.of(0x88, 2, code >> 8, code & 0xff);
    if (!wanted.equals(closeFrame(code))) t.fail(`${code}`);
  }
  t.end();
});

t.test('each code is written once', (t) => {
  t.equal(closeFrame(1001), closeFrame(1001));
  t.not(closeFrame(1001), closeFrame(1012));
  t.end();
});

t.test('our own framing reads it as one whole Close, cut anywhere', (t) => {
  const frame = closeFrame(1001);
  for (let cut = 1; cut <= frame.length; cut++) {
    const framing = new FrameFraming();
    const events = [frame.subarray(0, cut), frame.subarray(cut)].flatMap((piece) => {
      const heard: string[] = [];
      for (let at = 0; at < piece.length;) {
        at = framing.read(piece, at);
        heard.push(framing.event);
      }
      return heard;
    });
    t.equal(events.filter((event) => event === 'frame').length, 1, `cut at ${cut}`);
    t.equal(framing.opcode, OPCODE_CLOSE);
  }
  t.end();
});

/** Takes the upgrade of one client by hand, as no library is to come between. */
async function accept(t: Test): Promise<{ client: WebSocket; server: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1');
  t.teardown(() => void listener.close());
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [server] = (await once(listener, 'connection')) as [Socket];
  t.teardown(() => (client.terminate(), server.destroy()));
  server.setNoDelay();
  const [request] = (await once(server, 'data')) as [Buffer];
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request.toString())?.[1];
  const accepted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const open = once(client, 'open');
  server.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accepted.digest('base64')}\r\n\r\n`,
  );
  await open;
  return { client, server };
}

/** The client hears the frame in these pieces, replies with its code, and reports it. */
async function hears(t: Test, code: number, pieces: readonly Uint8Array[]): Promise<void> {
  const { client, server } = await accept(t);
  const closed = once(client, 'close') as Promise<[number, Buffer]>;
  const replied = once(server, 'data') as Promise<[Buffer]>;
  for (const piece of pieces) {
    server.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [reply] = await replied;
  t.equal(reply.length, REPLY_BYTES);
  t.equal(reply[0], 0x88);
  t.equal((reply.readUInt16BE(6) ^ reply.readUInt16BE(2)) >>> 0, code, 'the code comes back');
  server.end();
  const [heard, reason] = await closed;
  t.equal(heard, code);
  t.equal(reason.length, 0);
}

t.test('a client reports the code, whichever it is', async (t) => {
  for (const code of CODES) await hears(t, code, [closeFrame(code)]);
});

t.test('a client reports the code, wherever the frame is cut', async (t) => {
  const frame = closeFrame(1001);
  for (let cut = 1; cut < frame.length; cut++) {
    await hears(t, 1001, [frame.subarray(0, cut), frame.subarray(cut)]);
  }
  await hears(
    t,
    1001,
    Array.from(frame, (byte) => Uint8Array.of(byte)),
  );
});

t.test('a client that had a message before it hears both, in order', async (t) => {
  const { client, server } = await accept(t);
  const message = once(client, 'message') as Promise<[Buffer]>;
  const closed = once(client, 'close') as Promise<[number]>;
  server.end(Buffer.concat([Buffer.from('\x81\x02hi', 'latin1'), closeFrame(1001)]));
  t.equal((await message)[0].toString(), 'hi');
  t.equal((await closed)[0], 1001);
});

t.test('ws is pinned to one version, because nothing promises its Sender', (t) => {
  interface Lock {
    readonly packages: Record<string, { version: string; dependencies?: { ws: string } }>;
  }
  const { dependencies } = JSON.parse(readProjectFile('package.json')) as {
    dependencies: { ws: string };
  };
  const { packages } = JSON.parse(readProjectFile('package-lock.json')) as Lock;
  t.match(dependencies.ws, /^\d+\.\d+\.\d+$/);
  t.equal(packages[''].dependencies?.ws, dependencies.ws);
  t.equal(packages['node_modules/ws'].version, dependencies.ws);
  t.end();
});
