/**
 * Second chance: a request that its app cannot be given goes to another pod, through the Service
 * that all of them stand behind. Decides who gets one, and reads the requests by an HTTP server
 * that never listens; the clients stay those of their tunnels.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Facts, Kind } from '../protocol/contract.js';
import { createDetector } from '../protocol/detect.js';
import type { AppAddress, DialSocket } from './dial.js';
import { readWaiting, refuse } from './refusal.js';
import { Hop } from './second-chance-hop.js';
import { markIn, notHere } from './second-chance-marker.js';
import { isWebSocketHead } from './second-chance-request.js';
import { HEAD_BYTES_MAX, loadSend, type Send } from './second-chance-proxy.js';
import type { Tunnel } from './tunnel.js';

/** How many clients may have one at once; beyond it they wait for the app, as without. */
export const SECOND_CHANCES_MAX = 256;

export class SecondChances {
  readonly service: AppAddress;
  readonly app: AppAddress;
  readonly send: Send;
  /** Tells what this process has sent on from what others have. */
  readonly id = randomUUID();
  private readonly server = createHopServer();
  /**
   * Node takes any `Upgrade` for one as soon as somebody listens, and reads no body then: who asks
   * for h2c, say, would lose what it has sent. So only those get this that want a WebSocket.
   */
  private readonly upgradeServer = withUpgrades(createHopServer());
  private open = 0;

  constructor(service: AppAddress, app: AppAddress, send: Send) {
    this.service = service;
    this.app = app;
    this.send = send;
  }

  /** True if this client is taken care of. */
  take(tunnel: Tunnel, client: DialSocket, isUpgrade: boolean): boolean {
    if (this.open >= SECOND_CHANCES_MAX) return false;
    this.open++;
    client.dial = new Hop(this, tunnel, client);
    const server = isUpgrade ? this.upgradeServer : this.server;
    server.emit('connection', client);
    client.resume(); // it was held back, if it has had an app before
    return true;
  }

  /** One of them is over. */
  left(): void {
    this.open--;
  }
}

/** Second chances by `service`, for clients of `app`; loads what they need, if there are any. */
export async function openSecondChances(
  service: AppAddress | undefined,
  app: AppAddress,
): Promise<SecondChances | undefined> {
  return service && new SecondChances(service, app, await loadSend());
}

/** What a client's first bytes tell. */
export interface FirstWords {
  /** HTTP/1 from the first byte: what comes behind a PROXY preamble is not ours to send on. */
  readonly isHttp1: boolean;
  /** The mark of the tidegate that has sent it on. */
  readonly mark: string | undefined;
  /** Its head asks for a WebSocket. */
  readonly isUpgrade: boolean;
}

/**
 * What a client has said; undefined if that is not enough: of HTTP/1 the whole head, or more than
 * one may have. To be asked no more once it is: each look makes its socket read on.
 */
export function firstWords(client: Socket): FirstWords | undefined {
  const first = readWaiting(client);
  if (first === undefined) return undefined;
  client.unshift(first);
  let kind: Kind | undefined;
  const nothing = (): void => undefined;
  const facts: Facts = {
    carries: (carried) => void (kind ??= carried),
    preambled: () => void (kind ??= 'tcp'),
    follows: nothing,
    exchangeBegan: nothing,
    exchangeKnown: nothing,
    answered: nothing,
    exchangeEnded: nothing,
    gaveUp: nothing,
  };
  createDetector(facts).fromClient(first, 0);
  if (kind === undefined) return undefined;
  if (kind !== 'http1') return { isHttp1: false, mark: undefined, isUpgrade: false };
  const head = headIn(first);
  return head === undefined ? undefined : wordsOf(head);
}

function wordsOf(head: string): FirstWords {
  return { isHttp1: true, mark: markIn(head), isUpgrade: isWebSocketHead(head) };
}

/** The whole head; undefined while it is still coming. */
function headIn(first: Buffer): string | undefined {
  const text = first.toString('latin1');
  const end = /\n\r?\n/.exec(text);
  if (end === null) return first.length < HEAD_BYTES_MAX ? undefined : text;
  return text.slice(0, end.index + end[0].length);
}

/** True if somebody else takes care of a client whose app could not be reached. */
export function isServedElsewhere(
  tunnel: Tunnel,
  client: DialSocket,
  said: FirstWords | undefined,
): boolean {
  if (said?.isHttp1 !== true) return false;
  if (said.mark === undefined) {
    return tunnel.around.secondChances?.take(tunnel, client, said.isUpgrade) ?? false;
  }
  client.dial = undefined;
  refuse(tunnel, client, notHere(said.mark));
  return true;
}

/**
 * Reads requests as an app on Node would. It has no timeouts: an upload may take as long as it
 * likes, and what does not come to a head is limited by its hop.
 */
function createHopServer(): Server {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    insecureHTTPParser: false,
    requireHostHeader: false,
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: 0,
  });
  Object.assign(server, { httpAllowHalfOpen: true, maxHeadersCount: 0 });
  const begin = (request: IncomingMessage): void => hopOf(request.socket)?.begin(request);
  server.on('request', begin);
  server.on('checkContinue', begin);
  server.on('checkExpectation', begin);
  server.on('connect', (_request, socket) => hopOf(socket as Socket)?.refuseConnect());
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.destroyed) hopOf(socket as Socket)?.refusedHead(error.code);
  });
  return server;
}

function withUpgrades(server: Server): Server {
  return server.on('upgrade', (request, socket, head) => {
    hopOf(socket as Socket)?.begin(request, head);
  });
}

function hopOf(socket: Socket): Hop | undefined {
  const { dial } = socket as DialSocket;
  return dial instanceof Hop ? dial : undefined;
}
