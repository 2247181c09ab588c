/**
 * A port of a pod, reached through the API server (`pods/proxy`). It strips `Authorization` on the
 * way. What the API server itself refuses is a fault in words; what the pod answers is an answer,
 * whatever its status.
 */
import type { Answer, Limits, Method } from '../bounded-call.js';
import { type ApiClient, apiStatus, type ApiStatus } from './client.js';
import { KubernetesError, missingRight, RefusedError } from './fault.js';

export interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const VERBS: Readonly<Record<Method, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** `NAMESPACE/NAME:PORT`, for people. */
export function formatPodPort({ namespace, name, port }: PodPort): string {
  return `${namespace}/${name}:${port}`;
}

/** Rejects with a KubernetesError. */
export async function askPod(
  client: ApiClient,
  pod: PodPort,
  ask: {
    readonly method: Method;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly limits: Limits;
  },
): Promise<Answer> {
  const { namespace, name, port } = pod;
  const at = [namespace, 'pods', name].map(encodeURIComponent).join('/');
  const proxy = `/api/v1/namespaces/${at}:${port}/proxy`;
  const answer = await client.ask({ ...ask, path: proxy + ask.path });
  const status = apiStatus(answer);
  if (status === undefined) return answer;
  const fault = refused(status, ask.method, pod, client);
  if (fault === undefined) return answer;
  throw fault;
}

/** Undefined if it cannot be the API server's: a pod may be an API server, too, or go to one. */
function refused(
  status: ApiStatus,
  method: Method,
  { namespace, name, port }: PodPort,
  { server, access }: ApiClient,
): KubernetesError | undefined {
  const { code, reason, message } = status;
  const pod = `pod ${name} in namespace ${namespace}`;
  if (code === 403) {
    if (!message.includes('"pods/proxy"')) return undefined;
    const right = `${VERBS[method]} on pods/proxy in namespace ${namespace}`;
    const words = missingRight(server, message, right);
    return words === undefined ? undefined : new RefusedError(words, code, reason);
  }
  if (code === 404) {
    const none = `there is no ${pod} (${access.name}, API server at ${server})`;
    return new RefusedError(none, code, reason);
  }
  if (code === 400 && message.includes('address not allowed')) {
    return new KubernetesError(`${pod} has no address yet, or one that nobody is let to`, true);
  }
  if (code === 503 && message.includes('connection refused')) {
    return new KubernetesError(
      `nothing listens on port ${port} of ${pod}: it is not up, or has another admin port (--admin PORT)`,
      true,
    );
  }
  if (code === 503 && message.startsWith('error trying to reach service')) {
    return new KubernetesError(`${pod} is not reached by the API server: ${message}`, true);
  }
  return new RefusedError(`the API server at ${server} answers ${code}: ${message}`, code, reason);
}
