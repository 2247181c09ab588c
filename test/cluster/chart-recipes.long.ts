/**
 * A Job with tidegate by the library completes within 2 s of one without. A StatefulSet and a
 * DaemonSet are rolled out under load as a Deployment is: no request fails, everybody who lasts has the
 * goodbye of its protocol. A StatefulSet replaces one pod after the other, each behind the drain of the
 * one before.
 */
import type { Test } from 'tap';
import { type Report, ROLLOUT_PLAN } from '../peers/load/contract.js';
import { until } from '../peers/until.js';
import type { Cluster } from './cluster.js';
import { isEveryEndClean, isNothingLost } from './goodbyes.js';
import { completeBeside } from './jobs.js';
import { Namespace } from './namespace.js';
import { cook, type Recipe } from './recipes.js';
import { testWithHelm } from './release.js';
import { GRACE_S, SOCKETS, STREAMS } from './rollout.js';
import { seconds } from './single.js';
import { tell } from './telling.js';

const UP_MS_MAX = 30_000;
/** For all pods, one after the other. */
const ROLLED_OUT_S_MAX = 400;
const RELEASE = 'web';
const JOB_LATER_MS_MAX = 2_000;
/** The kubelet looks at containers once a second, and not at all of them in the same moment. */
const ROUNDS_MAX = 3;

const areAllHeld = ({ requests, streams, webSockets: { plain, deflate } }: Report): boolean =>
  Object.values(requests).every(({ ok }) => ok > 0) &&
  streams.open === STREAMS &&
  plain.open + deflate.open === SOCKETS;

async function isRolledOut(t: Test, cluster: Cluster, helm: string, recipe: Recipe): Promise<void> {
  const namespace = await Namespace.create(t, cluster);
  await namespace.apply(...(await cook(t, cluster, helm, recipe)));
  const workload = `${recipe.kind.toLowerCase()}/${RELEASE}`;
  const status = ['rollout', 'status', workload, `--timeout=${ROLLED_OUT_S_MAX}s`];
  const rolledOut = (): Promise<string> =>
    namespace.kubectl(status, undefined, (ROLLED_OUT_S_MAX + 10) * 1_000);
  const driver = await namespace.load(t);
  await rolledOut();
  await driver.start(await namespace.serves(RELEASE), ROLLOUT_PLAN);
  const isUnderWay = async (): Promise<boolean> => areAllHeld(await driver.report());
  await until(isUnderWay, 'the load is under way', UP_MS_MAX);
  const old = await namespace.pods(`app=${RELEASE}`);
  const [fromMs] = [Date.now(), await namespace.kubectl(['rollout', 'restart', workload])];
  await rolledOut();
  for (const { metadata } of old) {
    const isOver = (pod: { metadata: { uid: string } } | undefined): boolean =>
      pod?.metadata.uid !== metadata.uid;
    await namespace.podUntil(metadata.name, isOver, `the old ${metadata.name} is gone`);
  }
  t.comment(`${old.length} pods were replaced in ${seconds(fromMs, Date.now())}`);
  const report = await driver.stop();
  tell(t, report);
  isNothingLost(t, report);
  isEveryEndClean(t, report, { webSockets: SOCKETS, streams: STREAMS });
}

function testRecipe(title: string, kind: 'StatefulSet' | 'DaemonSet', replicas: number): void {
  const variables = { MANNER: 'exits' };
  const tidegate = { gracePeriod: GRACE_S };
  const recipe = { kind, release: RELEASE, replicas, program: 'app.mjs', variables, tidegate };
  testWithHelm(title, (t, cluster, helm) => isRolledOut(t, cluster, helm[3], recipe));
}

testRecipe('a StatefulSet of three is rolled out without an error', 'StatefulSet', 3);
testRecipe('a DaemonSet that surges is rolled out without an error', 'DaemonSet', 1);

testWithHelm(
  'a Job with tidegate completes within 2 s of one without',
  async (t, cluster, helm) => {
    let laterMs = Infinity;
    for (let round = 0; round < ROUNDS_MAX && laterMs > JOB_LATER_MS_MAX; round++) {
      const { sidecarMs, completeMs } = await completeBeside(t, cluster, helm[3]);
      laterMs = Math.min(laterMs, Math.max(sidecarMs, completeMs));
    }
    t.ok(laterMs <= JOB_LATER_MS_MAX, `${laterMs} ms later`);
  },
);
