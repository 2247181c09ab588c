/**
 * Calls of an API server: with which credentials, how a refusal of theirs is dealt with, and what is
 * said when there is no answer.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { findAccess } from '../../src/kubernetes/access.js';
import { ApiClient, apiStatus, LIMITS } from '../../src/kubernetes/client.js';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { type FakeApiServer, startApiServer, statusOf } from '../peers/api-server.js';
import { freePort } from '../peers/running.js';
import { testWith } from '../peers/programs.js';
import { until } from '../peers/until.js';
import { Files } from './files.js';

interface Here {
  readonly client: ApiClient;
  readonly files: Files;
}

function clientOf(kubeconfig: string, more: Readonly<Record<string, string>> = {}): Here {
  const files = new Files({ '/k': kubeconfig, ...more });
  const access = findAccess({ kubeconfig: '/k', context: undefined }, files);
  return { client: new ApiClient(access, files.clock), files };
}

async function faultOf(client: ApiClient): Promise<KubernetesError> {
  const error: unknown = await client.ask({ method: 'GET', path: '/x' }).catch((e: unknown) => e);
  if (error instanceof KubernetesError) return error;
  throw new Error(`no fault: ${JSON.stringify(error)}`);
}

/** A kubeconfig that says no more than where it is. */
const plain = (url: string): string => `
current-context: here
contexts: [{ name: here, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: '${url}' } }]
users: [{ name: u, user: { token: tok-1 } }]`;

const authorizations = (server: FakeApiServer): (string | undefined)[] =>
  server.asked.map(({ headers }) => headers.authorization);

testWith(
  ['openssl'],
  'it proves who it is by token, by file, or by certificate',
  async (t, { openssl }) => {
    const server = await startApiServer(t, openssl);
    await clientOf(server.kubeconfig()).client.ask({ method: 'GET', path: '/api?a=b' });
    t.match(server.asked[0], { method: 'GET', path: '/api?a=b', commonName: undefined });
    t.equal(server.asked[0].headers['user-agent'], 'tidegate');
    const fromFile = clientOf(server.kubeconfig({ tokenFile: '/t' }), { '/t': 'one' });
    await fromFile.client.ask({ method: 'GET', path: '/' });
    fromFile.files.texts.set('/t', 'two');
    await fromFile.client.ask({ method: 'POST', path: '/' });
    t.same(authorizations(server), ['Bearer tok-1', 'Bearer one', 'Bearer two']);
    const { cert, key } = server.certificates.client;
    const jane = server.kubeconfig({ 'client-certificate': '/c', 'client-key': '/y' });
    await clientOf(jane, { '/c': cert, '/y': key }).client.ask({ method: 'GET', path: '/' });
    t.match(server.asked.at(-1), { commonName: 'jane', headers: { authorization: undefined } });
  },
);

testWith(['openssl'], 'the server is who it should be, or is not asked', async (t, { openssl }) => {
  const server = await startApiServer(t, openssl);
  const { otherCa } = server.certificates;
  const fault = async (cluster: object, user?: object): Promise<string> => {
    const { message } = await faultOf(clientOf(server.kubeconfig(user, cluster)).client);
    t.ok(message.includes(`127.0.0.1:${server.port}`) || message.includes('localhost'), message);
    return message;
  };
  const other = Buffer.from(otherCa).toString('base64');
  const isOther = { 'certificate-authority-data': other };
  t.match(await fault(isOther), /certificate that certificate-authority did not sign/);
  t.match(
    await fault({ server: `https://localhost:${server.port}` }),
    /certificate for another name/,
  );
  t.match(await fault({ 'certificate-authority-data': 'bm9uZQ==' }), /did not sign|cannot be used/);
  const broken = { 'client-certificate-data': 'bm9uZQ==', 'client-key-data': 'bm9uZQ==' };
  t.match(await fault({}, broken), /certificate or key given for it cannot be used/);
  t.same(server.asked, []);
  const named = { server: `https://localhost:${server.port}`, 'tls-server-name': 'api.test' };
  await clientOf(server.kubeconfig(undefined, named)).client.ask({ method: 'GET', path: '/' });
  const open = { ...isOther, 'insecure-skip-tls-verify': true };
  await clientOf(server.kubeconfig(undefined, open)).client.ask({ method: 'GET', path: '/' });
  t.equal(server.asked.length, 2);
});

testWith(['openssl'], 'a server may stand below a path', async (t, { openssl }) => {
  const server = await startApiServer(t, openssl);
  const below = server.kubeconfig(undefined, { server: `${server.url}/k8s/c-1/` });
  await clientOf(below).client.ask({ method: 'GET', path: '/api/v1/pods' });
  t.equal(server.asked[0].path, '/k8s/c-1/api/v1/pods');
});

