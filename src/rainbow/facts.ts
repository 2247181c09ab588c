/**
 * What is known of a group of colours: found in the API server's lists and in what pods' tidegates
 * say. Nothing is changed here. What says whether a colour is live is read last, so that it is
 * the newest of all.
 */
import {
  type Api,
  AUTOSCALERS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  PODS,
  REPLICA_SETS,
  type Scope,
  SERVICES,
} from '../kubernetes/api.js';
import { COLOUR_LABEL, RAINBOW_LABEL } from '../kubernetes/keys.js';
import type { AskPods } from './ask.js';
import {
  type Colour,
  colourFacts,
  coloursOf,
  type Deployment,
  isOdd,
  odditiesOf,
  readDeployment,
} from './colours.js';
import type { Facts } from './contract.js';
import { metadataOf } from './objects.js';
import { type Pod, readPod, readReplicaSet, type ReplicaSet } from './pods.js';
import { type Autoscaler, readAutoscaler } from './rivals.js';
import { readService, readSlice, serviceFacts } from './services.js';

export interface Group {
  readonly namespace: string;
  readonly group: string;
}

/** Beyond it a label selector names no colours: paths of many kilobytes do not pass everywhere. */
const SELECTOR_LENGTH_MAX = 4_000;

/** The groups there are, by namespace and name; `selector`: those with a Deployment that has it. */
export async function findGroups(
  api: Api,
  { namespace, selector }: { readonly namespace?: string | undefined; readonly selector?: string },
): Promise<readonly Group[]> {
  const labelSelector = [RAINBOW_LABEL, selector ?? ''].filter((text) => text !== '').join(',');
  const { items } = await api.list(DEPLOYMENTS, { namespace, labelSelector }, readGroup);
  // An empty label is no name that anybody could ask for.
  const named = items.filter(({ group }) => group !== '');
  const keys = new Map(named.map((one) => [`${one.namespace}/${one.group}`, one]));
  return [...keys].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

function readGroup(object: unknown): Group {
  const { namespace, labels } = metadataOf(object);
  return { namespace, group: labels[RAINBOW_LABEL] ?? '' };
}

/** `meant`: the colours whose pods are asked, else all. A group that is not there has no colours. */
export async function gather(
  api: Api,
  askPods: AskPods,
  { namespace, group }: Group,
  meant?: readonly string[],
): Promise<Facts> {
  const labelSelector = `${RAINBOW_LABEL}=${group}`;
  const listed = await api.list(DEPLOYMENTS, { namespace, labelSelector }, readDeployment);
  const deployments = listed.items.filter((one) => one.group === group);
  if (deployments.length === 0) {
    return { namespace, group, nowMs: listed.atMs, colours: [], services: [], oddities: [] };
  }
  const { replicaSets, pods, autoscalers } = await listOwned(api, namespace, deployments);
  const colours = coloursOf(deployments, replicaSets, pods);
  const asked = colours.filter(({ colour }) => meant?.includes(colour) ?? true);
  const answers = await askPods(namespace, asked.flatMap(toBeAsked));
  const [services, slices] = await Promise.all([
    api.list(SERVICES, { namespace }, readService),
    api.list(ENDPOINT_SLICES, { namespace }, readSlice),
  ]);
  const nowMs = services.atMs;
  return {
    namespace,
    group,
    nowMs,
    colours: colours.map((one) => {
      const colour = { ...one, isOdd: isOdd(one, colours) };
      return colourFacts(colour, answers, autoscalers, nowMs);
    }),
    services: serviceFacts(services.items, found(slices.items), colours),
    oddities: odditiesOf(deployments, colours),
  };
}

interface Owned {
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly autoscalers: readonly Autoscaler[];
}

async function listOwned(
  api: Api,
  namespace: string,
  deployments: readonly Deployment[],
): Promise<Owned> {
  const scope = { namespace, ...labelScope(deployments) };
  const [replicaSets, pods, autoscalers] = await Promise.all([
    api.list(REPLICA_SETS, scope, readReplicaSet),
    api.list(PODS, scope, readPod),
    api.list(AUTOSCALERS, { namespace }, readAutoscaler),
  ]);
  return {
    replicaSets: replicaSets.items,
    pods: found(pods.items),
    autoscalers: found(autoscalers.items),
  };
}

/** By the label of their colours, unless one of them may own pods that have another, or none. */
function labelScope(deployments: readonly Deployment[]): Pick<Scope, 'labelSelector'> {
  const colours = new Set<string>();
  for (const { colour, selector } of deployments) {
    if (colour === undefined) continue;
    if (selector.matchLabels?.[COLOUR_LABEL] !== colour) return {};
    colours.add(colour);
  }
  const all = `${COLOUR_LABEL} in (${[...colours].join(',')})`;
  if (colours.size === 0 || all.length > SELECTOR_LENGTH_MAX)
    return { labelSelector: COLOUR_LABEL };
  return { labelSelector: all };
}

function toBeAsked({ pods }: Colour): Parameters<AskPods>[1] {
  return pods.map(({ facts: { name, uid, isReady }, address, adminPort }) => {
    return { name, uid, isReady, address, port: adminPort };
  });
}

function found<T>(items: readonly (T | undefined)[]): readonly T[] {
  return items.filter((item) => item !== undefined);
}
