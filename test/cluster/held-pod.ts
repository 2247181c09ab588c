/**
 * A pod with tidegate that holds one client's event stream and is deleted: where most questions about
 * a drain begin. Each has a namespace of its own, so that several can be asked side by side.
 */
import type { Test } from 'tap';
import type { Cluster } from './cluster.js';
import { type Held, hold } from './held.js';
import { type Changes, manifest, type ManifestName } from './manifest.js';
import { containerOf, Namespace, type State } from './namespace.js';
import { type Watched, watch } from './watched.js';

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

/** How a container of it ended, as far as is known. */
export function endOf({ watched }: ServingPod, container: string): State['terminated'] {
  const states = watched.states.map((pod) => containerOf(pod, container)?.state.terminated);
  return states.findLast((state) => state !== undefined);
}

/** Deletes the pod and has none come after it; the time of day of the request, in milliseconds. */
export async function deletePod({ namespace, name }: ServingPod): Promise<number> {
  await namespace.kubectl(['delete', 'deployment', 'web', '--cascade=orphan']);
  await namespace.kubectl(['delete', 'replicasets', '--all', '--cascade=orphan']);
  const atMs = Date.now();
  await namespace.kubectl(['delete', 'pod', name, '--wait=false']);
  return atMs;
}
