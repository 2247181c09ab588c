/** Pods as they are read: whether anything of one has ever run, and who asked it to drain. */
import t from 'tap';
import type { PodFacts } from '../../src/rainbow/contract.js';
import { readPod, readReplicaSet } from '../../src/rainbow/pods.js';

function factsOf(status: object, annotations: object = {}): Partial<PodFacts> | undefined {
  const metadata = { name: 'web-1', uid: 'u', resourceVersion: '1', annotations };
  return readPod({ metadata, status })?.facts;
}

const WAITING = { state: { waiting: { reason: 'ImagePullBackOff' } }, restartCount: 0 };

t.test('of a pod whose containers have only waited nothing has ever run', (t) => {
  for (const status of [
    { phase: 'Pending' },
    { phase: 'Pending', containerStatuses: [WAITING], initContainerStatuses: [WAITING] },
    { phase: 'Pending', containerStatuses: [{ ...WAITING, lastState: {} }] },
  ]) {
    t.equal(factsOf(status)?.neverStarted, true);
  }
  t.end();
});

t.test('of any other pod something may have run', (t) => {
  for (const status of [
    { phase: 'Running', containerStatuses: [WAITING] },
    { phase: 'Unknown' },
    {},
    { phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] },
    { phase: 'Pending', ephemeralContainerStatuses: [{ state: { terminated: {} } }] },
    { phase: 'Pending', containerStatuses: [{ ...WAITING, restartCount: 1 }] },
    { phase: 'Pending', containerStatuses: [{ ...WAITING, lastState: { terminated: {} } }] },
  ]) {
    t.equal(factsOf(status)?.neverStarted, false);
  }
  t.end();
});

t.test('a drain is ours where our mark stands beside it', (t) => {
  const drain = { 'tidegate.dev/drain': 'true' };
  const mark = { 'tidegate.dev/rainbow-drain': 'shop' };
  const isOurs = [drain, mark, { ...drain, ...mark }].map((one) => factsOf({}, one)?.isDrainOurs);
  t.same(isOurs, [false, false, true]);
  t.end();
});

t.test('a ReplicaSet is of its Deployment, and kept by whoever controls it', (t) => {
  const read = (kind: string, apiVersion: string): unknown => {
    const owner = { apiVersion, kind, name: 'web', uid: 'd', controller: true };
    const named = { name: 'web-7d4b9', uid: 'r', resourceVersion: '1' };
    return readReplicaSet({ metadata: { ...named, ownerReferences: [owner] }, spec: {} });
  };
  const set = { uid: 'r', name: 'web-7d4b9', replicas: 1 };
  const deployment = { group: 'apps', version: 'v1', kind: 'Deployment', name: 'web', uid: 'd' };
  t.same(read('Deployment', 'apps/v1'), { ...set, owner: 'd', controller: deployment });
  const rollout = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout' };
  const controller = { ...rollout, name: 'web', uid: 'd' };
  t.same(read('Rollout', 'argoproj.io/v1alpha1'), { ...set, owner: undefined, controller });
  t.end();
});
