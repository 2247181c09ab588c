/**
 * A proxy before an API server that does wrong when it is told to: at the n-th call it refuses, lags,
 * holds still, or cuts the connection before the deed or after it. Credentials are its own, so that
 * whoever asks needs none.
 */
import { once } from 'node:events';
import {
  createServer,
  request as plain,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Agent, request as secure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access } from '../../src/kubernetes/access.js';
import { type Call, callOf, forbidden, status } from './fake-calls.js';
import type { Ends } from './fake-cluster.js';

/**
 * `kill`: the call never arrives; `lost`: it is done, and its answer is lost; `hang`: no answer ever
 * comes; `hold`: it waits until `release`; a number: that is answered instead; `delayMs`: it lags.
 */
export type Wrong = 'kill' | 'lost' | 'hang' | 'hold' | 403 | 409 | 429 | 500 | 503 | Lag;

export interface Lag {
  readonly delayMs: number;
}

/** Which calls it is done to: of those that `on` names, the one at this place, 1 being the first. */
export interface Fault {
  readonly wrong: Wrong;
  /** `delete deployments.apps`; all calls, if it is left out. */
  readonly on?: string;
  /** 0: each of them. */
  readonly at: number;
}

export class FaultProxy {
  /** `list pods`, in order, since the last `set`. */
  calls: string[] = [];
  /** Called with each of them, also with those that are held. */
  onCall: (name: string, isHeld: boolean) => void = () => undefined;
  port = 0;
  private readonly access: Access;
  private readonly agent = new Agent({ keepAlive: true });
  private fault: Fault | undefined;
  private seen = 0;
  private held: (() => void)[] = [];

  constructor(access: Access) {
    this.access = access;
  }

  /** From now on; undefined: nothing goes wrong any more. */
  set(fault: Fault | undefined): void {
    this.fault = fault;
    this.seen = 0;
    this.calls = [];
  }

  /** Those that are held go on. */
  release(): void {
    for (const go of this.held.splice(0)) go();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const call = callOf(request, body);
    const name = call === undefined ? `? ${request.url}` : `${call.verb} ${call.resource}`;
    const wrong = this.wrongOf(name);
    this.calls.push(name);
    this.onCall(name, wrong === 'hold');
    if (wrong === 'hang') return;
    if (wrong === 'kill') return void response.socket?.resetAndDestroy();
    if (wrong === 'hold') await new Promise<void>((resolve) => this.held.push(resolve));
    if (typeof wrong === 'object') await sleep(wrong.delayMs);
    if (typeof wrong === 'number') return refuse(response, wrong, call);
    const answer = await this.passed(request, body);
    if (wrong === 'lost') {
      await once(answer.resume(), 'end');
      return void response.socket?.resetAndDestroy();
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }

  private wrongOf(name: string): Wrong | undefined {
    const { fault } = this;
    if (fault === undefined || (fault.on !== undefined && fault.on !== name)) return undefined;
    this.seen += 1;
    return fault.at === 0 || fault.at === this.seen ? fault.wrong : undefined;
  }

  private async passed(
    { method, url, headers }: IncomingMessage,
    body: string,
  ): Promise<IncomingMessage> {
    const { server, ca, credentials } = this.access;
    const { token, cert, key } = await credentials.get();
    const own = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const at = {
      ...{ host: server.hostname, port: server.port, method, path: url },
      headers: { ...headers, connection: 'keep-alive', host: server.host, ...own },
    };
    const secrets = { ca, cert, key, agent: this.agent };
    const asked = server.protocol === 'http:' ? plain(at) : secure({ ...at, ...secrets });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }
}

function refuse(response: ServerResponse, code: number, call: Call | undefined): void {
  const { body } =
    code === 403 && call !== undefined ? forbidden(call) : status(code, REASONS[code], 'a fault');
  const headers = code === 429 ? { 'retry-after': '1' } : {};
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const REASONS: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

/** Listens on a free port of 127.0.0.1. */
export async function startFaultProxy(t: Ends, access: Access): Promise<FaultProxy> {
  const proxy = new FaultProxy(access);
  const server = createServer((request, response) => {
    proxy.answer(request, response).catch((error: unknown) => {
      response.writeHead(502).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = (server.address() as AddressInfo).port;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return proxy;
}
