/** Pods as the controller has them, where a test cares for little of one. */
import type { SidecarEnd, SidecarState, WatchedPod } from '../../src/controller/contract.js';
import type { Owner } from '../../src/rainbow/objects.js';
import { readPod } from '../../src/rainbow/pods.js';

export const REPLICA_SET: Owner = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  name: 'web-7d4b9',
  uid: 'set',
};

/** One of a ReplicaSet, that runs, and of whose tidegate nothing is told. */
export function watchedPod(known: Partial<WatchedPod> = {}): WatchedPod {
  const { namespace = 'shop', name = 'web-7d4b9-x2x7q', uid = 'u' } = known;
  const metadata = { namespace, name, uid, resourceVersion: '1' };
  return {
    namespace,
    name,
    uid,
    labels: {},
    pod: readPod({ metadata, status: { phase: 'Running' } }),
    owner: REPLICA_SET,
    isTerminating: false,
    memoryBytes: 0,
    marks: { safe: undefined, verdict: undefined, cost: undefined, evict: undefined },
    sidecar: undefined,
    ...known,
  };
}

/** A tidegate that runs. */
export function sidecar(known: Partial<SidecarState> = {}): SidecarState {
  const [ended, endedBefore] = [undefined, undefined];
  return { container: 'tidegate', isRunning: true, restarts: 0, ended, endedBefore, ...known };
}

/** One that exited with 0 and left nothing. */
export function sidecarEnd(known: Partial<SidecarEnd> = {}): SidecarEnd {
  const end = { exitCode: 0, reason: 'Completed', message: '', finishedMs: undefined };
  return { ...end, containerId: 'containerd://1', ...known };
}
