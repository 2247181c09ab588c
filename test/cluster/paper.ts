/**
 * Deployments on paper: real objects of the real controllers, whose pods no scheduler takes. What a
 * kubelet would write of them is written here, with a stand-in's address for their own, so that a
 * thousand of them cost nothing but their objects.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { State } from '../../src/rainbow/contract.js';
import { NO_STATE, stateText } from '../../src/rainbow/state.js';
import { until } from '../peers/until.js';
import type { Namespace, Pod } from './namespace.js';
import type { StandIn } from './stand-in.js';
import type { Patch } from './stand-in-program.js';

const MADE_MS_MAX = 240_000;
const POLL_MS = 200;
const CONTAINER = 'tidegate';
const IMAGE = 'localhost/paper';
/** On a pod's template: how its kubelet would find it. */
const LOOKS = 'looks';

/** `asleep`: nothing is known of it; `unready`: it runs; `half`: of every other nobody knows where it is. */
export type Looks = 'ready' | 'asleep' | 'unready' | 'half';

export interface Paper {
  readonly group: string;
  readonly colour: string;
  readonly replicas?: number;
  /** Where its pods' tidegate is asked. */
  readonly port?: number;
  readonly looks?: Looks;
  /** Beside the label of its group. */
  readonly metadata?: Metadata;
  readonly podMetadata?: object;
  /** Instead of GROUP-COLOUR. */
  readonly name?: string;
  /** What is remembered of it. */
  readonly memory?: Partial<State>;
}

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export const nameOf = ({ group, colour, name = `${group}-${colour}` }: Paper): string => name;

export function paperDeployment(paper: Paper): object {
  const { group, colour, replicas = 1, port = 9180, looks = 'ready', metadata = {} } = paper;
  const chosen = { app: group, 'tidegate.dev/colour': colour };
  const container = {
    name: CONTAINER,
    image: IMAGE,
    ports: [{ name: 'tidegate', containerPort: port }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const spec = {
    schedulerName: 'nobody',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
  };
  const labels = { 'tidegate.dev/rainbow': group, ...metadata.labels };
  const podLabels = { ...chosen, [LOOKS]: looks };
  return {
    kind: 'Deployment',
    metadata: { ...metadata, name: nameOf(paper), labels },
    spec: {
      replicas,
      selector: { matchLabels: chosen },
      template: { metadata: { labels: podLabels, ...paper.podMetadata }, spec },
    },
  };
}

/** A Service of a group that selects one colour of it. */
export function paperService(group: string, colour: string, name = group): object {
  const selector = { app: group, 'tidegate.dev/colour': colour };
  return { kind: 'Service', metadata: { name }, spec: { selector, ports: [{ port: 80 }] } };
}

/** Makes them, with what is remembered of each; resolves once all of their pods look as they shall. */
export async function putOnPaper(
  namespace: Namespace,
  standIn: StandIn,
  papers: readonly Paper[],
): Promise<void> {
  await namespace.apply(...papers.map(paperDeployment));
  await Promise.all([
    remember(namespace, standIn, papers),
    startOnPaper(namespace, standIn, papers),
  ]);
  await areSettled(namespace, papers);
}

interface Controlled {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

/** The controllers have written what they know of them; a busy machine's come seconds later. */
async function areSettled(namespace: Namespace, papers: readonly Paper[]): Promise<void> {
  const wanted = new Map(
    papers.map((paper) => [
      nameOf(paper),
      (paper.looks ?? 'ready') === 'ready' ? (paper.replicas ?? 1) : 0,
    ]),
  );
  let late: readonly string[] = [];
  const asked = async (): Promise<boolean> => {
    const text = await namespace.kubectl(['get', 'deployments', '-o', 'json']);
    const { items } = JSON.parse(text) as { items: readonly Controlled[] };
    late = items
      .filter(({ metadata: { name, generation }, status }) => {
        const isSeen = (status.observedGeneration ?? 0) >= generation;
        return !isSeen || (status.readyReplicas ?? 0) < (wanted.get(name) ?? 0);
      })
      .map(({ metadata: { name } }) => name);
    if (late.length > 0) await sleep(POLL_MS);
    return late.length === 0;
  };
  await until(asked, () => `the controllers know of ${late.join(', ')}`, MADE_MS_MAX);
}

async function remember(
  namespace: Namespace,
  standIn: StandIn,
  papers: readonly Paper[],
): Promise<void> {
  const uids = await namespace.kubectl(['get', 'deployments', '-o', `jsonpath=${UIDS}`]);
  const uidOf = new Map(uids.split(' ').map((pair) => pair.split('=') as [string, string]));
  const patches = papers.flatMap((paper): Patch[] => {
    if (paper.memory === undefined) return [];
    const name = nameOf(paper);
    const text = stateText({ ...NO_STATE, ...paper.memory }, uidOf.get(name) ?? '');
    const annotations = { 'tidegate.dev/rainbow-state': text };
    const path = `/apis/apps/v1/namespaces/${namespace.name}/deployments/${name}`;
    return [{ path, merge: { metadata: { annotations } } }];
  });
  await standIn.patch(patches);
}

const UIDS = '{range .items[*]}{.metadata.name}={.metadata.uid} {end}';

/** Resolves once their pods are there, each as it shall look. */
export async function startOnPaper(
  namespace: Namespace,
  standIn: StandIn,
  papers: readonly Paper[],
): Promise<void> {
  const wanted = papers.reduce((sum, { replicas = 1 }) => sum + replicas, 0);
  const groups = [...new Set(papers.map(({ group }) => group))].join(',');
  const colours = [...new Set(papers.map(({ colour }) => colour))].join(',');
  const selector = `app in (${groups}),tidegate.dev/colour in (${colours})`;
  let pods: readonly Pod[] = [];
  const areMade = async (): Promise<boolean> => {
    pods = await namespace.pods(selector);
    if (pods.length < wanted) await sleep(POLL_MS);
    return pods.length >= wanted;
  };
  await until(areMade, () => `${wanted} pods on paper: ${pods.length}`, MADE_MS_MAX);
  const unborn = pods.filter(({ status }) => status.phase === 'Pending');
  await standIn.patch(unborn.flatMap((pod, at) => born(namespace.name, pod, at, standIn.address)));
}

/** What a kubelet would write of it; `at` is its place among others. */
export function born(namespace: string, { metadata }: Pod, at: number, podIP: string): Patch[] {
  const looks = (metadata.labels?.[LOOKS] ?? 'ready') as Looks;
  if (looks === 'asleep') return [];
  const now = new Date().toISOString();
  const status = looks === 'unready' ? 'False' : 'True';
  const conditions = ['ContainersReady', 'Ready'].map((type) => ({
    type,
    status,
    lastTransitionTime: now,
  }));
  const where = looks === 'half' && at % 2 === 1 ? {} : { podIP, podIPs: [{ ip: podIP }] };
  const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/status`;
  const containerStatuses = [runningSince(now, status === 'True')];
  const told = { phase: 'Running', startTime: now, conditions, containerStatuses };
  return [{ path, merge: { status: { ...told, ...where } } }];
}

function runningSince(startedAt: string, ready: boolean): object {
  return {
    ...{ name: CONTAINER, image: IMAGE, imageID: '', ready, started: true, restartCount: 0 },
    containerID: `containerd://${randomUUID()}`,
    state: { running: { startedAt } },
  };
}
