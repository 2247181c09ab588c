/**
 * The app of the demo: a chat that can be used over HTTP, an event stream and a WebSocket, all at
 * once. It knows nothing of tidegate, as any app in front of which tidegate stands.
 */
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { PAGE } from './page.js';

const MESSAGE_BYTES_MAX = 4096;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Routes = Readonly<Record<string, Readonly<Record<string, Answer>>>>;

/** The chat's server; the caller opens its port. */
export function createDemoApp(): Server {
  const chat = new Chat();
  const routes: Routes = {
    '/': { GET: sendPage, HEAD: sendPage },
    '/events': { GET: (_, response) => chat.listen(response) },
    '/messages': { POST: (request, response) => receiveMessage(chat, request, response) },
  };
  const server = createServer((request, response) => route(routes, request, response));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (pathOf(request) === '/ws') chat.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  return server;
}

/** Who is there, and how they hear of what is said. */
class Chat {
  private readonly streams = new Set<ServerResponse>();
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });

  listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(eventOf('Welcome.'));
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      // ws has sent the Close frame that fits; without a listener the process would end.
      webSocket.on('error', () => {});
      webSocket.on('message', (data: Buffer) => this.say(data.toString()));
      webSocket.send('Welcome.');
    });
  }

  say(text: string): void {
    for (const stream of this.streams) stream.write(eventOf(text));
    for (const socket of this.sockets.clients) socket.send(text);
  }
}

/** An event of one or more lines; what is in a line cannot end the event. */
function eventOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${lines.join('')}\n`;
}

function route(routes: Routes, request: IncomingMessage, response: ServerResponse): void {
  const path = pathOf(request);
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const method = request.method ?? '';
  if (methods === undefined) sendStatus(response, 404);
  else if (Object.hasOwn(methods, method)) methods[method](request, response);
  else sendStatus(response, 405, { allow: Object.keys(methods).join(', ') });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0];
}

function sendStatus(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain' });
  response.end(`${STATUS_CODES[status]}\n`);
}

function sendPage(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
}

function receiveMessage(chat: Chat, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MESSAGE_BYTES_MAX) chunks.push(chunk);
  });
  request.on('end', () => {
    if (bytes > MESSAGE_BYTES_MAX) {
      sendStatus(response, 413);
      return;
    }
    chat.say(Buffer.concat(chunks).toString());
    response.writeHead(204).end();
  });
}
