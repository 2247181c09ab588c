/**
 * Pods of a long grace period that are deleted in other ways than the usual one: with a short grace
 * period, in one go or later, by force; and an app that dies while its preStop waits. Whatever it is,
 * nobody who is held goes without a goodbye.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Driver } from '../peers/load/driver.js';
import { bothWays, casesOnCluster, type Sidecar } from './cases.js';
import {
  CARRIED,
  carry,
  hasEverybodyAGoodbye,
  isEveryEndClean,
  isNothingLost,
} from './goodbyes.js';
import type { Namespace } from './namespace.js';
import { seconds, SinglePod } from './single.js';
import { tell } from './telling.js';

/** The pod's own: nothing here may take as long. */
const GRACE_S = 600;
/** Of a pod whose drain runs out: 22 s of it are tidegate's. */
const DRAIN_S = 30;
/** Longer than a delete by force takes where nothing goes on yet. */
const FORCED_MS_MIN = 12_000;
const SHORT_S = 5;
/** What the kubelet, tidegate and a busy node may add to that. */
const LATE_MS_MAX = 30_000;
/** What it gives a container whose grace is spent. */
const KUBELET_S_MIN = 2;
const UNDER_WAY_MS = 2_000;
const POLL_MS = 200;

/** A pod of a long grace period, with those it holds, which is deleted with a short one. */
async function short(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `short-${sidecar}`, wanted);
  const driver = await carry(t, namespace, pod.target);
  const deletedMs = await pod.delete(`--grace-period=${SHORT_S}`);
  const goneMs = await pod.gone();
  await tellEnd(t, pod, deletedMs, goneMs);
  t.ok(goneMs - deletedMs < SHORT_S * 1_000 + LATE_MS_MAX, 'all is gone after the short grace');
  const [app, tidegate] = await Promise.all([pod.end('app'), pod.end('tidegate')]);
  t.same([app.exitCode, tidegate.exitCode], [0, 0], 'both end well');
  const { reason, ended, cut } = await pod.message();
  t.same([reason, cut], ['preStop', 0]);
  t.match(ended, /^(now|app-gone|finished)$/, 'its SIGTERM and the end of the app come together');
  await hasLeft(t, driver);
}

/** The kubelet waits for preStop hooks as long as it was told first; nobody loses anything by it. */
async function shortenedLater(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: DRAIN_S, manner: 'closes' } as const;
  const pod = await SinglePod.create(t, namespace, `later-${sidecar}`, wanted);
  const driver = await carry(t, namespace, pod.target);
  const deletedMs = await pod.delete();
  await pod.logged('tidegate', 'draining');
  await sleep(UNDER_WAY_MS);
  await pod.delete(`--grace-period=${SHORT_S}`);
  const goneMs = await pod.gone();
  await tellEnd(t, pod, deletedMs, goneMs);
  t.ok(goneMs - deletedMs < DRAIN_S * 1_000 + LATE_MS_MAX, 'the pod is gone in time');
  t.match(await pod.message(), { reason: 'preStop', ended: /^(finished|deadline)$/, cut: 0 });
  await hasLeft(t, driver);
}

/** A signal ends a drain that a second delete did not shorten. */
async function shortened(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `shortened-${sidecar}`, wanted);
  const driver = await carry(t, namespace, pod.target);
  await pod.delete();
  await pod.logged('tidegate', 'draining');
  // Until the hooks are surely under way.
  await sleep(UNDER_WAY_MS);
  await pod.delete(`--grace-period=${SHORT_S}`);
  await sleep((SHORT_S + KUBELET_S_MIN) * 1_000 + UNDER_WAY_MS);
  const running = pod.container('app').state.running;
  t.ok(running, 'a second delete with a short grace period shortens nothing');
  // The exec may end with the container.
  await namespace.node(pod.name, 'tidegate', "process.kill(1, 'SIGTERM');").catch(() => undefined);
  const signalledMs = Date.now();
  const goneMs = await pod.gone();
  await tellEnd(t, pod, signalledMs, goneMs);
  t.ok(goneMs - signalledMs < LATE_MS_MAX, 'a signal ends it');
  const [app, tidegate] = await Promise.all([pod.end('app'), pod.end('tidegate')]);
  t.same([app.exitCode, tidegate.exitCode], [0, 0], 'both end well');
  t.match(await pod.message(), { reason: 'preStop', ended: 'now', cut: 0 }, 'it tells why');
  await hasLeft(t, driver);
}

/** Each of those that were held, with a goodbye. */
async function hasLeft(t: Test, driver: Driver): Promise<void> {
  const report = await driver.stop();
  tell(t, report);
  isNothingLost(t, report);
  isEveryEndClean(t, report, CARRIED);
}

async function tellEnd(t: Test, pod: SinglePod, sinceMs: number, goneMs: number): Promise<void> {
  const stoppedMs = await pod.appStopped();
  const [app, tidegate] = await Promise.all([pod.end('app'), pod.end('tidegate')]);
  t.comment(`SIGTERM of the app after ${seconds(sinceMs, stoppedMs)}`);
  t.comment(`exit codes: app ${app.exitCode}, tidegate ${tidegate.exitCode}`);
  t.comment(`message: ${(tidegate.message ?? 'none').trim()}`);
  t.comment(`all gone after ${seconds(sinceMs, goneMs)}`);
}

