/**
 * A pod with tidegate that holds one client's event stream and is deleted: where most questions about
 * a drain begin. Each has a namespace of its own, so that several can be asked side by side.
 */
import type { Test } from 'tap';
import type { Cluster } from './cluster.js';
import { type Held, hold } from './held.js';
import { type Changes, manifest, type ManifestName } from './manifest.js';
import { Namespace } from './namespace.js';
import { type Watched, watch } from './watched.js';

export interface HeldPod {
  readonly namespace: Namespace;
  /** The pod's name. */
  readonly name: string;
  /** Of the stream, as `held` knows it. */
  readonly target: string;
  readonly held: Held;
  readonly watched: Watched;
}

/** A Deployment of one such pod, which is serving. */
export async function holdPod(
  t: Test,
  cluster: Cluster,
  manifestName: ManifestName,
  changes: Changes,
): Promise<HeldPod> {
  const namespace = await Namespace.create(t, cluster);
  const { service, deployment } = manifest(cluster, manifestName, { replicas: 1, ...changes });
  await namespace.apply(service, deployment);
  await namespace.load(t);
  await namespace.rolledOut('web');
  const [pod] = await namespace.pods('app=web');
  const { name } = pod.metadata;
  const target = `${pod.status.podIP}:8080`;
  const watched = await watch(t, namespace, name);
  return { namespace, name, target, held: await hold(t, namespace, [target]), watched };
}

/** Deletes the pod and has none come after it; the time of day of the request, in milliseconds. */
export async function deletePod({ namespace, name }: HeldPod): Promise<number> {
  await namespace.kubectl(['delete', 'deployment', 'web', '--cascade=orphan']);
  await namespace.kubectl(['delete', 'replicasets', '--all', '--cascade=orphan']);
  const atMs = Date.now();
  await namespace.kubectl(['delete', 'pod', name, '--wait=false']);
  return atMs;
}
