/**
 * Watches by HTTP: what is heard however it is cut, what ends one, and what is said then.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Access } from '../../src/kubernetes/access.js';
import { PODS, type WatchApi, type WatchEvent } from '../../src/kubernetes/api.js';
import { ApiClient, WATCH_LIMITS } from '../../src/kubernetes/client.js';
import {
  callFailure,
  isExpired,
  isForbidden,
  KubernetesError,
} from '../../src/kubernetes/fault.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { HandClock } from '../peers/clock.js';
import { status } from '../peers/fake-calls.js';
import { until } from '../peers/until.js';

interface Here {
  readonly api: WatchApi;
  readonly clock: HandClock;
  readonly heard: WatchEvent[];
  readonly requests: IncomingMessage[];
  readonly at: string;
  /** Rejects with the fault. */
  watch(signal?: AbortSignal): Promise<void>;
}

type Listener = (response: ServerResponse, request: IncomingMessage) => void;

/** `tokens`: those that are known one after the other, each until it is refused. */
async function serve(t: Test, listener: Listener, tokens: string[] = ['tok']): Promise<Here> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clock = new HandClock();
  const credentials = {
    get: () => Promise.resolve({ token: tokens[0] }),
    forget: () => tokens.shift() !== undefined && tokens.length > 0,
  };
  const access = { server: new URL(`http://127.0.0.1:${port}`), name: 'it', credentials };
  const api = new KubernetesApi(new ApiClient(access as unknown as Access, clock));
  const heard: WatchEvent[] = [];
  const watch = (signal = new AbortController().signal): Promise<void> =>
    api.watch(PODS, { namespace: 'web' }, '7', (event) => heard.push(event), signal);
  return { api, clock, heard, requests, watch, at: `the API server at 127.0.0.1:${port}` };
}

async function faultOf(call: Promise<unknown>): Promise<KubernetesError> {
  const error: unknown = await call.then(
    () => 'no fault',
    (error: unknown) => error,
  );
  if (error instanceof KubernetesError) return error;
  throw error;
}

const line = (type: string, name: string, version: string, more: object = {}): string =>
  `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: version }, ...more } })}\n`;

const EVENTS = [
  line('ADDED', 'größe', '8', { note: '😀 é\u2028"\\\n' }),
  '\n',
  line('MODIFIED', '名', '9'),
  line('BOOKMARK', '', '10'),
  line('DELETED', '名', '11').replace('\n', '\r\n'),
].join('');
const HEARD = ['ADDED größe 8', 'MODIFIED 名 9', 'BOOKMARK  10', 'DELETED 名 11'];

const wordsOf = ({ type, object, resourceVersion }: WatchEvent): string =>
  `${type} ${(object as { metadata: { name: string } }).metadata.name} ${resourceVersion}`;

t.test('a watch asks for what it should, and hears it in any pieces', async (t) => {
  const bytes = Buffer.from(EVENTS);
  const sizes = [bytes.length, 1, 3, 50];
  const here = await serve(t, (response) => {
    const size = sizes.shift() ?? 1;
    for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
    response.end('{"type":"ADDED"');
  });
  while (sizes.length > 0) {
    await here.watch();
    t.same(here.heard.splice(0).map(wordsOf), HEARD);
  }
  t.equal(
    here.requests[0].url,
    '/api/v1/namespaces/web/pods?watch=1&allowWatchBookmarks=true&resourceVersion=7',
  );
  t.match(here.requests[0].headers, { authorization: 'Bearer tok', 'user-agent': 'tidegate' });
  const hear = (): void => undefined;
  const scope = { labelSelector: 'a=b', timeoutSeconds: 290 };
  await here.api.watch(PODS, scope, '', hear, new AbortController().signal);
  const query = 'watch=1&allowWatchBookmarks=true&labelSelector=a%3Db&timeoutSeconds=290';
  t.equal(here.requests.at(-1)?.url, `/api/v1/pods?${query}`);
  t.equal(here.clock.pending, 0);
});

t.test('an object of 3 MB passes, and one without end does not', async (t) => {
  let bytes = 3 * 1_048_576;
  const here = await serve(t, (response) => {
    response.end(line('ADDED', 'a', '8', { data: 'x'.repeat(bytes) }));
  });
  await here.watch();
  t.same(here.heard.map(wordsOf), ['ADDED a 8']);
  bytes = WATCH_LIMITS.lineBytes;
  t.match(await faultOf(here.watch()), { message: `${here.at} answers with too much` });
  t.equal(here.heard.length, 1);
  t.equal(here.clock.pending, 0);
});

t.test('a missing right is named, and what is too old is told in either way', async (t) => {
  let said = status(
    403,
    'Forbidden',
    'pods is forbidden: User "jane" cannot watch resource "pods" in API group "" in the namespace "web"',
  );
  let isLine = false;
  const here = await serve(t, (response) => {
    const { body } = said;
    if (isLine) response.end(`${JSON.stringify({ type: 'ERROR', object: body })}\n`);
    else response.writeHead(said.status).end(JSON.stringify(body));
  });
  const forbidden = await faultOf(here.watch());
  t.ok(isForbidden(forbidden));
  t.equal(
    forbidden.message,
    `${here.at} does not let jane do that: it takes the verb watch on pods in namespace web`,
  );
  said = status(410, 'Expired', 'too old resource version: 7 (9)');
  const words = `${here.at} answers 410 to watch on pods in namespace web: too old resource version: 7 (9)`;
  for (isLine of [false, true]) {
    const expired = await faultOf(here.watch());
    t.ok(isExpired(expired));
    t.equal(expired.message, words);
  }
  said = status(410, 'Gone', 'gone');
  t.ok(isExpired(await faultOf(here.watch())), 'as older servers have it');
  said = status(500, 'InternalError', 'etcd is away');
  const passing = await faultOf(here.watch());
  t.match(passing, { passing: true, message: /answers 500 to watch on .*: etcd is away$/ });
  t.equal(here.clock.pending, 0);
});

