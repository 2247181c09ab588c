/**
 * An app for clients that are to be said goodbye to: pages and echoes, event streams in every form
 * that resume where a client has got to, and a WebSocket echo. It never says goodbye itself, and
 * tells how its clients did.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { until } from '../../peers/until.js';

const PAGE = new URL('./page.html', import.meta.url);
const EVENT_EVERY_MS = 20;
/** Between the two halves of an event: a goodbye has to wait for the second. */
const HALF_EVENT_MS = 7;
/** What the app itself tells EventSource to wait; a goodbye's own is longer. */
export const APP_RETRY_MS = 300;

/** Of WebSocket messages that the app tells by itself. */
const PIECES = 5;
const PIECE_EVERY_MS = 3;
const HALVED_BYTES = 1_000;
const HALF_FRAME_EVERY_MS = 60;

/** How a WebSocket of the app ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One log of events that grows by itself; all apps of a test tell from it. */
export class EventLog {
  readonly startMs = performance.now();

  /** The number of the newest event. */
  get newest(): number {
    return Math.floor((performance.now() - this.startMs) / EVENT_EVERY_MS);
  }
}

export class GuestApp {
  port = 0;
  /** How its WebSockets ended. */
  readonly closed: Closed[] = [];
  /** What went wrong on its WebSockets. */
  readonly errors: string[] = [];
  /** What it was asked for. */
  readonly asked = new Set<string>();
  private readonly sockets: WebSocketServer;
  private readonly log: EventLog;
  private readonly server: Server;
  private readonly held: ServerResponse[] = [];
  /** Where an event or a frame has been told by half. */
  private readonly halfway = new Set<object>();

  private constructor(log: EventLog) {
    this.log = log;
    this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => undefined);
      this.sockets.handleUpgrade(request, socket, head, (opened) => {
        this.converse(opened, socket as Socket, request.url ?? '');
      });
    });
    // Nothing of the app's own ends a connection.
    this.server.keepAliveTimeout = 0;
  }

  static async open(t: Test, log = new EventLog()): Promise<GuestApp> {
    const app = new GuestApp(log);
    app.server.listen(0, '127.0.0.1');
    await once(app.server, 'listening');
    app.port = (app.server.address() as AddressInfo).port;
    t.teardown(() => app.die());
    return app;
  }

  /** Ends as a process does that is stopped: without a word, but not in the middle of one. */
  async die(): Promise<void> {
    await until(() => this.halfway.size === 0, 'nothing is half told');
    this.server.close();
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
  }

  /** Waits until a request is held back. */
  async holds(count = 1): Promise<void> {
    await until(() => this.held.length >= count, `the app holds back ${count}`);
  }

  /** Answers what was held back. */
  release(): void {
    for (const response of this.held.splice(0)) response.end('released\n');
  }

  /** Echoes, or talks by itself where it is asked to: `/socket?tell=pieces` or `halves`. */
  private converse(socket: WebSocket, raw: Socket, url: string): void {
    let timer: NodeJS.Timeout | undefined;
    socket.on('error', (error) => this.errors.push(error.message));
    socket.on('close', (code, reason) => {
      clearInterval(timer);
      this.halfway.delete(raw);
      this.closed.push({ code, reason: reason.toString() });
    });
    const talks = url.includes('tell=');
    socket.on('message', (data: Buffer, isBinary) => {
      // An echo may not come between the parts of something else.
      if (!talks) socket.send(data, { binary: isBinary });
    });
    if (url.endsWith('pieces')) timer = tellInPieces(socket);
    if (url.endsWith('halves')) timer = tellInHalves(raw, this.halfway);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://app');
    this.asked.add(request.url ?? '');
    response.on('error', () => undefined);
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(readFileSync(PAGE));
    } else if (pathname === '/held') {
      this.held.push(response);
    } else if (pathname === '/events') {
      await this.tell(request, response, searchParams.get('form') ?? 'chunked');
    } else {
      let body = '';
      for await (const piece of request.setEncoding('utf8')) body += piece;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method: request.method, path: request.url, body }));
    }
  }

  /** Tells the log in one of three forms: `chunked`, `gzip` (chunked, too) or `close`. */
  private async tell(
    request: IncomingMessage,
    response: ServerResponse,
    form: string,
  ): Promise<void> {
    const headers: Record<string, string> = { 'content-type': 'text/event-stream' };
    if (form === 'gzip') headers['content-encoding'] = 'gzip';
    if (form === 'close') {
      headers['connection'] = 'close';
      response.useChunkedEncodingByDefault = false;
    }
    response.writeHead(200, headers);
    const gzip = createGzip();
    if (form === 'gzip') gzip.pipe(response);
    const write = (text: string): void => {
      if (form === 'gzip') gzip.write(text, () => gzip.flush());
      else response.write(text);
    };
    write(`retry: ${APP_RETRY_MS}\n\n`);
    const last = request.headers['last-event-id'];
    await this.tellFrom(last === undefined ? this.log.newest : Number(last) + 1, response, write);
  }

  private async tellFrom(
    first: number,
    response: ServerResponse,
    write: (text: string) => void,
  ): Promise<void> {
    for (let event = first; !response.destroyed; event++) {
      while (this.log.newest < event) await sleep(EVENT_EVERY_MS / 2);
      write(`id: ${event}\nda`);
      this.halfway.add(response);
      await sleep(HALF_EVENT_MS);
      this.halfway.delete(response);
      write(`ta: what happened, number ${event}\n\n`);
    }
  }
}

/** Messages of five fragments, one every few milliseconds: there is almost always one unfinished. */
function tellInPieces(socket: WebSocket): NodeJS.Timeout {
  let piece = 0;
  return setInterval(() => {
    piece++;
    socket.send(`piece ${piece} `, { fin: piece % PIECES === 0, compress: true });
  }, PIECE_EVERY_MS);
}

/** Frames of which the app says the first half long before the second. */
function tellInHalves(raw: Socket, halfway: Set<object>): NodeJS.Timeout {
  const payload = Buffer.alloc(HALVED_BYTES, 'a');
  // FIN and text; a length of two bytes (RFC 6455 section 5.2).
  const frame = Buffer.concat([Buffer.from([0x81, 126, 0, 0]), payload]);
  frame.writeUInt16BE(HALVED_BYTES, 2);
  const middle = frame.length / 2;
  return setInterval(() => {
    if (!raw.writable) return;
    const isBegun = halfway.delete(raw);
    if (!isBegun) halfway.add(raw);
    raw.write(isBegun ? frame.subarray(middle) : frame.subarray(0, middle));
  }, HALF_FRAME_EVERY_MS);
}
