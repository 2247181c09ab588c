/**
 * The API server of one cluster: calls with the right credentials, bounded in time and size. Its
 * own refusals (a `Status`) are told apart from what stands behind it; who asked for what decides
 * which words they get.
 */
import { Agent as PlainAgent, type ClientRequest, request as requestPlain } from 'node:http';
import { Agent as SecureAgent, request as requestSecure } from 'node:https';
import { type Answer, boundedCall, CallError, type Limits, type Method } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import type { Access } from './access.js';
import { KubernetesError, unreached } from './fault.js';
import { streamedCall, type StreamLimits } from './streamed-call.js';

export const LIMITS: Limits = { answerMs: 10_000, answerBytes: 8 * 1_048_576 };

/**
 * An object has 1.5 MB at most as etcd keeps it, and may have twice of that as JSON. The server says
 * something every minute if it knows bookmarks.
 */
export const WATCH_LIMITS: StreamLimits = {
  ...LIMITS,
  lineBytes: 8 * 1_048_576,
  silenceMs: 120_000,
};

/**
 * Connections are kept for the next call. More than whoever asks in parallel needs; each is closed
 * here long before a server or a balancer would, since a call may cross their end.
 */
const KEPT = { keepAlive: true, maxSockets: 48, timeout: 15_000 };

/** Whose calls they are stands in the audit log, and in the managedFields of what was written. */
const HEADERS = { accept: 'application/json', 'user-agent': 'tidegate' };

/** Beside the credentials. */
export interface Ask {
  readonly method: Method;
  /** From the server's root, like `/api/v1/pods`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly limits?: Limits;
}

/** Who asks, for one request. */
interface Proof {
  readonly bearer: Readonly<Record<string, string>>;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What the API server says of itself (meta/v1 Status); never what a pod says. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

export class ApiClient {
  readonly access: Access;
  readonly clock: Clock;
  private readonly agent: PlainAgent;

  constructor(access: Access, clock: Clock) {
    this.access = access;
    this.clock = clock;
    const isSecure = access.server.protocol === 'https:';
    this.agent = isSecure ? new SecureAgent(KEPT) : new PlainAgent(KEPT);
  }

  /** Where it is, for people. */
  get server(): string {
    return this.access.server.host;
  }

  /** Whatever is answered; rejects with a KubernetesError if nothing is, or nobody is known. */
  ask(ask: Ask): Promise<Answer> {
    return this.known(() => this.once(ask));
  }

  /**
   * A GET whose answer is told line by line, on a connection of its own. Resolves when the server
   * has ended it, or `signal` has; with an answer if that was no success.
   */
  follow(
    path: string,
    hear: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    return this.known(() => this.stream(path, hear, signal));
  }

  private async known<A extends Answer | undefined>(call: () => Promise<A>): Promise<A> {
    let answer = await call();
    // A 401 of the API server's own: a pod's would be no Status.
    if (isUnknown(answer) && this.access.credentials.forget()) answer = await call();
    if (isUnknown(answer)) {
      throw new KubernetesError(
        `the API server at ${this.server} does not know who asks (401): the credentials of` +
          ` ${this.access.name} are missing, wrong or expired; log in again`,
      );
    }
    return answer;
  }

  private async once(ask: Ask): Promise<Answer> {
    const proof = await this.proof();
    const { limits = LIMITS } = ask;
    let asked: ClientRequest | undefined;
    const call = (agent: PlainAgent | false): Promise<Answer> => {
      const open = (): ClientRequest => (asked = this.open(ask, proof, agent));
      return boundedCall(open, limits, this.clock, ask.body);
    };
    try {
      return await call(this.agent).catch((error: unknown) => {
        // It may have met the end of a kept connection, which says nothing of the server.
        const isBroken = error instanceof CallError && error.failure === 'broken';
        if (isBroken && asked?.reusedSocket === true && ask.method === 'GET') return call(false);
        throw error;
      });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw unreached(this.server, error, limits.answerMs);
    }
  }

  private async stream(
    path: string,
    hear: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    const proof = await this.proof();
    // Not one of the agent's: what is open for minutes would leave too few for short calls.
    const open = (): ClientRequest => this.open({ method: 'GET', path }, proof, false);
    try {
      return await streamedCall(open, WATCH_LIMITS, this.clock, signal, hear);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { answerMs, silenceMs } = WATCH_LIMITS;
      throw unreached(this.server, error, error.failure === 'silent' ? silenceMs : answerMs);
    }
  }

  private async proof(): Promise<Proof> {
    const { cert, key, token } = await this.access.credentials.get();
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return { bearer, cert, key };
  }

  private open(
    { method, path, headers }: Ask,
    { bearer, cert, key }: Proof,
    agent: PlainAgent | false,
  ): ClientRequest {
    const { server, ca, serverName, isVerified } = this.access;
    const at = {
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      method,
      // A server may stand below a path of a gateway's.
      path: server.pathname.replace(/\/$/, '') + path,
      headers: { host: server.host, ...HEADERS, ...headers, ...bearer },
      agent,
    };
    if (server.protocol === 'http:') return requestPlain(at);
    return requestSecure({
      ...at,
      rejectUnauthorized: isVerified,
      ...given('ca', ca),
      ...given('servername', serverName),
      ...given('cert', cert),
      ...given('key', key),
    });
  }
}

/** Undefined if it is not the API server itself that has answered so. */
export function apiStatus({ status, body }: Answer): ApiStatus | undefined {
  if (status < 400) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, apiVersion, reason, message } = value as Readonly<Record<string, unknown>>;
  if (kind !== 'Status' || apiVersion !== 'v1') return undefined;
  return { code: status, reason: textOf(reason), message: textOf(message) };
}

function isUnknown(answer: Answer | undefined): boolean {
  return answer?.status === 401 && apiStatus(answer) !== undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A property that is left out where there is no value. */
function given(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
