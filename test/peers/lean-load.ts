/**
 * Much load at little cost, so that the program between is the one that works: an app that gives
 * every request the same answer, and clients that ask again once they are answered, one request in
 * flight on each connection. Every answer is compared whole; one that is not as it was sent throws.
 */
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import type { At } from './peer.js';
import { until, within } from './until.js';

const REQUEST = Buffer.from('GET /lean HTTP/1.1\r\nHost: a\r\nUser-Agent: lean\r\n\r\n', 'latin1');
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nas it was now', 'latin1');
const HEAD_END = '\r\n\r\n';
const RUN_MS_MAX = 60_000;

/** How a client leaves. */
export type Leave = 'end' | 'reset';

export class LeanApp {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor() {
    this.server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      let tail = '';
      socket.on('data', (chunk) => {
        // There is one request at a time: a blank line that ends a chunk ends the request.
        tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 4))).slice(-4);
        if (tail === HEAD_END) socket.write(ANSWER);
      });
    });
  }

  static async open(): Promise<LeanApp> {
    const app = new LeanApp();
    app.server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
    await within(once(app.server, 'listening'), 'the app listens');
    return app;
  }

  get at(): At {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await within(once(this.server, 'close'), 'the app closes');
  }
}

/** One client, one request at a time. */
class LeanClient {
  readonly socket: Socket;
  closed = false;
  failure: string | undefined;
  private readonly answered: (client: LeanClient) => void;
  private gotBytes = 0;

  constructor(at: At, answered: (client: LeanClient) => void) {
    this.answered = answered;
    this.socket = connect({ ...at, noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', (error) => (this.failure ??= error.message));
    this.socket.on('close', () => (this.closed = true));
  }

  ask(): void {
    this.socket.write(REQUEST);
  }

  private take(chunk: Buffer): void {
    const end = this.gotBytes + chunk.length;
    if (end > ANSWER.length || ANSWER.compare(chunk, 0, chunk.length, this.gotBytes, end) !== 0) {
      this.failure ??= `not the answer: ${chunk.toString('latin1')}`;
    }
    this.gotBytes = end < ANSWER.length ? end : 0;
    if (this.gotBytes === 0) this.answered(this);
  }
}

/** Connections that stay. */
export class KeptLoad {
  private readonly clients: readonly LeanClient[];
  private asksLeft = 0;
  private answersLeft = 0;

  constructor(at: At, connections: number) {
    const answered = (client: LeanClient): void => {
      this.answersLeft--;
      this.askOnce(client);
    };
    this.clients = Array.from({ length: connections }, () => new LeanClient(at, answered));
  }

  /** Has `requests` answered, spread over all connections. */
  async run(requests: number): Promise<void> {
    this.asksLeft = this.answersLeft = requests;
    for (const client of this.clients) this.askOnce(client);
    const isOver = (): boolean => this.answersLeft <= 0 || this.failure !== undefined;
    await until(isOver, () => `${this.answersLeft} answers come`, RUN_MS_MAX);
    if (this.failure !== undefined) throw new Error(this.failure);
  }

  async close(): Promise<void> {
    for (const { socket } of this.clients) socket.end();
    await until(() => this.clients.every(({ closed }) => closed), 'all clients close');
  }

  private get failure(): string | undefined {
    return this.clients.find(({ failure }) => failure !== undefined)?.failure;
  }

  private askOnce(client: LeanClient): void {
    if (this.asksLeft === 0) return;
    this.asksLeft--;
    client.ask();
  }
}

/** So many visitors, some at once: each connects, asks, is answered, and leaves in a way of these. */
export async function visit(
  at: At,
  visitors: number,
  atOnce: number,
  leaves: readonly Leave[],
): Promise<void> {
  let begun = 0;
  let gone = 0;
  let failure: string | undefined;
  const next = (): void => {
    if (begun === visitors) return;
    const leave = leaves[begun++ % leaves.length];
    const client = new LeanClient(at, ({ socket }) => {
      if (leave === 'end') socket.end();
      else socket.resetAndDestroy();
    });
    client.socket.on('close', () => {
      gone++;
      failure ??= client.failure;
      next();
    });
    client.ask();
  };
  for (let at = 0; at < atOnce; at++) next();
  const isOver = (): boolean => gone === visitors || failure !== undefined;
  await until(isOver, () => `${visitors} have come and gone, not ${gone}`, RUN_MS_MAX);
  if (failure !== undefined) throw new Error(failure);
}
