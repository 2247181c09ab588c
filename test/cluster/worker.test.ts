/**
 * Work that no connection shows, in pods that end: jobs under leases are finished in a rolling
 * restart, and a lease whose holder has died holds its pod until it lapses, and no longer.
 */
import type { Test } from 'tap';
import { bothWays, casesOnCluster, type Sidecar } from './cases.js';
import { NODE } from './manifest.js';
import { type Namespace, isReady } from './namespace.js';
import { seconds, SinglePod } from './single.js';
import { asWorker, restartedAtWork, WORKER_CHANGES } from './workers.js';

const RESTARTS = 2;
const TTL_S = 20;
/** Longer than it takes to delete a pod beside other work. */
const JOB_MS = 25_000;
const HOLD = [NODE, '/tidegate/tidegate.mjs', 'hold', '--name', 'job', '--'];
/** What a busy node may add. */
const LATE_MS_MAX = 20_000;

async function finishes(t: Test, { cluster }: Namespace, sidecar: Sidecar): Promise<void> {
  await restartedAtWork(t, cluster, sidecar, RESTARTS);
}

/** Its container is restarted within the pod, and the lease of the dead one is nobody's. */
async function lapses(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const pod = await SinglePod.create(t, namespace, `dies-${sidecar}`, {
    manifest: sidecar,
    ...WORKER_CHANGES,
    adapt: (made) => asWorker(made, { MANNER: 'dies', TTL_S: String(TTL_S) }),
  });
  const begunMs = await pod.logged('app', 'job begun');
  await pod.until((state) => pod.container('app').restartCount > 0 && isReady(state), 'it is back');
  const deletedMs = await pod.delete();
  const lapsedMs = await pod.logged('tidegate', 'a lease has expired');
  const goneMs = await pod.gone();
  t.comment(`deleted ${seconds(begunMs, deletedMs)} after the lease was taken`);
  t.comment(
    `it lapsed ${seconds(begunMs, lapsedMs)} after that, gone after ${seconds(begunMs, goneMs)}`,
  );
  await endedWell(t, pod);
  t.ok(goneMs >= begunMs + (TTL_S - 1) * 1_000, 'the pod waited for the lease');
  t.ok(goneMs <= Math.max(lapsedMs, deletedMs) + LATE_MS_MAX, 'and for nothing else');
}

/** A program that knows nothing of leases runs under one. */
async function runsUnderOne(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const pod = await SinglePod.create(t, namespace, `holds-${sidecar}`, {
    manifest: sidecar,
    ...WORKER_CHANGES,
    adapt: (made) => {
      asWorker(made, { MANNER: 'once', JOB_MS: String(JOB_MS) });
      made.app.command = [...HOLD, ...(made.app.command ?? [])];
    },
  });
  await pod.logged('app', 'job begun');
  const deletedMs = await pod.delete();
  const finishedMs = await pod.logged('app', 'job finished');
  const goneMs = await pod.gone();
  t.comment(`finished ${seconds(deletedMs, finishedMs)}, gone ${seconds(deletedMs, goneMs)} after`);
  t.equal((await pod.end('app')).exitCode, 0, 'the program ended by itself, and well');
  await endedWell(t, pod);
  t.ok(goneMs >= finishedMs, 'the pod waited for it');
  t.ok(goneMs <= Math.max(finishedMs, deletedMs) + LATE_MS_MAX, 'and for nothing else');
}

/** That a worker has no port may be seen before the end of its last lease is confirmed. */
async function endedWell(t: Test, pod: SinglePod): Promise<void> {
  t.match(await pod.message(), { reason: 'preStop', ended: /^(finished|app-gone)$/, cut: 0 });
}

casesOnCluster('leases in pods that end', [
  ...bothWays('jobs under leases are finished in rolling restarts', finishes),
  ...bothWays('a program under tidegate hold is waited for', runsUnderOne),
  ...bothWays('the lease of a worker that died lapses', lapses),
]);
