/**
 * The admin port inside the test's own process: the real routes and server on a loopback socket,
 * over a staged drain whose time is driven by hand.
 */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';
import { adminRoutes, type AdminSources } from '../../src/admin/routes.js';
import { createAdmin, type Routes } from '../../src/admin/server.js';
import { createMetrics } from '../../src/metrics.js';
import { StagedDrain } from './drain.js';
import { Readiness } from '../../src/drain/readiness.js';
import type { At } from './peer.js';
import { within } from './until.js';

export const VERSION = '1.2.3-test';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined if it is none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface AdminOptions {
  readonly staged?: StagedDrain;
  readonly unreadyAfterMs?: number;
  readonly token?: string;
  /** Where every client seems to be, if not on loopback. */
  readonly remoteAddress?: string;
  /** Routes of one's own, in place of the real ones. */
  readonly routes?: Routes;
}

/** An app whose health a test says. */
export class SaidHealth {
  up = true;
  /** How often it was asked for news. */
  checks = 0;

  check(): Promise<boolean> {
    this.checks++;
    return Promise.resolve(this.up);
  }

  recent(): Promise<boolean> {
    return Promise.resolve(this.up);
  }
}

export class StagedAdmin {
  readonly staged: StagedDrain;
  readonly health = new SaidHealth();
  readonly sources: AdminSources;
  readonly routes: Routes;
  /** The server's own ends of its connections. */
  readonly sockets: Socket[] = [];
  private readonly server;

  constructor(options: AdminOptions) {
    const { staged = new StagedDrain(), token, remoteAddress, routes } = options;
    const { unreadyAfterMs = Infinity } = options;
    this.staged = staged;
    const { clock, traffic, drain, waits, leases } = staged;
    const around = { clock, tracker: traffic.tracker, drain, health: this.health };
    const metrics = createMetrics({ ...around, version: VERSION });
    const readiness = new Readiness(drain, clock, unreadyAfterMs);
    this.sources = { ...around, waits, leases, readiness, metrics, version: VERSION };
    this.routes = routes ?? adminRoutes(this.sources);
    this.server = createAdmin(this.routes, token);
    this.server.prependListener('connection', (socket: Socket) => {
      this.sockets.push(socket);
      if (remoteAddress === undefined) return;
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
    });
  }

  async open(t: Test): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await within(once(this.server, 'listening'), 'the admin port listens');
    t.teardown(() => {
      this.server.close();
      this.server.closeAllConnections();
    });
    return this;
  }

  get at(): At {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** One call, on a connection of its own. */
  async ask(
    call: string,
    headers: Readonly<Record<string, string>> = {},
    body: string | Buffer = '',
  ): Promise<Answer> {
    const [method, path] = call.split(' ');
    const asked = send({ ...this.at, method, path, headers, agent: false });
    asked.end(body);
    const answered = within(once(asked, 'response'), `${call} is answered`);
    const [response] = (await answered) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { statusCode: status = 0, headers: answerHeaders } = response;
    return { status, headers: answerHeaders, text, json: jsonOf(text) };
  }
}

/** An admin port that is open while `t` runs. */
export function openAdmin(t: Test, options: AdminOptions = {}): Promise<StagedAdmin> {
  return new StagedAdmin(options).open(t);
}

export function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
