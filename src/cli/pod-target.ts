/**
 * The admin port of a pod, asked through the API server of its cluster. Loaded only where a pod is
 * named: what it brings along is for nobody else.
 */
import { TOKEN_HEADER } from '../admin/contract.js';
import type { Answer, Method } from '../bounded-call.js';
import { findAccess } from '../kubernetes/access.js';
import { ApiClient } from '../kubernetes/client.js';
import { KubernetesError } from '../kubernetes/fault.js';
import { KubernetesApi } from '../kubernetes/objects.js';
import type { Outside } from '../kubernetes/outside.js';
import { askPod, formatPodPort, type PodPort } from '../kubernetes/pod-proxy.js';
import type { PodAsked } from './arguments.js';
import { AskError, LIMITS, type Target } from './ask.js';
import { lastReadyOf } from './last-ready.js';

/** Throws an AskError if no cluster can be found. */
export function podTarget(
  asked: PodAsked,
  port: number,
  token: string | undefined,
  outside: Outside,
): Target {
  const client = inWords(() => new ApiClient(findAccess(asked, outside), outside.clock));
  const pod: PodPort = {
    namespace: asked.namespace ?? client.access.namespace,
    name: asked.name,
    port,
  };
  return {
    name: formatPodPort(pod),
    hasToken: token !== undefined,
    ask: (method, path) => ask(client, pod, token, method, path),
    lastReadyOf: () => lastReady(client, pod),
  };
}

/** The token goes by a header of its own: the API server takes `Authorization` for itself. */
async function ask(
  client: ApiClient,
  pod: PodPort,
  token: string | undefined,
  method: Method,
  path: string,
): Promise<Answer> {
  const headers = token === undefined ? {} : { [TOKEN_HEADER]: token };
  try {
    return await askPod(client, pod, { method, path, headers, limits: LIMITS });
  } catch (error) {
    throw worded(error);
  }
}

async function lastReady(client: ApiClient, { namespace, name }: PodPort): Promise<string[]> {
  try {
    return await lastReadyOf(new KubernetesApi(client), namespace, name);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    const what = `whether ${namespace}/${name} is the last ready pod of a Service is not known`;
    throw new AskError(`${what}: ${error.message}; --force drains it without looking`);
  }
}

function inWords<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw worded(error);
  }
}

function worded(error: unknown): unknown {
  return error instanceof KubernetesError ? new AskError(error.message, error.passing) : error;
}
