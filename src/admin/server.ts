/**
 * The admin port: what kubelet, Prometheus and people ask. Its own port, its own limits; it never
 * counts as traffic and can never disturb it.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';

/** Connections at once, bytes of head, and milliseconds for a request: enough for any scraper. */
const CONNECTIONS_MAX = 256;
const HEAD_BYTES_MAX = 8_192;
const REQUEST_MS_MAX = 10_000;

/** The text that Prometheus gets, handed in so that this room needs no metrics. */
export interface Scrape {
  readonly contentType: string;
  render(): Promise<string>;
}

type Answer = (response: ServerResponse) => Promise<void> | void;
type Routes = Readonly<Record<string, Answer>>;

/** Makes the server of the admin port; the caller opens it. */
export function createAdmin(scrape: Scrape): Server {
  const routes: Routes = {
    '/livez': (response) => sendJson(response, 200, { live: true }),
    '/metrics': async (response) => {
      const text = await scrape.render();
      response.writeHead(200, { 'content-type': scrape.contentType }).end(text);
    },
  };
  const limits = {
    maxHeaderSize: HEAD_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    headersTimeout: REQUEST_MS_MAX,
  };
  const server = createServer(limits, (request, response) => {
    void answer(routes, request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  // A connection that could not be taken is its client's to try again.
  server.on('listening', () => server.on('error', () => undefined));
  return server;
}

async function answer(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    sendError(
      response,
      404,
      'not-found',
      `there is no ${path}; ask ${Object.keys(routes).join(' or ')}`,
    );
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    sendError(response, 405, 'method-not-allowed', `${path} takes GET, not ${request.method}`);
    return;
  }
  try {
    await route(response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendError(response, 500, 'fault', error instanceof Error ? error.message : String(error));
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendError(response: ServerResponse, status: number, error: string, reason: string): void {
  sendJson(response, status, { error, reason });
}