t.test('what is no change ends the watch, and so does a fault of who hears', async (t) => {
  let text = '';
  const here = await serve(t, (response) => response.write(text));
  const said = async (next: string): Promise<string> => {
    text = `${next}\n`;
    return (await faultOf(here.watch())).message;
  };
  t.equal(await said('<html>'), `${here.at} answers with something else than JSON`);
  t.equal(await said('[]'), `${here.at} answers with something else than an object`);
  const none = `${here.at} answers with a change that is none`;
  t.equal(await said('{"type":"ADDED","object":{}}'), none);
  t.equal(await said('{"type":"ADDED"}'), none);
  t.equal(await said('{"type":"LOST","object":{"metadata":{"resourceVersion":"1"}}}'), none);
  text = EVENTS;
  let calls = 0;
  const hear = (): void => {
    calls += 1;
    throw new Error('oh');
  };
  const { signal } = new AbortController();
  await t.rejects(here.api.watch(PODS, {}, '7', hear, signal), { message: 'oh' });
  t.equal(calls, 1);
  t.equal(here.clock.pending, 0);
});

t.test('what says nothing is left: before its head soon, after it later', async (t) => {
  let open: ServerResponse | undefined;
  const here = await serve(t, (response) => void (open = response));
  const late = faultOf(here.watch());
  await until(() => open !== undefined, 'it is asked');
  here.clock.advance(WATCH_LIMITS.answerMs);
  t.match(await late, { message: `${here.at} does not answer within 10s`, passing: true });
  open = undefined;
  const silent = faultOf(here.watch());
  await until(() => open !== undefined, 'it is asked');
  const response = open as unknown as ServerResponse;
  const closed = once(response, 'close');
  for (const text of EVENTS.split(/(?<=\n)/)) {
    const { length } = here.heard;
    response.write(text);
    if (text === '\n') continue;
    await until(() => here.heard.length > length, 'it is heard');
    here.clock.advance(WATCH_LIMITS.silenceMs - 1);
  }
  await setImmediate();
  here.clock.advance(1);
  const fault = await silent;
  t.equal(callFailure(fault), 'silent');
  const words = 'has said nothing for 120s where it was to tell of changes';
  t.match(fault, { message: `${here.at} ${words}`, passing: true });
  await closed;
  t.equal(here.clock.pending, 0);
});

t.test('a connection that breaks is a fault that passes, an end is none', async (t) => {
  const here = await serve(t, (response) => {
    response.write(EVENTS.slice(0, -5), () => response.socket?.resetAndDestroy());
  });
  const broken = await faultOf(here.watch());
  t.match(broken, { passing: true, message: /closes the connection without an answer$/ });
  t.equal(here.clock.pending, 0);
});

t.test('it can be left at any moment, and hears nothing more', async (t) => {
  let closed = 0;
  const here = await serve(t, (response) => {
    response.on('close', () => (closed += 1));
    response.write(EVENTS);
  });
  const left = new AbortController();
  left.abort();
  await here.watch(left.signal);
  t.equal(here.requests.length, 0);
  const early = new AbortController();
  const asked = here.watch(early.signal);
  early.abort();
  await asked;
  const first = new AbortController();
  let calls = 0;
  const hear = (): void => {
    calls += 1;
    first.abort();
  };
  await here.api.watch(PODS, {}, '7', hear, first.signal);
  await until(() => closed === here.requests.length, 'the connections are closed');
  t.equal(calls, 1);
  t.equal(here.clock.pending, 0);
});

t.test('who is not known any more is asked for anew, and then said', async (t) => {
  const tokens = ['old', 'new'];
  const here = await serve(
    t,
    (response, { headers }) => {
      const { body } = status(401, 'Unauthorized', 'no');
      if (headers.authorization === 'Bearer new') response.end(EVENTS);
      else response.writeHead(401).end(JSON.stringify(body));
    },
    tokens,
  );
  await here.watch();
  t.same(here.heard.map(wordsOf), HEARD);
  t.equal(here.requests.length, 2);
  tokens.splice(0, 2, 'older');
  t.match(await faultOf(here.watch()), { message: /does not know who asks \(401\)/ });
});

t.test('open watches leave room for calls', async (t) => {
  let open = 0;
  const here = await serve(t, (response, { url = '' }) => {
    if (url.includes('watch=1')) {
      open += 1;
      response.write(line('BOOKMARK', '', '9'));
    } else response.end(JSON.stringify({ metadata: { resourceVersion: '12' }, items: [] }));
  });
  const leaving = Array.from({ length: 60 }, () => new AbortController());
  const watches = leaving.map(({ signal }) => here.watch(signal));
  await until(() => open === 60, 'all are open');
  const listed = await here.api.list(PODS, {}, (object) => object);
  t.equal(listed.resourceVersion, '12');
  for (const one of leaving) one.abort();
  await Promise.all(watches);
  t.equal(here.clock.pending, 0);
});
