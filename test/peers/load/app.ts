/**
 * The app under test, as a container of a pod has it: it answers what the load driver asks (see
 * agreement.ts), and on SIGTERM goes in the MANNER it was given: `exits` at once, or `closes` as
 * http.Server does, which ends when nothing is open any more. It knows nothing of tidegate.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { answerToGet, answerToPost, eventOf } from './agreement.js';

const BACKLOG = 4_096;
/** Longer than any client pauses. */
const KEEP_ALIVE_MS = 75_000;
const PIECES = 4;
const MANNERS = ['exits', 'closes'] as const;
type Manner = (typeof MANNERS)[number];

/** What `GET /facts` tells; moments are wall-clock times in ISO 8601. */
export interface Facts {
  readonly pid: number;
  readonly manner: string;
  readonly startedAt: string;
  readonly sigtermAt: string | null;
  /** Connections, WebSockets among them. */
  readonly connections: number;
  readonly webSockets: number;
  readonly streams: number;
}

const startedAt = new Date().toISOString();
let sigtermAt: string | null = null;
let isSick = false;
let streams = 0;
/** Answers that are not whole. */
const unfinished = new Set<ServerResponse>();

const server: Server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, serve);
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => undefined);
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  });
});

type Routes = Readonly<Record<string, RequestListener>>;

const routes: Routes = {
  'GET /': answerGet,
  'POST /': answerPost,
  'GET /quick': answerGet,
  'POST /quick': answerPost,
  'GET /slow': answerSlowly,
  'GET /stream': stream,
  'GET /facts': (_, response) => sendFacts(response),
  'GET /healthz': (_, response) => send(response, isSick ? 500 : 200, isSick ? 'sick' : 'well'),
  'POST /sick': (_, response) => send(response, 200, String((isSick = true))),
  'POST /well': (_, response) => send(response, 200, String((isSick = false))),
  'POST /exit': () => process.exit(1),
};

function serve(request: IncomingMessage, response: ServerResponse): void {
  unfinished.add(response);
  response.on('close', () => unfinished.delete(response));
  if (sigtermAt !== null) response.setHeader('Connection', 'close');
  const path = (request.url ?? '').split('?', 1)[0];
  const route = `${request.method} ${path}`;
  if (Object.hasOwn(routes, route)) routes[route](request, response);
  else send(response, 404, `there is no ${route}`);
}

function send(response: ServerResponse, status: number, text: string): void {
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

function answerGet({ url = '' }: IncomingMessage, response: ServerResponse): void {
  send(response, 200, answerToGet(url));
}

function answerPost(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () =>
    send(response, 200, answerToPost(request.url ?? '', Buffer.concat(chunks))),
  );
}

/** `?ms=2000&head=late` or `early`: the head at once, the body in pieces, the last when it is due. */
function answerSlowly({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(url, 'http://app');
  const ms = Number(searchParams.get('ms'));
  const text = answerToGet(url);
  if (searchParams.get('head') !== 'early') {
    setTimeout(() => send(response, 200, text), ms);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/plain' }).flushHeaders();
  const size = Math.ceil(text.length / PIECES);
  for (let piece = 1; piece <= PIECES; piece++) {
    const part = text.slice((piece - 1) * size, piece * size);
    const write = (): void => void (piece < PIECES ? response.write(part) : response.end(part));
    setTimeout(write, (ms * piece) / PIECES);
  }
}

/** `?everyMs=500`: an event so often, numbered on from the last one that the client has. */
function stream(request: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(request.url ?? '', 'http://app');
  const everyMs = Math.max(1, Number(searchParams.get('everyMs') ?? 1_000));
  let number = Number(request.headers['last-event-id'] ?? 0);
  const say = (): void => void response.write(eventOf(++number));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  streams++;
  say();
  const timer = setInterval(say, everyMs);
  response.on('close', () => {
    clearInterval(timer);
    streams--;
  });
}

function sendFacts(response: ServerResponse): void {
  server.getConnections((_, connections) => {
    const facts: Facts = {
      pid: process.pid,
      manner,
      startedAt,
      sigtermAt,
      connections,
      webSockets: sockets.clients.size,
      streams,
    };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(facts));
  });
}

/** What http.Server's own close does, and a client of a kept connection is told. */
function close(): void {
  server.close();
  for (const response of unfinished) {
    if (!response.headersSent) response.setHeader('Connection', 'close');
    // Where the head was out already, the connection turns idle behind the answer.
    response.on('close', () => setImmediate(() => server.closeIdleConnections()));
  }
}

function log(msg: string, facts: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg, ...facts })}\n`);
}

function stop(signal: NodeJS.Signals): void {
  if (sigtermAt !== null) return;
  sigtermAt = new Date().toISOString();
  log('asked to stop', { signal, manner });
  if (manner === 'exits') process.exit(0);
  close();
}

function isManner(text: string): text is Manner {
  return (MANNERS as readonly string[]).includes(text);
}

const manner = process.env['MANNER'] ?? 'closes';
if (!isManner(manner)) throw new Error(`MANNER is ${MANNERS.join(' or ')}, not ${manner}`);
// The first process of a container has no default for signals.
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
const host = process.env['HOST'];
const port = Number(process.env['PORT'] ?? 3000);
server.listen({ port, backlog: BACKLOG, ...(host === undefined ? {} : { host }) }, () => {
  log('listening', { port: (server.address() as AddressInfo).port, pid: process.pid, manner });
});
