/**
 * The kubelet restarts one container of a pod that stays: the app, whose preStop then waits for a
 * drain that nobody has asked for, or tidegate itself, which must come back as good as new.
 */
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { bothWays, casesOnCluster, type Sidecar } from './cases.js';
import { DEVOUR, misbehave, WEDGE } from './inspected.js';
import type { Manifest } from './manifest.js';
import type { Namespace } from './namespace.js';
import { seconds, SinglePod } from './single.js';

/** The pod's own: nothing here may take as long. */
const GRACE_S = 600;
const NOTICE_S = 5;
/** What a busy node may add to what it was told. */
const LATE_MS_MAX = 30_000;
/** Of tidegate's liveness probe, in the manifests. */
const OWN_GRACE_S = 10;
/** Until two probes, one a second, have not been answered for a second each; and a busy node. */
const SEEN_MS_MAX = 20_000;
/** Longer than the notice takes to come. */
const WORK_MS = 15_000;

/** The app's container is restarted by its liveness probe while a stream is held. */
async function appIsRestarted(t: Test, namespace: Namespace, name: Sidecar): Promise<void> {
  const pod = await SinglePod.create(t, namespace, `sick-${name}`, {
    manifest: name,
    graceS: GRACE_S,
    settings: { TIDEGATE_TERMINATION_NOTICE: `${NOTICE_S}s` },
    adapt: ({ app }) => {
      const httpGet = { path: '/healthz', port: 3_000 };
      // Neither a slow start nor a slow answer is a failure here: only sickness is.
      app.startupProbe = { httpGet, periodSeconds: 1, failureThreshold: 60 };
      app.livenessProbe = { httpGet, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 30 };
    },
  });
  const streamEnds = await pod.hold(t);
  const sick = await pod.ask('POST', '/sick');
  await pod.restarted('app');
  const stoppedMs = await pod.appStopped();
  const stream = await streamEnds();
  const waitedMs = stoppedMs - sick.atMs;
  t.comment(`SIGTERM of the app ${seconds(sick.atMs, stoppedMs)} after it fell sick`);
  t.comment(`its stream: ${stream.how}, ${seconds(stoppedMs, stream.atMs)} after that`);
  t.ok(waitedMs > (NOTICE_S - 1) * 1_000, 'its preStop waited for the notice');
  t.ok(waitedMs < NOTICE_S * 1_000 + LATE_MS_MAX, 'and for nothing else');
  t.ok(stream.atMs >= stoppedMs - 100, 'nothing was cut before the app was stopped');
  t.equal(pod.container('app').restartCount, 1, 'the app is restarted once');
  t.equal(pod.container('tidegate').restartCount, 0, 'tidegate is not');
  await serves(t, pod);
  t.equal(pod.container('app').restartCount, 1, 'nor is the app again');
}

/** As if nothing had been. */
async function serves(t: Test, pod: SinglePod): Promise<void> {
  t.equal((await pod.ask('GET', '/healthz')).status, 200, 'a request is answered');
  const { phase } = await pod.namespace.admin<Status>(pod.name, '/status');
  t.equal(phase, 'serving', 'and its phase is serving');
}

function lookOften({ sidecar }: Manifest): void {
  const often = { periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 1 };
  if (sidecar !== undefined) sidecar.livenessProbe = { ...sidecar.livenessProbe, ...often };
}

/** Its event loop stands still: the kubelet restarts it within its own grace period. */
async function wedgedIsRestarted(t: Test, namespace: Namespace, name: Sidecar): Promise<void> {
  const graceS = GRACE_S;
  const wanted = { manifest: name, graceS, adapt: lookOften } as const;
  const pod = await SinglePod.create(t, namespace, `wedged-${name}`, wanted);
  const streamEnds = await pod.hold(t);
  await misbehave(namespace, pod.name, WEDGE);
  const wedgedMs = Date.now();
  await pod.restarted('tidegate');
  const backMs = Date.now();
  const stream = await streamEnds();
  const { exitCode, reason } = pod.container('tidegate').lastState.terminated ?? {};
  t.comment(`exit code ${exitCode}, ${reason}, ready ${seconds(wedgedMs, backMs)} after it stood`);
  t.comment(`its stream: ${stream.how}, ${seconds(wedgedMs, stream.atMs)} after it stood`);
  const limitMs = SEEN_MS_MAX + OWN_GRACE_S * 1_000 + LATE_MS_MAX;
  t.ok(backMs - wedgedMs < limitMs, "it is restarted within its own grace, not the pod's");
  t.equal(exitCode, 137, 'it had to be killed');
  await isAsGoodAsNew(t, pod);
}

/** It takes more memory than it may have, and is killed. */
async function devourerIsRestarted(t: Test, namespace: Namespace, name: Sidecar): Promise<void> {
  const wanted = { manifest: name, graceS: GRACE_S } as const;
  const pod = await SinglePod.create(t, namespace, `devours-${name}`, wanted);
  const streamEnds = await pod.hold(t);
  await misbehave(namespace, pod.name, DEVOUR);
  const devoursMs = Date.now();
  await pod.restarted('tidegate');
  const backMs = Date.now();
  const stream = await streamEnds();
  const { exitCode, reason } = pod.container('tidegate').lastState.terminated ?? {};
  t.comment(`exit code ${exitCode}, ${reason}, ready again after ${seconds(devoursMs, backMs)}`);
  t.comment(`its stream: ${stream.how}, ${seconds(devoursMs, stream.atMs)} after it began`);
  t.equal(reason, 'OOMKilled', 'its memory was why');
  await isAsGoodAsNew(t, pod);
}

/** A restarted tidegate serves, and its preStop and the app's do what they are there for. */
async function isAsGoodAsNew(t: Test, pod: SinglePod): Promise<void> {
  t.equal(pod.container('tidegate').restartCount, 1, 'tidegate is restarted once');
  t.equal(pod.container('app').restartCount, 0, 'the app is not');
  await serves(t, pod);
  const slow = pod.ask('GET', `/slow?ms=${WORK_MS}`);
  await pod.isAsked();
  const deletedMs = await pod.delete();
  const { status } = await slow;
  const goneMs = await pod.gone();
  const { reason, ended, activeAtStart, cut } = await pod.message();
  t.comment(`then deleted: gone after ${seconds(deletedMs, goneMs)}`);
  t.equal(status, 200, 'deleted, it lets a request finish');
  t.same(
    { reason, ended, activeAtStart, cut },
    { reason: 'preStop', ended: 'finished', activeAtStart: 1, cut: 0 },
  );
  t.equal((await pod.end('tidegate')).exitCode, 0, 'and ends well');
}

casesOnCluster('the kubelet restarts one container of a pod', [
  ...bothWays('a sick app is restarted after the notice has not come', appIsRestarted),
  ...bothWays('a tidegate that stands still is restarted and drains', wedgedIsRestarted),
  ...bothWays(
    'a tidegate that is killed for its memory is restarted and drains',
    devourerIsRestarted,
  ),
]);
