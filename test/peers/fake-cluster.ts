/**
 * A cluster in memory behind HTTP: objects with resource versions, lists by page and selector,
 * watches, merge patches, deletes with preconditions, dry runs, and pods that answer on their admin
 * ports, through the proxy and directly. It keeps every call, and a test may answer one in its place.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Access } from '../../src/kubernetes/access.js';
import { always } from '../../src/kubernetes/credentials.js';
import { type Call, callOf, forbidden, kindOfCall, type Said, status } from './fake-calls.js';
import { FakeWatches } from './fake-watches.js';
import { FakeObjects, type Given, Refused, type Stored } from './fake-objects.js';

/** In the place of an answer: the connection is reset, or nothing is ever said. */
export type Mischief = 'kill' | 'hang';

/** An answer that goes on by itself. */
type Going = (response: ServerResponse) => void;

type Maybe<T> = T | undefined | Promise<T | undefined>;

/** What a pod's admin port answers to a GET of `path`; undefined: nothing listens there. */
export type PodAnswering = (
  pod: Stored,
  path: string,
  call: Call | undefined,
) => Maybe<Said | Mischief>;

export class FakeCluster {
  readonly objects: FakeObjects;
  readonly watches: FakeWatches;
  /** Each call, in the order of arrival, also those that `before` has answered. */
  readonly calls: Call[] = [];
  /** Rights that are missing: `list deployments.apps`. */
  readonly denied = new Set<string>();
  /** Sees each call first; what it returns is the answer, and undefined lets it pass. */
  before: (call: Call) => Maybe<Said | Mischief> = () => undefined;
  /** Sees each call after it was done: `kill` here loses the answer and not the deed. */
  after: (call: Call) => Maybe<Mischief> = () => undefined;
  answering: PodAnswering = () => undefined;
  /** The time of day here: in `Date` headers and creation timestamps. */
  now: () => number = () => Date.now();
  /** How many connections there have been. */
  connections = 0;
  port = 0;
  /** Where pods listen that are asked directly, at the addresses of their status.podIP. */
  podPort = 0;
  private readonly rests = new Map<string, Snapshot>();

  constructor() {
    this.objects = new FakeObjects(() => this.now());
    this.watches = new FakeWatches(this.objects);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How `ApiClient` gets here. */
  get access(): Access {
    return {
      server: new URL(this.url),
      name: 'context fake',
      namespace: 'web',
      ca: undefined,
      serverName: undefined,
      isVerified: true,
      credentials: always({}),
    };
  }

  /** How a program gets here. */
  get kubeconfig(): string {
    return JSON.stringify({
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'c', user: 'u', namespace: 'web' } }],
      clusters: [{ name: 'c', cluster: { server: this.url } }],
      users: [{ name: 'u', user: {} }],
    });
  }

  /** `list deployments.apps` for each call, in order. */
  get asked(): string[] {
    return this.calls.map(({ verb, resource }) => `${verb} ${resource}`);
  }

  async answer(call: Call): Promise<Said | Mischief | Going> {
    this.calls.push(call);
    const instead = await this.before(call);
    if (instead !== undefined) return instead;
    if (this.denied.has(`${call.verb} ${call.resource}`)) return forbidden(call);
    if (call.verb === 'watch') return (response) => this.watches.begin(call, response);
    const said = await this.done(call);
    return (await this.after(call)) ?? said;
  }

  private async done(call: Call): Promise<Said | Mischief> {
    try {
      return call.resource === 'pods/proxy' ? await this.proxied(call) : this.kept(call);
    } catch (error) {
      if (error instanceof Refused) return status(error.code, error.reason, error.message);
      throw error;
    }
  }

  private kept(call: Call): Said {
    const { verb, namespace, name, query, body } = call;
    const kind = kindOfCall(call);
    const dryRun = query.get('dryRun') === 'All';
    switch (verb) {
      case 'list':
        return { status: 200, body: this.page(kind, call) };
      case 'get':
        return { status: 200, body: this.objects.get(kind, namespace, name) };
      case 'create': {
        const made = JSON.parse(body) as Given;
        return { status: 201, body: this.objects.create(kind, namespace, made, dryRun) };
      }
      case 'patch': {
        if (call.headers['content-type'] !== 'application/merge-patch+json') {
          const message = 'the body of the request was in an unknown format';
          return status(415, 'UnsupportedMediaType', message);
        }
        const merge = JSON.parse(body) as object;
        return { status: 200, body: this.objects.patch(kind, namespace, name, merge, dryRun) };
      }
      case 'delete': {
        const { preconditions, dryRun: also } = JSON.parse(body === '' ? '{}' : body) as Deleting;
        const isDry = dryRun || also?.includes('All') === true;
        this.objects.remove(kind, namespace, name, preconditions, isDry);
        return { status: 200, body: { kind: 'Status', apiVersion: 'v1', status: 'Success' } };
      }
      case 'watch':
      case 'update':
        return status(405, 'MethodNotAllowed', 'the fake knows no update');
    }
  }

  /** The rest of a list stays as it was at its first page, as etcd's snapshots do. */
  private page(kind: string, { namespace, query }: Call): object {
    const token = query.get('continue') ?? '';
    const { resourceVersion: now } = this.objects;
    const snapshot =
      token === ''
        ? { all: this.selected(kind, namespace, query), resourceVersion: now }
        : this.rests.get(token);
    if (snapshot === undefined) {
      const message =
        'The provided continue parameter is too old to display a consistent list result.';
      throw new Refused(410, 'Expired', message);
    }
    const { all, resourceVersion } = snapshot;
    const limit = Number(query.get('limit') ?? '0') || all.length;
    const rest = all.slice(limit);
    const next = rest.length === 0 ? '' : `rest-${this.rests.size}`;
    if (next !== '') this.rests.set(next, { all: rest, resourceVersion });
    const more = next === '' ? {} : { continue: next, remainingItemCount: rest.length };
    // The items of a list name neither kind nor version.
    const items = all.slice(0, limit).map(itemOf);
    const apiVersion = all.at(0)?.apiVersion ?? 'v1';
    return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion, ...more }, items };
  }

  private selected(kind: string, namespace: string, query: URLSearchParams): Stored[] {
    try {
      const within = namespace === '' ? undefined : namespace;
      return this.objects.list(kind, within, query.get('labelSelector') ?? '');
    } catch (error) {
      throw new Refused(400, 'BadRequest', (error as Error).message);
    }
  }

  /** Lists begun before are too old to be continued. */
  expire(): void {
    this.rests.clear();
  }

  private async proxied(call: Call): Promise<Said | Mischief> {
    const [name, port = ''] = call.name.split(':');
    const pod = this.objects.get('Pod', call.namespace, name);
    const path = call.path.replace(/^.*?\/proxy/, '');
    const said = await this.answering(pod, path, call);
    if (said !== undefined) return said;
    const dial = `dial tcp ${podAddress(pod)}:${port}: connect: connection refused`;
    return status(503, 'ServiceUnavailable', `error trying to reach service: ${dial}`);
  }

  /** A call of a pod's own port, not of the API server. */
  async answerDirect(address: string, path: string): Promise<Said | Mischief> {
    const pod = this.objects.list('Pod').find((one) => podAddress(one) === address);
    const said = pod === undefined ? undefined : await this.answering(pod, path, undefined);
    return said ?? 'kill';
  }
}

