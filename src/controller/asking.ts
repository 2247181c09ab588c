/**
 * How pods are asked, as the settings have it: at their own addresses, through the API server, or a
 * Prometheus in their place.
 */
import type { ApiClient } from '../kubernetes/client.js';
import {
  type AskPods,
  askOnce,
  askDirectly,
  askThroughProxy,
  callDirectly,
  type CallPod,
  callThroughProxy,
} from '../rainbow/ask.js';
import { askPrometheus } from '../rainbow/prometheus.js';
import type { ControllerConfig } from './arguments.js';
import type { Calls } from './calls.js';
import { PODS_PROXY } from './rights.js';

export interface Asking {
  /** Each once, for those who are asked in rounds. */
  readonly once: AskPods;
  readonly by: 'pod' | 'namespace';
  /** Whoever says safe a second time: for what cannot be taken back. */
  readonly twice: AskPods;
}

export function askingBy(
  { ask, prometheus, podAdmin }: ControllerConfig,
  client: ApiClient,
  calls: Calls,
): Asking {
  const { clock } = client;
  if (prometheus !== undefined) {
    const all = askPrometheus(prometheus, clock);
    return { once: all, by: 'namespace', twice: all };
  }
  if (ask === 'direct') {
    const once = askOnce(callDirectly(clock, podAdmin), podAdmin);
    return { once, by: 'pod', twice: askDirectly(clock, podAdmin) };
  }
  const once = askOnce(proxied(client, calls, podAdmin), podAdmin);
  return { once, by: 'pod', twice: askThroughProxy(client, clock, podAdmin) };
}

/** A right that is missing shows here, and so does an API server that is away. */
function proxied(client: ApiClient, calls: Calls, port: number | undefined): CallPod {
  const call = callThroughProxy(client, port);
  return (namespace, ...of) =>
    calls.noted({ verb: 'get', resource: PODS_PROXY, namespace }, () => call(namespace, ...of));
}
