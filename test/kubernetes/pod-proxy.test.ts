/**
 * A pod's port through the API server: which call that is, whose answer it is, and what is said of
 * each refusal.
 */
import type { Test } from 'tap';
import type { Answer, Method } from '../../src/bounded-call.js';
import { findAccess } from '../../src/kubernetes/access.js';
import { ApiClient, LIMITS } from '../../src/kubernetes/client.js';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { askPod, formatPodPort } from '../../src/kubernetes/pod-proxy.js';
import { type FakeApiServer, type Said, startApiServer, statusOf } from '../peers/api-server.js';
import { testWith } from '../peers/programs.js';
import { Files } from './files.js';

const POD = { namespace: 'web', name: 'web-1', port: 9180 };
const FORBIDDEN =
  'pods "web-1" is forbidden: User "jane" cannot get resource "pods/proxy" in API group "" in the namespace "web"';

function askThrough(server: FakeApiServer, method: Method = 'GET'): Promise<Answer> {
  const files = new Files({ '/k': server.kubeconfig() });
  const access = findAccess({ kubeconfig: '/k', context: undefined }, files);
  const client = new ApiClient(access, files.clock);
  const headers = { 'x-tidegate-token': 'secret' };
  return askPod(client, POD, { method, path: '/drain?reason=a%20b', headers, limits: LIMITS });
}

async function refusal(t: Test, server: FakeApiServer, said: Said): Promise<KubernetesError> {
  server.answering = () => said;
  const error: unknown = await askThrough(server, 'POST').catch((error: unknown) => error);
  t.ok(error instanceof KubernetesError);
  const fault = error as KubernetesError;
  t.notMatch(fault.message, /secret|tok-1/);
  return fault;
}

testWith(
  ['openssl'],
  'the call goes to the proxy of the pod, with its headers',
  async (t, { openssl }) => {
    const server = await startApiServer(t, openssl);
    for (const method of ['GET', 'POST', 'DELETE'] as const) await askThrough(server, method);
    for (const [at, method] of ['GET', 'POST', 'DELETE'].entries()) {
      t.match(server.asked[at], {
        method,
        path: '/api/v1/namespaces/web/pods/web-1:9180/proxy/drain?reason=a%20b',
        headers: { authorization: 'Bearer tok-1', 'x-tidegate-token': 'secret' },
      });
    }
    t.equal(formatPodPort(POD), 'web/web-1:9180');
  },
);

testWith(
  ['openssl'],
  'what the pod answers is an answer, whatever it is',
  async (t, { openssl }) => {
    const server = await startApiServer(t, openssl);
    for (const status of [200, 202, 401, 403, 404, 409, 503]) {
      server.answering = () => ({ status, body: { error: 'x', reason: 'y' } });
      t.match(await askThrough(server), { status, body: '{"error":"x","reason":"y"}' });
    }
  },
);

testWith(
  ['openssl'],
  'a pod that refuses as an API server does has answered all the same',
  async (t, { openssl }) => {
    const server = await startApiServer(t, openssl);
    for (const message of ['User "system:anonymous" cannot get path "/status"', 'no']) {
      server.answering = () => statusOf(403, 'Forbidden', message);
      t.match(await askThrough(server), { status: 403 });
    }
  },
);

testWith(
  ['openssl'],
  'what the API server refuses is said with what to do',
  async (t, { openssl }) => {
    const server = await startApiServer(t, openssl);
    const at = `the API server at 127.0.0.1:${server.port}`;
    const dial = 'error trying to reach service: dial tcp 10.0.0.5:9180: connect: ';
    for (const [said, message, passing] of [
      [
        statusOf(403, 'Forbidden', FORBIDDEN),
        `${at} does not let jane do that: it takes the verb create on pods/proxy in namespace web`,
        false,
      ],
      [
        statusOf(404, 'NotFound', 'pods "web-1" not found'),
        `there is no pod web-1 in namespace web (context here, API server at 127.0.0.1:${server.port})`,
        false,
      ],
      [
        statusOf(400, 'BadRequest', 'address not allowed'),
        'pod web-1 in namespace web has no address yet, or one that nobody is let to',
        true,
      ],
      [
        statusOf(503, 'ServiceUnavailable', `${dial}connection refused`),
        'nothing listens on port 9180 of pod web-1 in namespace web: it is not up, or has another' +
          ' admin port (--admin PORT)',
        true,
      ],
      [
        statusOf(503, 'ServiceUnavailable', `${dial}i/o timeout`),
        `pod web-1 in namespace web is not reached by the API server: ${dial}i/o timeout`,
        true,
      ],
      [statusOf(429, 'TooManyRequests', 'slow down'), `${at} answers 429: slow down`, true],
      [statusOf(500, 'InternalError', 'etcd'), `${at} answers 500: etcd`, true],
      [statusOf(409, 'Conflict', 'no'), `${at} answers 409: no`, false],
    ] as const) {
      t.match(await refusal(t, server, said), { message, passing });
    }
  },
);
