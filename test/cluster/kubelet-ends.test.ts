/**
 * The usual end of a pod, seen in its last status: what tidegate has left there, by which code its
 * containers ended and in which order, also when tidegate is not the only native sidecar.
 */
import type { Test } from 'tap';
import { bothWays, casesOnCluster, type Sidecar } from './cases.js';
import { type Container, type Manifest, NODE } from './manifest.js';
import type { Namespace } from './namespace.js';
import { seconds, SinglePod } from './single.js';

/** Of it tidegate may use 22 s: a sixth is the app's, a tenth reserve; the last quarter for goodbyes. */
const GRACE_S = 30;
const HELD_S_MIN = 16;
/** Less than that, and more than anything takes that does not wait for it. */
const WORK_MS = 13_000;
/** What a busy node may add to what it was told. */
const LATE_MS_MAX = 20_000;
const SECOND = 'second';

/** What is held ends by itself. */
async function finished(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `finishes-${sidecar}`, wanted);
  const work = pod.ask('GET', `/slow?ms=${WORK_MS}`);
  await pod.isAsked();
  const deletedMs = await pod.delete();
  const [{ status, fromMs, atMs }, goneMs] = [await work, await pod.gone()];
  const stoppedMs = await pod.appStopped();
  const { startedAt, tookSeconds, ...message } = await pod.message();
  t.comment(
    `answered after ${seconds(deletedMs, atMs)}, then SIGTERM of the app: ${seconds(deletedMs, stoppedMs)}`,
  );
  t.comment(
    `gone after ${seconds(deletedMs, goneMs)}, the drain took ${tookSeconds} s, from ${seconds(deletedMs, Date.parse(startedAt))} on`,
  );
  t.equal(status, 200, 'a request is answered');
  t.ok(stoppedMs >= fromMs + WORK_MS, 'the app is not stopped before that');
  t.ok(goneMs - atMs < LATE_MS_MAX, 'the pod is gone soon after that');
  t.same(message, {
    drained: true,
    reason: 'preStop',
    ended: 'finished',
    activeAtStart: 1,
    activeAtEnd: 0,
    leasesAtEnd: 0,
    finished: 1,
    farewell: 0,
    cut: 0,
  });
  await endedWell(t, pod);
}

/** What is held never ends by itself. */
async function takesLeave(t: Test, namespace: Namespace, sidecar: Sidecar): Promise<void> {
  const wanted = { manifest: sidecar, graceS: GRACE_S };
  const pod = await SinglePod.create(t, namespace, `leaves-${sidecar}`, wanted);
  const streamEnds = await pod.hold(t);
  const deletedMs = await pod.delete();
  const [stream, goneMs] = await Promise.all([streamEnds(), pod.gone()]);
  const stoppedMs = await pod.appStopped();
  const drainedMs = await pod.logged('tidegate', 'drained');
  const { startedAt, tookSeconds, ...message } = await pod.message();
  const held = (stream.atMs - deletedMs) / 1_000;
  t.comment(`its stream: ${stream.how} after ${held.toFixed(1)} s`);
  t.comment(`SIGTERM of the app after ${seconds(deletedMs, stoppedMs)}`);
  t.comment(
    `gone after ${seconds(deletedMs, goneMs)}, the drain took ${tookSeconds} s, from ${seconds(deletedMs, Date.parse(startedAt))} on`,
  );
  t.ok(held > HELD_S_MIN, 'a stream is held until the time of farewells');
  t.equal(stream.how, 'whole', 'and is ended whole then');
  t.ok(drainedMs - deletedMs < GRACE_S * 1_000, 'and ends before the grace does');
  // Both by the node's clock; the line is written with the answer to the hook.
  t.ok(stoppedMs >= drainedMs - 100, 'the app is not stopped before that');
  t.ok(goneMs - deletedMs < GRACE_S * 1_000 + LATE_MS_MAX, 'the pod is gone in time');
  t.same(message, {
    drained: true,
    reason: 'preStop',
    ended: 'finished',
    activeAtStart: 1,
    activeAtEnd: 0,
    leasesAtEnd: 0,
    finished: 0,
    farewell: 1,
    cut: 0,
  });
  await endedWell(t, pod);
}

async function endedWell(t: Test, pod: SinglePod): Promise<void> {
  const [app, tidegate] = await Promise.all([pod.end('app'), pod.end('tidegate')]);
  t.same([app.exitCode, tidegate.exitCode], [0, 0], 'both exit with 0');
}

/** A program beside tidegate that says when it was asked to stop, and stops. */
const WITNESS = `
  import { writeFileSync } from 'node:fs';
  setInterval(() => undefined, 1e9);
  process.on('SIGTERM', () => {
    writeFileSync('/dev/termination-log', String(Date.now()));
    process.exit(0);
  });`;

/** Beside tidegate there is another native sidecar, in the list before or after it. */
function accompanied(place: 'before' | 'after') {
  return async (t: Test, namespace: Namespace): Promise<void> => {
    const adapt = (manifest: Manifest): void => addWitness(manifest, place);
    const wanted = { manifest: 'native', graceS: GRACE_S, adapt } as const;
    const pod = await SinglePod.create(t, namespace, `second-${place}`, wanted);
    const work = pod.ask('GET', `/slow?ms=${WORK_MS}`);
    await pod.isAsked();
    const deletedMs = await pod.delete();
    const [{ status, fromMs, atMs }, goneMs] = [await work, await pod.gone()];
    const [stoppedMs, witness] = await Promise.all([pod.appStopped(), pod.end(SECOND)]);
    const witnessedMs = Number(witness.message);
    t.comment(
      `answered after ${seconds(deletedMs, atMs)}, gone after ${seconds(deletedMs, goneMs)}`,
    );
    t.comment(`SIGTERM of the app after ${seconds(deletedMs, stoppedMs)}`);
    t.comment(`SIGTERM of the second sidecar after ${seconds(deletedMs, witnessedMs)}`);
    t.equal(status, 200, 'a request is answered');
    t.ok(stoppedMs >= fromMs + WORK_MS, 'the app is stopped after that');
    t.ok(witnessedMs >= stoppedMs, 'and the second sidecar after the app');
    t.equal(witness.exitCode, 0, 'it ends well');
    t.match(await pod.message(), { ended: 'finished', finished: 1, cut: 0 });
    await endedWell(t, pod);
  };
}

function addWitness({ pod, sidecar }: Manifest, place: 'before' | 'after'): void {
  if (sidecar === undefined) throw new Error('there is no sidecar to accompany');
  const { image, securityContext } = sidecar;
  const witness: Container = {
    name: SECOND,
    image,
    restartPolicy: 'Always',
    command: [NODE, '--input-type=module', '-e', WITNESS],
    ...(securityContext === undefined ? {} : { securityContext }),
  };
  pod.initContainers = place === 'before' ? [witness, sidecar] : [sidecar, witness];
}

casesOnCluster('a pod is deleted', [
  ...bothWays('what is held finishes, and is told of', finished),
  ...bothWays('what never ends is said goodbye to, and is told of', takesLeave),
  { title: 'a second sidecar before tidegate outlasts the app', run: accompanied('before') },
  { title: 'a second sidecar after tidegate outlasts the app', run: accompanied('after') },
]);
