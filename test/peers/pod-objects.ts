/**
 * Pods with a tidegate, as the API server would send them: ready, running, and of one ReplicaSet,
 * until a test says otherwise.
 */
import type { WatchedPod } from '../../src/controller/contract.js';
import { readWatchedPod } from '../../src/controller/watched-pod.js';

export interface PodObjectGiven {
  readonly namespace?: string;
  readonly annotations?: object;
  readonly labels?: object;
  readonly isReady?: boolean;
  readonly isTerminating?: boolean;
  readonly phase?: string;
  readonly podIP?: string | undefined;
  readonly owner?: string;
}

export function podObject(name: string, given: PodObjectGiven = {}): object {
  const { namespace = 'web', annotations = {}, labels = {}, owner = 'rs' } = given;
  const { isReady = true, isTerminating = false, phase = 'Running' } = given;
  const podIP = 'podIP' in given ? given.podIP : '10.0.0.1';
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner };
  return {
    metadata: {
      ...{ name, namespace, labels, annotations },
      ...{ uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' },
      ownerReferences: [{ ...reference, controller: true }],
      ...(isTerminating ? { deletionTimestamp: '2024-01-01T01:00:00Z' } : {}),
    },
    spec: { nodeName: 'node', containers: [{ name: 'app' }] },
    status: {
      phase,
      ...(podIP === undefined ? {} : { podIP }),
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  };
}

export function watchedPod(name: string, given: PodObjectGiven = {}): WatchedPod {
  return readWatchedPod(podObject(name, given));
}
