/**
 * A pod with tidegate that holds one client's event stream and is deleted: where most questions about
 * a drain begin. Each has a namespace of its own, so that several can be asked side by side.
 */
import type { Test } from 'tap';
import { until } from '../peers/until.js';
import type { Cluster } from './cluster.js';
import { type Held, hold } from './held.js';
import { type Changes, manifest, type ManifestName } from './manifest.js';
import { containerOf, Namespace, type State } from './namespace.js';
import { type Watched, watch } from './watched.js';

const TOLD_MS_MAX = 30_000;

export interface ServingPod {
  readonly namespace: Namespace;
  /** The pod's name. */
  readonly name: string;
  /** HOST:PORT, where its clients go. */
  readonly target: string;
  readonly watched: Watched;
}

export interface HeldPod extends ServingPod {
  readonly held: Held;
}

/** A Deployment of one pod, which is serving nobody yet. */
export async function servingPod(
  t: Test,
  cluster: Cluster,
  manifestName: ManifestName,
  changes: Changes,
): Promise<ServingPod> {
  const namespace = await Namespace.create(t, cluster);
  const { service, deployment } = manifest(cluster, manifestName, { replicas: 1, ...changes });
  await namespace.apply(service, deployment);
  await namespace.rolledOut('web');
  const [pod] = await namespace.pods('app=web');
  const { name } = pod.metadata;
  const target = `${pod.status.podIP}:8080`;
  return { namespace, name, target, watched: await watch(t, namespace, name) };
}

/** One that serves a client's stream. */
export async function holdPod(
  t: Test,
  cluster: Cluster,
  manifestName: ManifestName,
  changes: Changes,
): Promise<HeldPod> {
  const pod = await servingPod(t, cluster, manifestName, changes);
  await pod.namespace.load(t);
  return { ...pod, held: await hold(t, pod.namespace, [pod.target]) };
}

/** How a container of it ended; what is watched may come later than what is asked for. */
export async function endOf(
  { name, watched }: ServingPod,
  container: string,
): Promise<NonNullable<State['terminated']>> {
  const last = (): State['terminated'] =>
    watched.states
      .map((pod) => containerOf(pod, container)?.state.terminated)
      .findLast((state) => state !== undefined);
  await until(() => last() !== undefined, `the end of ${name}'s ${container} is told`, TOLD_MS_MAX);
  return last() as NonNullable<State['terminated']>;
}

/** Deletes the pod and has none come after it; the time of day of the request, in milliseconds. */
export async function deletePod({ namespace, name }: ServingPod): Promise<number> {
  await namespace.kubectl(['delete', 'deployment', 'web', '--cascade=orphan']);
  await namespace.kubectl(['delete', 'replicasets', '--all', '--cascade=orphan']);
  const atMs = Date.now();
  await namespace.kubectl(['delete', 'pod', name, '--wait=false']);
  return atMs;
}
