/** Pods with a tidegate as they are read: its container, its ends, the marks, and who owns it. */
import t from 'tap';
import type { WatchedPod } from '../../src/controller/contract.js';
import { readWatchedPod } from '../../src/controller/watched-pod.js';

const METADATA = { namespace: 'web', name: 'web-1', uid: 'u', resourceVersion: '1' };

function read(spec: object, status: object = {}, metadata: object = {}): WatchedPod {
  return readWatchedPod({ metadata: { ...METADATA, ...metadata }, spec, status });
}

const PORTS = { ports: [{ name: 'tidegate', containerPort: 9180 }] };
const RUNNING = { state: { running: {} }, restartCount: 0 };
const status = (name: string, more: object = RUNNING): object => ({ name, ...more });

t.test('a pod is read with its owner, its labels, its memory and its marks', (t) => {
  const read = readWatchedPod({
    metadata: {
      ...METADATA,
      labels: { app: 'web', 'tidegate.dev/safe-to-delete': 'true' },
      annotations: {
        'tidegate.dev/verdict': '{"safe":true}',
        'controller.kubernetes.io/pod-deletion-cost': '10',
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'x' },
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'y', controller: true },
      ],
    },
    spec: { containers: [{ name: 'app', resources: { requests: { memory: '64Mi' } } }] },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  });
  t.match(read, { namespace: 'web', name: 'web-1', uid: 'u', isTerminating: false });
  t.match(read, { memoryBytes: 67_108_864, sidecar: undefined, labels: { app: 'web' } });
  t.same(read.owner, {
    group: 'apps',
    version: 'v1',
    kind: 'ReplicaSet',
    name: 'rs',
    uid: 'y',
  });
  t.same(read.marks, { safe: 'true', verdict: '{"safe":true}', cost: '10', evict: 'false' });
  t.match(read.pod, { address: '10.0.0.1', facts: { phase: 'Running', deletionCost: 10 } });
  t.end();
});

t.test('of a pod that has ended its labels and its tidegate are still told', (t) => {
  const terminated = { exitCode: 0, reason: 'Completed' };
  const ended = {
    phase: 'Failed',
    containerStatuses: [status('tidegate', { state: { terminated } })],
  };
  const pod = read({ containers: [{ name: 'tidegate' }] }, ended, {
    labels: { app: 'web' },
    deletionTimestamp: '2024-01-01T00:00:00Z',
  });
  t.match(pod, { pod: undefined, labels: { app: 'web' }, isTerminating: true });
  t.match(pod.sidecar, { isRunning: false, ended: { exitCode: 0, reason: 'Completed' } });
  t.end();
});

t.test('its tidegate is the container with that port, else the one of that name', (t) => {
  const two = { containerStatuses: [status('app'), status('tidegate'), status('front')] };
  const named = (spec: object): string | undefined => read(spec, two).sidecar?.container;
  t.equal(named({ containers: [{ name: 'app' }, { name: 'tidegate' }] }), 'tidegate');
  t.equal(named({ containers: [{ name: 'tidegate' }, { name: 'front', ...PORTS }] }), 'front');
  t.equal(named({ containers: [{ name: 'app' }, { name: 'front' }] }), undefined);
  t.end();
});

t.test('a native sidecar stands among those that run before the others', (t) => {
  const spec = { containers: [{ name: 'app' }], initContainers: [{ name: 'gate', ...PORTS }] };
  const told = { containerStatuses: [status('app')], initContainerStatuses: [status('gate')] };
  t.match(read(spec, told).sidecar, { container: 'gate', isRunning: true, restarts: 0 });
  t.equal(read(spec, { containerStatuses: [status('app')] }).sidecar, undefined);
  t.end();
});

t.test('how it ended is told, now and before it was started again', (t) => {
  const terminated = {
    exitCode: 137,
    reason: 'OOMKilled',
    message: '{"why":"x"}',
    containerID: 'containerd://abc',
    finishedAt: '2024-01-01T00:00:05Z',
  };
  const end = {
    exitCode: 137,
    reason: 'OOMKilled',
    message: '{"why":"x"}',
    containerId: 'containerd://abc',
    finishedMs: Date.parse('2024-01-01T00:00:05Z'),
  };
  const sidecar = (more: object): object | undefined =>
    read({ containers: [{ name: 'tidegate' }] }, { containerStatuses: [status('tidegate', more)] })
      .sidecar;
  t.same(sidecar({ state: { terminated }, lastState: {}, restartCount: 0 }), {
    container: 'tidegate',
    isRunning: false,
    restarts: 0,
    ended: end,
    endedBefore: undefined,
  });
  const again = { state: { running: {} }, lastState: { terminated }, restartCount: 2 };
  t.match(sidecar(again), { isRunning: true, restarts: 2, ended: undefined, endedBefore: end });
  t.end();
});

t.test('an end that is told in part is an end', (t) => {
  const statuses = [status('tidegate', { state: { terminated: { finishedAt: null } } })];
  const pod = read({ containers: [{ name: 'tidegate' }] }, { containerStatuses: statuses });
  t.same(pod.sidecar?.ended, {
    exitCode: 0,
    reason: '',
    message: '',
    containerId: '',
    finishedMs: undefined,
  });
  t.end();
});