/** Deletes a pod by force, with those it holds. */
async function forced(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `forced-${sidecar}`, wanted);
  const driver = await carry(t, namespace, pod.target);
  const deletedMs = await pod.delete('--force', '--grace-period=0');
  const [goneMs, silentMs] = await Promise.all([pod.gone(), silent(pod)]);
  t.comment(`forgotten after ${seconds(deletedMs, goneMs)}`);
  t.comment(`no port of it answers after ${seconds(deletedMs, silentMs)}`);
  for (const { container, msg, atMs } of pod.log) {
    if (atMs > deletedMs - 500) t.comment(`${container}: ${msg} after ${seconds(deletedMs, atMs)}`);
  }
  t.ok(silentMs - deletedMs < LATE_MS_MAX, 'its containers are gone soon');
  const report = await driver.stop();
  tell(t, report);
  // Two seconds are all that there is, for the app as well: what is under way then is not finished.
  hasEverybodyAGoodbye(t, report, CARRIED);
}

/** In a drain that goes on already: the API server forgets the pod, the kubelet goes on with it. */
async function forcedLater(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: DRAIN_S };
  const pod = await SinglePod.create(t, namespace, `forced-later-${sidecar}`, wanted);
  const streamEnds = await pod.hold(t);
  const deletedMs = await pod.delete();
  await pod.logged('tidegate', 'draining');
  await sleep(UNDER_WAY_MS);
  const forcedMs = await pod.delete('--force', '--grace-period=0');
  const goneMs = await pod.gone();
  const stream = await streamEnds();
  t.comment(`forgotten ${seconds(forcedMs, goneMs)} after the delete by force`);
  t.comment(`its stream: ${stream.how} ${seconds(deletedMs, stream.atMs)} after the first delete`);
  t.equal(stream.how, 'whole');
  t.ok(stream.atMs - forcedMs > FORCED_MS_MIN, 'the drain goes on');
  t.ok(stream.atMs - deletedMs < DRAIN_S * 1_000 + LATE_MS_MAX, 'and ends when it would have');
}

/** When none of a pod's ports takes a connection any more. */
async function silent({ namespace, host }: SinglePod): Promise<number> {
  const script = `
    import { connect } from 'node:net';
    const takes = (port) => new Promise((resolve) => {
      const socket = connect(port, '${host}');
      socket.setTimeout(1_000, () => socket.destroy());
      socket.on('connect', () => { resolve(true); socket.destroy(); });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(false));
    });
    while ((await Promise.all([3_000, 8_080, 9_180].map(takes))).includes(true)) {
      await new Promise((resolve) => setTimeout(resolve, ${POLL_MS}));
    }
    console.log(Date.now());`;
  return Number(await namespace.node('load', 'load', script));
}

/** The app dies while its preStop waits for a stream that never ends. */
async function orphaned(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `orphan-${sidecar}`, wanted);
  const streamEnds = await pod.hold(t);
  const deletedMs = await pod.delete();
  await pod.logged('tidegate', 'draining');
  const diedMs = await dies(pod);
  const goneMs = await pod.gone();
  const [stream, drainedMs] = await Promise.all([streamEnds(), pod.logged('tidegate', 'drained')]);
  const [{ reason, ended, cut }, { exitCode }] = await Promise.all([
    pod.message(),
    pod.end('tidegate'),
  ]);
  t.comment(`the app died ${seconds(deletedMs, diedMs)} after the delete`);
  t.comment(`its stream: ${stream.how}, ${seconds(diedMs, stream.atMs)} after that`);
  t.comment(
    `drained (${ended}) ${seconds(diedMs, drainedMs)}, gone ${seconds(diedMs, goneMs)} after`,
  );
  t.ok(goneMs - diedMs < LATE_MS_MAX, 'the pod is gone soon, and not at the deadline');
  t.same(
    { reason, ended, cut, exitCode },
    { reason: 'preStop', ended: 'app-gone', cut: 0, exitCode: 0 },
  );
  t.equal((await pod.end('app')).exitCode, 1, 'the app has died of itself');
  t.equal(stream.how, 'whole', 'and its client was told in its name');
}

/** Kills the app from within, not by way of tidegate; the time at which it was told. */
async function dies({ namespace, host }: SinglePod): Promise<number> {
  const script = `
    console.log(Date.now());
    await fetch('http://${host}:3000/exit', { method: 'POST' }).catch(() => undefined);`;
  return Number(await namespace.node('load', 'load', script));
}

casesOnCluster('a pod is deleted in an unusual way', [
  ...bothWays('a delete with a short grace ends all within it', short),
  ...bothWays('a drain is not shortened by a second delete', shortenedLater),
  ...bothWays('but by a signal', shortened),
  ...bothWays('a delete by force leaves nothing on the node', forced),
  ...bothWays('a drain goes on after a delete by force', forcedLater),
  ...bothWays('a drain ends when the app dies in it', orphaned),
]);
