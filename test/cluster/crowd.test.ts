/**
 * Many pods of one small node are deleted at the same moment, as a node's drain or a large Deployment
 * does it: half of them with the native sidecar, half with the classic one. The notice, a process
 * started in each, comes late then: 2 to 4 s on two cores, and 5 to 7 s where 48 pods go, less than the
 * default of `terminationNotice`. No pod's app may be freed before its client has had its goodbye.
 */
import type { Test } from 'tap';
import { until } from '../peers/until.js';
import { type Cluster, testOnCluster } from './cluster.js';
import { type Ending, ending, type Held, hold } from './held.js';
import { manifest, type ManifestName } from './manifest.js';
import { containerOf, Namespace, type Pod } from './namespace.js';
import { type Watched, watchAll } from './watched.js';

const PODS_EACH = 12;
const GRACE_S = 45;
/** The grace less the app's sixth and the reserve of 3 s; the last quarter is for goodbyes. */
const HELD_MS_MIN = (GRACE_S - GRACE_S / 6 - 3) * 0.75 * 1_000;
/** Between two readings of the same clock. */
const SLACK_MS = 100;
const GONE_MS_MAX = (GRACE_S + 30) * 1_000;

interface Crowd {
  readonly name: ManifestName;
  readonly namespace: Namespace;
  readonly pods: readonly Pod[];
  readonly held: Held;
  readonly watched: Watched;
}

/** What became of one pod; moments are times of day in milliseconds. */
interface Fate {
  readonly pod: string;
  readonly toldMs: number;
  readonly stream: Ending;
  readonly last: Pod | undefined;
}

/** Pods with a stream each, all of them open. */
async function crowd(t: Test, cluster: Cluster, name: ManifestName): Promise<Crowd> {
  const namespace = await Namespace.create(t, cluster);
  const changes = { replicas: PODS_EACH, graceS: GRACE_S };
  const { service, deployment } = manifest(cluster, name, changes);
  await namespace.apply(service, deployment);
  await namespace.load(t);
  await namespace.rolledOut('web');
  const pods = await namespace.pods('app=web');
  const watched = await watchAll(t, namespace, 'app=web');
  const held = await hold(t, namespace, pods.map(targetOf));
  return { name, namespace, pods, held, watched };
}

const targetOf = ({ status }: Pod): string => `${status.podIP}:8080`;

async function fateOf({ held, watched }: Crowd, pod: Pod): Promise<Fate> {
  const stream = await ending(held, targetOf(pod), GONE_MS_MAX);
  const { name } = pod.metadata;
  const last = (): Pod | undefined =>
    watched.states.findLast(
      (state) =>
        state.metadata.name === name &&
        containerOf(state, 'tidegate')?.state.terminated !== undefined &&
        containerOf(state, 'app')?.state.terminated !== undefined,
    );
  await until(() => last() !== undefined, `the end of ${name} is told`, GONE_MS_MAX);
  const { message = '{}' } = containerOf(last(), 'tidegate')?.state.terminated ?? {};
  const { startedAt = '' } = JSON.parse(message) as { readonly startedAt?: string };
  return { pod: name, toldMs: Date.parse(startedAt), stream, last: last() };
}

function wasHeld(t: Test, { pod, toldMs, stream, last }: Fate): void {
  const heldMs = stream.atMs - toldMs;
  t.ok(heldMs >= HELD_MS_MIN - SLACK_MS, `${pod}: held until the window: ${heldMs} ms`);
  t.equal(stream.how, 'whole', `${pod}: and ended whole`);
  const [app, sidecar] = ['app', 'tidegate'].map((name) => containerOf(last, name));
  t.match(app, { restartCount: 0, state: { terminated: { exitCode: 0 } } }, `${pod}: app`);
  const terminated = {
    exitCode: 0,
    message:
      /"ended":"finished","activeAtStart":1,"activeAtEnd":0,"leasesAtEnd":0,"finished":0,"farewell":1,"cut":0/,
  };
  t.match(sidecar, { restartCount: 0, state: { terminated } }, `${pod}: sidecar`);
}

function tell(t: Test, { name }: Crowd, fates: readonly Fate[], deletedMs: number): void {
  const seconds = (all: readonly number[]): string =>
    all.map((ms) => ((ms - deletedMs) / 1_000).toFixed(1)).join(' ');
  const told = fates.map(({ toldMs }) => toldMs).sort((one, other) => one - other);
  const ended = fates.map(({ stream }) => stream.atMs).sort((one, other) => one - other);
  t.comment(`${name}: told after ${seconds(told)} s`);
  t.comment(`${name}: streams ended after ${seconds(ended)} s`);
}

const title = `${2 * PODS_EACH} pods deleted at once hold what they have, each of them`;
testOnCluster(title, async (t, cluster) => {
  const names = ['native', 'classic'] as const;
  const crowds = await Promise.all(names.map((name) => crowd(t, cluster, name)));
  const deletedMs = Date.now();
  const away = ['delete', 'deployment', 'web', '--wait=false'];
  await Promise.all(crowds.map(({ namespace }) => namespace.kubectl(away)));
  await Promise.all(crowds.map(({ namespace }) => namespace.allGone('app=web', GONE_MS_MAX)));
  t.comment(`all are gone after ${Date.now() - deletedMs} ms`);
  for (const some of crowds) {
    const fates = await Promise.all(some.pods.map((pod) => fateOf(some, pod)));
    tell(t, some, fates, deletedMs);
    for (const fate of fates) wasHeld(t, fate);
  }
});
