/**
 * The cluster that is meant, as the verbs need it: its objects, and how its pods are asked what they
 * carry. Nothing is asked before a verb does.
 */
import { findAccess } from '../../kubernetes/access.js';
import type { Api } from '../../kubernetes/api.js';
import { ApiClient } from '../../kubernetes/client.js';
import { KubernetesApi } from '../../kubernetes/objects.js';
import type { Outside } from '../../kubernetes/outside.js';
import {
  askDirectly,
  askNobody,
  type AskPods,
  askThroughProxy,
  callDirectly,
  callThroughProxy,
} from '../../rainbow/ask.js';
import type { Facts, Look } from '../../rainbow/contract.js';
import type { Estimate } from '../../rainbow/estimate.js';
import { estimating } from '../../rainbow/estimating.js';
import { findGroups, gather, type Group } from '../../rainbow/facts.js';
import { askPrometheus } from '../../rainbow/prometheus.js';
import type { ClusterAsked, PodsAsked, RainbowAsked } from './arguments.js';

export interface RainbowCluster {
  readonly api: Api;
  /** Which one it is, for people. */
  readonly name: string;
  /** Undefined: all of them. */
  readonly namespace: string | undefined;
  /** The groups that are asked for; one that is named need not be there. */
  groups(): Promise<readonly Group[]>;
  /** As the user wants pods to be asked. */
  look(group: Group): Look;
  /** Of the objects alone. */
  glance(group: Group): Look;
  /** By colour, when it may be empty; one that is live has none. */
  estimates(facts: Facts): Promise<ReadonlyMap<string, Estimate>>;
}

/** Throws a KubernetesError if none can be found. */
export function openCluster(asked: RainbowAsked, outside: Outside): RainbowCluster {
  const access = findAccess(asked.cluster, outside);
  const client = new ApiClient(access, outside.clock);
  const api = new KubernetesApi(client);
  const namespace = namespaceOf(asked.cluster, access.namespace);
  const askPods = askingOf(asked.pods, client, outside);
  const looking = (group: Group, ask: AskPods): Look => {
    return (colours) => gather(api, ask, group, colours);
  };
  return {
    api,
    name: access.name,
    namespace,
    groups: () => groupsOf(asked, api, namespace),
    look: (group) => looking(group, askPods),
    glance: (group) => looking(group, askNobody),
    estimates: estimatingOf(asked.pods, client, outside),
  };
}

function namespaceOf(
  { namespace, allNamespaces }: ClusterAsked,
  usual: string,
): string | undefined {
  return allNamespaces ? undefined : (namespace ?? usual);
}

async function groupsOf(
  { group, selector = '' }: RainbowAsked,
  api: Api,
  namespace: string | undefined,
): Promise<readonly Group[]> {
  if (group !== '' && namespace !== undefined) return [{ namespace, group }];
  return findGroups(api, { namespace, selector });
}

function askingOf(
  { ask, prometheus, port }: PodsAsked,
  client: ApiClient,
  { clock }: Outside,
): AskPods {
  if (prometheus !== undefined) return askPrometheus(prometheus, clock);
  return ask === 'direct' ? askDirectly(clock, port) : askThroughProxy(client, clock, port);
}

function estimatingOf(
  { ask, prometheus, port }: PodsAsked,
  client: ApiClient,
  { clock }: Outside,
): RainbowCluster['estimates'] {
  // Prometheus is asked so that no pod is.
  if (prometheus !== undefined) return () => Promise.resolve(new Map());
  const call = ask === 'direct' ? callDirectly(clock, port) : callThroughProxy(client, port);
  return estimating(call, clock);
}