/** A test, or whoever else ends it. */
export interface Ends {
  teardown(act: () => void): void;
}

/** What is left of a list, as it was at its first page. */
interface Snapshot {
  readonly all: readonly Stored[];
  readonly resourceVersion: string;
}

interface Deleting {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

function itemOf(object: Stored): object {
  return { ...object, kind: undefined, apiVersion: undefined };
}

function podAddress(pod: Stored): string | undefined {
  return (pod['status'] as { readonly podIP?: string } | undefined)?.podIP;
}

async function listen(t: Ends, listener: RequestListener, host: string): Promise<Server> {
  const server = createServer(listener);
  server.listen(0, host);
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function say(fake: FakeCluster, response: ServerResponse, said: Said | Mischief | Going): void {
  if (typeof said === 'function') return said(response);
  if (said === 'hang') return;
  if (said === 'kill') {
    response.socket?.resetAndDestroy();
    return;
  }
  const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body);
  const date = new Date(fake.now()).toUTCString();
  response
    .writeHead(said.status, { 'content-type': 'application/json', date, ...said.headers })
    .end(text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

export async function startFakeCluster(t: Ends): Promise<FakeCluster> {
  const fake = new FakeCluster();
  const server = await listen(
    t,
    (request, response) => {
      const answered = async (): Promise<Said | Mischief | Going> => {
        const call = callOf(request, await bodyOf(request));
        if (call === undefined) return { status: 404, body: '404 page not found' };
        return fake.answer(call);
      };
      answered().then(
        (said) => say(fake, response, said),
        (error: unknown) => say(fake, response, status(500, 'InternalError', String(error))),
      );
    },
    '127.0.0.1',
  );
  server.on('connection', () => (fake.connections += 1));
  fake.port = portOf(server);
  return fake;
}

/** Each pod listens at its status.podIP, which has to be one of 127.0.0.0/8. */
export async function listenAsPods(t: Ends, fake: FakeCluster): Promise<number> {
  const listener: RequestListener = ({ socket, url = '' }, response) => {
    const address = socket.localAddress ?? '';
    fake.answerDirect(address, url).then(
      (said) => say(fake, response, said),
      () => say(fake, response, 'kill'),
    );
  };
  fake.podPort = portOf(await listen(t, listener, '0.0.0.0'));
  return fake.podPort;
}
