/**
 * How pods are asked, as the settings have it: at their own addresses, through the API server, or a
 * Prometheus in their place.
 */
import { ApiClient } from '../kubernetes/client.js';
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
  /** So many of those at once; undefined: as many as there is room for. */
  readonly atOnceMax?: number;
  /** Whoever says safe a second time: for what cannot be taken back. */
  readonly twice: AskPods;
}

/** Those that hang must leave connections to those that do not. */
const PROXIED_AT_ONCE_MAX = 40;

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
  // Of its own: a Lease must not wait until pods that hang have had their time.
  const own = new ApiClient(client.access, clock);
  const once = askOnce(proxied(own, calls, podAdmin), podAdmin);
  const twice = askThroughProxy(own, clock, podAdmin);
  return { once, by: 'pod', atOnceMax: PROXIED_AT_ONCE_MAX, twice };
}

/** A right that is missing shows here, and so does an API server that is away. */
function proxied(client: ApiClient, calls: Calls, port: number | undefined): CallPod {
  const call = callThroughProxy(client, port);
  return (namespace, ...of) =>
    calls.noted({ verb: 'get', resource: PODS_PROXY, namespace }, () => call(namespace, ...of));
}