testWith(['openssl'], 'a 401 is said, and its token is not', async (t, { openssl }) => {
  const server = await startApiServer(t, openssl);
  server.answering = () => statusOf(401, 'Unauthorized', 'Unauthorized');
  const { message, passing } = await faultOf(clientOf(server.kubeconfig()).client);
  t.match(message, /does not know who asks \(401\): the credentials of context here are missing/);
  t.notMatch(message, /tok-1/);
  t.equal(passing, false);
  t.equal(server.asked.length, 1);
  server.answering = () => ({ status: 401, body: { error: 'x' } });
  const answer = await clientOf(server.kubeconfig()).client.ask({ method: 'GET', path: '/' });
  t.equal(answer.status, 401, 'that of somebody behind it is an answer');
});

testWith(['openssl'], 'no answer, or too much of one, is a fault', async (t, { openssl }) => {
  const server = await startApiServer(t, openssl);
  server.answering = () => undefined;
  const { client, files } = clientOf(server.kubeconfig());
  const asked = faultOf(client);
  await until(() => server.asked.length === 1, 'it is asked');
  files.clock.advance(LIMITS.answerMs);
  t.match(await asked, { message: /does not answer within 10s$/, passing: true });
  server.answering = () => ({ status: 200, body: 'x'.repeat(LIMITS.answerBytes + 1) });
  t.match(await faultOf(clientOf(server.kubeconfig()).client), {
    message: /answers with too much/,
  });
});

t.test('who is not there, or is somebody else, is told so', async (t) => {
  const fault = (url: string): Promise<KubernetesError> => faultOf(clientOf(plain(url)).client);
  const gone = await freePort();
  t.match(await fault(`https://127.0.0.1:${gone}`), {
    message: `nothing listens at 127.0.0.1:${gone}, where the API server should`,
    passing: true,
  });
  t.match(await fault('https://tidegate.invalid'), { message: /has a host that is not found/ });
  const seen: (string | undefined)[] = [];
  const open = createServer(({ headers }, response) => {
    seen.push(headers.authorization);
    response.end('{}');
  });
  const rude = createTcpServer((socket) => socket.end('hello\r\n'));
  const ports: number[] = [];
  for (const server of [open, rude]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    ports.push((server.address() as AddressInfo).port);
  }
  t.match(await fault(`https://127.0.0.1:${ports[0]}`), { message: /does not speak TLS$/ });
  t.match(await fault(`http://127.0.0.1:${ports[1]}`), { message: /something else than HTTP$/ });
  const { client } = clientOf(plain(`http://127.0.0.1:${ports[0]}`));
  t.equal((await client.ask({ method: 'GET', path: '/' })).status, 200);
  t.same(seen, [undefined], 'no token goes in the clear');
});

testWith(['openssl'], 'one connection carries many calls', async (t, { openssl }) => {
  const server = await startApiServer(t, openssl);
  const { client } = clientOf(server.kubeconfig());
  for (const method of ['GET', 'PATCH', 'DELETE', 'GET'] as const) {
    const body = method === 'GET' ? '' : '{"a":1}';
    t.equal((await client.ask({ method, path: '/', body })).status, 200);
  }
  t.equal(server.connections, 1);
  await Promise.all([1, 2, 3].map(() => client.ask({ method: 'GET', path: '/' })));
  t.equal(server.connections, 3, 'as many as there are calls at once');
});

t.test('the end of a kept connection is no fault of a read, and of a write it is', async (t) => {
  const seen: string[] = [];
  const used = new WeakSet<Socket>();
  const server = createServer(({ socket, method = '' }, response) => {
    seen.push(method);
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { client } = clientOf(plain(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  t.equal((await client.ask({ method: 'GET', path: '/' })).status, 200);
  t.equal((await client.ask({ method: 'GET', path: '/' })).status, 200);
  t.same(seen.splice(0), ['GET', 'GET', 'GET']);
  t.equal((await client.ask({ method: 'POST', path: '/' })).status, 200);
  await t.rejects(client.ask({ method: 'POST', path: '/' }), {
    message: /closes the connection without an answer/,
  });
  t.same(seen, ['POST', 'POST']);
});

t.test('a Status is the API server speaking, anything else somebody behind it', (t) => {
  const said = (status: number, body: object | string): unknown =>
    apiStatus({ status, body: typeof body === 'string' ? body : JSON.stringify(body), atMs: 0 });
  const status = { kind: 'Status', apiVersion: 'v1', reason: 'NotFound', message: 'no' };
  t.same(said(404, status), { code: 404, reason: 'NotFound', message: 'no' });
  t.same(said(404, { kind: 'Status', apiVersion: 'v1' }), { code: 404, reason: '', message: '' });
  for (const body of [
    '',
    'null',
    '[]',
    '1',
    '{',
    { ...status, apiVersion: 'v2' },
    { error: 'x' },
  ]) {
    t.equal(said(404, body), undefined);
  }
  t.equal(said(200, status), undefined);
  t.end();
});
