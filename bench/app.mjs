// The app behind every subject: a raw server that answers with fixed bytes as soon as it has seen the whole
// request, accepts WebSocket handshakes and echoes frames. `node app.mjs HOST PORT`.
// Must stay far cheaper than any proxy, and must never answer what it has not read to its end.

import net from 'node:net';
import { pathToFileURL } from 'node:url';
import {
  HEAD_END,
  LARGE_ANSWER,
  LAST_ANSWERS,
  SMALL_ANSWER,
  UPLOAD_BYTES,
  upgraded,
} from './traffic.mjs';

const NOTHING = Buffer.alloc(0);
const SHORT_FRAME_BYTES_MAX = 125;

class Connection {
  pending = NOTHING;
  bodyLeft = 0;
  upgraded = false;
  closing = false;

  constructor(socket) {
    this.socket = socket;
  }

  onData(chunk) {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.pending = NOTHING;
    let at = 0;
    while (at < bytes.length) {
      const next = this.upgraded ? this.onFrame(bytes, at) : this.onRequest(bytes, at);
      if (next === at) {
        this.pending = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Consumes a head or a piece of body; returns where it stopped. */
  onRequest(bytes, at) {
    if (this.bodyLeft > 0) {
      const taken = Math.min(this.bodyLeft, bytes.length - at);
      this.bodyLeft -= taken;
      if (this.bodyLeft === 0) this.answer(SMALL_ANSWER);
      return at + taken;
    }
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return at;
    this.onHead(bytes.latin1Slice(at, end + 2));
    return end + HEAD_END.length;
  }

  onHead(head) {
    this.closing = /\r\nconnection: *close\r\n/i.test(head);
    if (head.startsWith('GET /small')) return this.answer(SMALL_ANSWER);
    if (head.startsWith('GET /large')) return this.answer(LARGE_ANSWER);
    if (head.startsWith('POST /upload')) {
      this.bodyLeft = UPLOAD_BYTES;
      return;
    }
    const key = /\r\nsec-websocket-key: *(.*)\r\n/i.exec(head)?.[1];
    if (key === undefined) return this.socket.destroy();
    this.upgraded = true;
    this.socket.write(upgraded(key));
  }

  answer(bytes) {
    if (this.closing) this.socket.end(LAST_ANSWERS.get(bytes));
    else this.socket.write(bytes);
  }

  /** Echoes one short masked frame; anything else ends the connection, and with it the run. */
  onFrame(bytes, at) {
    if (bytes.length - at < 2) return at;
    const length = bytes[at + 1] & 0x7f;
    const end = at + 6 + length;
    if (bytes[at] !== 0x81 || (bytes[at + 1] & 0x80) === 0 || length > SHORT_FRAME_BYTES_MAX) {
      this.socket.destroy();
      return bytes.length;
    }
    if (bytes.length < end) return at;
    const echo = Buffer.allocUnsafe(2 + length);
    echo[0] = 0x81;
    echo[1] = length;
    for (let i = 0; i < length; i += 1) echo[2 + i] = bytes[at + 6 + i] ^ bytes[at + 2 + (i & 3)];
    this.socket.write(echo);
    return end;
  }
}

function onConnection(socket) {
  const connection = new Connection(socket);
  socket.on('data', (chunk) => connection.onData(chunk));
  socket.on('error', () => socket.destroy());
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [host, port] = process.argv.slice(2);
  const server = net.createServer({ noDelay: true }, onConnection);
  server.listen({ host, port: Number(port), backlog: 4_096 });
  process.on('SIGTERM', () => process.exit(0));
}
