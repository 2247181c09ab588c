/**
 * The admin port: routes, methods, limits. It never counts as traffic and can never disturb it:
 * heads, times and connections are bounded, and the oldest idle asker makes room for the next, so
 * that the kubelet's wait always finds a place.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { mayChange } from './access.js';
import { sendError, sendRefusal } from './answer.js';
import { readJson } from './body.js';
import { targetOf } from './target.js';

/** Connections at once, bytes of head and body, milliseconds for a request: enough for anybody. */
export const CONNECTIONS_MAX = 256;
export const HEAD_BYTES_MAX = 8_192;
export const BODY_BYTES_MAX = 65_536;
const REQUEST_MS_MAX = 10_000;
/** How long an answer may stand still because nobody reads it. */
export const STANDSTILL_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 15_000;

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What stands in the place of `ID`; empty where the path has none. */
  readonly id: string;
  /** The JSON that came along, where it is taken; undefined if there was none. */
  readonly body: unknown;
}

export interface Route {
  readonly answer: (call: Call) => void | Promise<void>;
  /** Query keys it knows; any other is refused. */
  readonly query?: readonly string[];
  /** It changes something: for loopback and token holders. */
  readonly changes?: true;
  /** It takes JSON. */
  readonly body?: true;
  /** Its connection is never closed to make room. */
  readonly waits?: true;
}

/** By path, then by method; HEAD goes with GET. A path may end with `/ID`, for any one word. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>;

/** Makes the server; the caller opens its port. */
export function createAdmin(routes: Routes, token: string | undefined): Server {
  const room = new Room();
  const limits = {
    maxHeaderSize: HEAD_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    headersTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: REQUEST_MS_MAX / 4,
    requireHostHeader: false,
  };
  const server = createServer(limits, (request, response) => {
    void dispatch(routes, token, room, request, response);
  });
  server.on('connection', (socket) => room.enter(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuse(error, socket as Socket),
  );
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const reason = `nothing is known of "Expect: ${request.headers.expect ?? ''}"`;
    sendError(response, 417, 'expectation-failed', reason);
  });
  // A connection that could not be taken is its client's to try again.
  server.on('listening', () => server.on('error', () => undefined));
  return server;
}

/** Whose connection may be closed to make room, oldest first. */
class Room {
  private readonly sockets = new Set<Socket>();

  enter(socket: Socket): void {
    if (this.sockets.size >= CONNECTIONS_MAX) this.oldest()?.destroy();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }

  /** Waits do not take anybody's place. */
  wait(socket: Socket): void {
    this.sockets.delete(socket);
  }

  private oldest(): Socket | undefined {
    for (const socket of this.sockets) {
      if (!socket.destroyed) return socket;
    }
    return undefined;
  }
}

/** What is no HTTP, or not in time. */
function refuse({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') socket.destroy();
  else if (code === 'HPE_HEADER_OVERFLOW') {
    sendRefusal(socket, 431, 'too-large', `a head has more than ${HEAD_BYTES_MAX} bytes`);
  } else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    sendRefusal(socket, 408, 'too-slow', `a request took more than ${REQUEST_MS_MAX} ms`);
  } else sendRefusal(socket, 400, 'bad-request', 'this is no HTTP/1.1');
}

/** Bodies are for few here; false if there is too much of one for anybody. */
function limitBody(request: IncomingMessage, response: ServerResponse): boolean {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) request.destroy();
  });
  if (Number(request.headers['content-length'] ?? 0) <= BODY_BYTES_MAX) return true;
  response.setHeader('connection', 'close');
  sendError(response, 413, 'too-large', `a body has more than ${BODY_BYTES_MAX} bytes`);
  return false;
}

/** The path as the routes have it, and what stands in the place of `ID`. */
function placeOf(routes: Routes, path: string): readonly [path: string, id: string] {
  const at = path.lastIndexOf('/') + 1;
  const id = path.slice(at);
  const general = `${path.slice(0, at)}ID`;
  return id !== '' && Object.hasOwn(routes, general) ? [general, id] : [path, ''];
}

/** GET brings HEAD along. */
function methodsOf(routes: Readonly<Record<string, Route>>): string {
  return Object.keys(routes)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : method))
    .join(', ');
}

async function dispatch(
  routes: Routes,
  token: string | undefined,
  room: Room,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!limitBody(request, response)) return;
  request.setTimeout(STANDSTILL_MS_MAX);
  const { path, query } = targetOf(request.url ?? '/');
  const [place, id] = placeOf(routes, path);
  const methods = Object.hasOwn(routes, place) ? routes[place] : undefined;
  if (methods === undefined) {
    const known = Object.keys(routes).join(', ');
    return sendError(response, 404, 'not-found', `there is no ${path}; there are ${known}`);
  }
  const route = methods[request.method === 'HEAD' ? 'GET' : (request.method ?? '')];
  if (route === undefined) {
    const allowed = methodsOf(methods);
    response.setHeader('allow', allowed);
    const reason = `${path} takes ${allowed}, not ${request.method}`;
    return sendError(response, 405, 'method-not-allowed', reason);
  }
  if (route.changes === true && !mayChange(request, token)) {
    const reason = 'only from loopback, or with the token (setting adminToken)';
    return sendError(response, 403, 'forbidden', reason);
  }
  const unknown = [...query.keys()].find((key) => route.query?.includes(key) !== true);
  if (unknown !== undefined && route.waits !== true) {
    const reason = `${path} knows no query key "${unknown}"`;
    return sendError(response, 400, 'bad-request', reason);
  }
  if (route.waits === true) {
    room.wait(request.socket);
    request.setTimeout(0);
  }
  await answer(route, { request, response, query, id, body: undefined });
}

async function answer(route: Route, call: Call): Promise<void> {
  const { request, response } = call;
  try {
    if (route.body !== true) return await route.answer(call);
    const body = await readJson(request);
    if (body === undefined) return;
    if ('value' in body) return await route.answer({ ...call, body: body.value });
    const { status, error, reason } = body.refusal;
    if (!request.complete) response.setHeader('connection', 'close');
    sendError(response, status, error, reason);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendError(response, 500, 'fault', error instanceof Error ? error.message : String(error));
  }
}
