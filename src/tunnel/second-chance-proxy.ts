/**
 * http-proxy, and what keeps its known defects away: it is loaded only where it is wanted, given a
 * connection that stands already, and left to send the request alone. Whatever is answered is ours
 * to pass on.
 */
import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type HttpProxy from 'http-proxy';
import legacy from 'node:util';
import type { Outlet } from './second-chance-body.js';

/** The largest head of an answer; as large as an observer follows. */
export const HEAD_BYTES_MAX = 65_536;

/** A request as it goes out. */
export interface Errand {
  readonly method: string;
  /** The request target, as it came. */
  readonly target: string;
  /** Names and values in turns. */
  readonly fields: readonly string[];
  readonly body: Outlet;
  /** Known once the body has ended. */
  trailers(): [string, string][];
}

/** Sends an errand on a connection that stands; `failed` hears of what comes to nothing. */
export type Send = (
  errand: Errand,
  socket: Socket,
  failed: (error: NodeJS.ErrnoException) => void,
) => ClientRequest;

/**
 * What http-proxy fills in and gives to Node. It would lose the case, order and number of fields,
 * and collapse `//` in the request target: those two are ours, and its own are not taken.
 */
class Outgoing {
  readonly maxHeaderSize = HEAD_BYTES_MAX;

  constructor({ target, fields }: Errand) {
    const ours = (value: unknown): PropertyDescriptor => ({
      enumerable: true,
      get: () => value,
      set: () => undefined,
    });
    Object.defineProperties(this, { path: ours(target), headers: ours(fields) });
  }
}

/** An agent for one request on one connection. */
class OneConnection extends Agent {
  request: ClientRequest | undefined;
  private readonly socket: Socket;

  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.socket = socket;
  }

  /** Node asks its agent for a connection by this. */
  addRequest(request: ClientRequest): void {
    this.request = request;
    request.maxHeadersCount = 0;
    request.onSocket(this.socket);
  }
}

/** Loads http-proxy. */
export async function loadSend(): Promise<Send> {
  const proxy = await createQuietly();
  return (errand, socket, failed) => {
    const agent = new OneConnection(socket);
    // It looks at no more of the client than this; the method, too, it gets in another place,
    // because it frames DELETE and OPTIONS anew where it knows them.
    const from = Object.assign(errand.body, { socket: CLIENT, url: '/', headers: {} });
    proxy.web(
      from as unknown as IncomingMessage,
      NOT_TO_BE_ANSWERED as unknown as ServerResponse,
      { target: TARGET, agent, method: errand.method, ssl: new Outgoing(errand) },
      failed,
    );
    if (agent.request === undefined) throw new Error('http-proxy has sent nothing');
    return agent.request;
  };
}

/** Stands for the answer to the client, which http-proxy does not write. */
const NOT_TO_BE_ANSWERED = { headersSent: true, finished: false };
/** And for the client: while it is there every error is told to us. */
const CLIENT = { destroyed: false };
/** The connection stands: nobody asks where to. */
const TARGET = { host: 'localhost', port: 80 };

/**
 * http-proxy uses `util._extend`, which newer Nodes warn of (DEP0060), for what `Object.assign`
 * does; it takes hold of it once, while it is loaded.
 */
async function createQuietly(): Promise<HttpProxy> {
  const before = Object.getOwnPropertyDescriptor(legacy, '_extend');
  Object.defineProperty(legacy, '_extend', { value: Object.assign, configurable: true });
  try {
    const { default: loaded } = await import('http-proxy');
    return loaded.createProxyServer({ selfHandleResponse: true, toProxy: true });
  } finally {
    if (before === undefined) Reflect.deleteProperty(legacy, '_extend');
    else Object.defineProperty(legacy, '_extend', before);
  }
}
