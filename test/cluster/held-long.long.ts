/**
 * A drain that is held for eleven minutes: longer than any limit of time that a kubelet, or a
 * connection of its, may be thought to have. The client leaves at last, and only then the app is
 * asked to stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { testOnCluster } from './cluster.js';
import { ending } from './held.js';
import { deletePod, endOf, type HeldPod, holdPod } from './held-pod.js';
import { containerOf } from './namespace.js';

const GRACE_S = 820;
/** Less than the budget without its window for goodbyes. */
const HELD_MS = 660_000;
/** How often the pod is looked at. */
const LOOK_MS = 60_000;
/** From the client's leaving to the pod's end. */
const GONE_MS_MAX = 30_000;
/** Kubernetes tells moments of containers in whole seconds. */
const SECOND_MS = 1_000;

/** Everything is as it was, however long it takes. */
async function staysUntil(t: Test, pod: HeldPod, endMs: number): Promise<void> {
  for (let leftMs = endMs - Date.now(); leftMs > 0; leftMs = endMs - Date.now()) {
    await sleep(Math.min(leftMs, LOOK_MS));
    const now = await pod.namespace.pod(pod.name);
    const app = containerOf(now, 'app');
    const holds = app?.state.running !== undefined && pod.held.endings.size === 0;
    if (!holds)
      t.fail(`${pod.name} after ${HELD_MS - (endMs - Date.now())} ms: ${JSON.stringify(now)}`);
    if (!holds) return;
  }
}

async function holdsLong(t: Test, pod: HeldPod, name: string): Promise<void> {
  const deletedMs = await deletePod(pod);
  await staysUntil(t, pod, deletedMs + HELD_MS);
  const leftMs = Date.now();
  pod.held.leave();
  t.equal(
    (await ending(pod.held, pod.target, GONE_MS_MAX)).how,
    'left',
    `${name}: held to the last`,
  );
  await pod.namespace.podUntil(
    pod.name,
    (now) => now === undefined,
    'the pod is gone',
    GONE_MS_MAX,
  );
  const [app, sidecar] = [await endOf(pod, 'app'), await endOf(pod, 'tidegate')];
  const freedMs = Date.parse(app.finishedAt);
  t.ok(freedMs > leftMs - SECOND_MS, `${name}: the app was freed only then`);
  t.match(app, { exitCode: 0 }, `${name}: and stopped by itself`);
  t.match(
    sidecar,
    { exitCode: 0, message: /"ended":"finished"/ },
    `${name}: the drain had finished`,
  );
  const events = await pod.namespace.kubectl(['get', 'events']);
  t.notMatch(events, /PreStopHook/, `${name}: no hook has failed`);
  const afterMs = leftMs - deletedMs;
  t.comment(
    `${name}: left after ${afterMs} ms, app gone at ${app.finishedAt}, ${Date.now() - leftMs} ms to the pod's end`,
  );
  t.comment(`${name}: ${sidecar.message}`);
}

testOnCluster('a kubelet waits for eleven minutes', async (t, cluster) => {
  const names = ['native', 'classic'] as const;
  const changes = { graceS: GRACE_S };
  const pods = await Promise.all(names.map((name) => holdPod(t, cluster, name, changes)));
  await Promise.all(pods.map((pod, at) => holdsLong(t, pod, names[at])));
});
