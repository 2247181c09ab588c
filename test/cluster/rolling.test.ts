/**
 * Rolling restarts of three pods under load. First without tidegate, as the counter-example: an app
 * that exits on SIGTERM, and one that follows the usual checklist. Then with it, native and classic,
 * with apps of both manners: no request fails, and none waits without a cause.
 */
import type { Test } from 'tap';
import { type Plan, type Report, ROLLOUT_PLAN } from '../peers/load/contract.js';
import { until } from '../peers/until.js';
import { type Cluster, testOnCluster } from './cluster.js';
import { type Changes, type Manifest, type ManifestName, manifest } from './manifest.js';
import { Namespace } from './namespace.js';
import { tell } from './telling.js';

const RESTARTS = 3;
const GRACE_S = 30;
/** Until an old pod is gone for sure. */
const GONE_MS_MAX = (GRACE_S + 15) * 1_000;
const UP_MS_MAX = 20_000;

interface Rollout extends Changes {
  readonly manifest: ManifestName;
  /** What the usual checklist adds to a pod. */
  readonly preStopSleepS?: number;
}

/** Restarts the Deployment again and again while the load goes on; what the load saw of it. */
async function restartedUnderLoad(t: Test, cluster: Cluster, rollout: Rollout): Promise<Report> {
  const namespace = await Namespace.create(t, cluster);
  const { service, deployment, ...rest } = manifest(cluster, rollout.manifest, {
    graceS: GRACE_S,
    ...rollout,
  });
  if (rollout.preStopSleepS !== undefined) sleepBeforeStop(rest, rollout.preStopSleepS);
  await namespace.apply(service, deployment);
  const driver = await namespace.load(t);
  await namespace.rolledOut('web');
  await driver.start(await namespace.serves('web'), ROLLOUT_PLAN);
  await until(async () => isUnderWay(await driver.report()), 'the load is under way', UP_MS_MAX);
  for (let restart = 0; restart < RESTARTS; restart++) {
    const old = await namespace.pods('app=web');
    await namespace.restart('web');
    for (const { metadata } of old) {
      const isGone = (pod: unknown): boolean => pod === undefined;
      await namespace.podUntil(metadata.name, isGone, `${metadata.name} is gone`, GONE_MS_MAX);
    }
  }
  const report = await driver.stop();
  tell(t, report);
  return report;
}

function sleepBeforeStop({ app }: Pick<Manifest, 'app'>, seconds: number): void {
  app.lifecycle = { preStop: { sleep: { seconds } } };
}

function isUnderWay({ streams, webSockets, requests }: Report): boolean {
  const { plain, deflate }: Plan['webSockets'] & object = ROLLOUT_PLAN.webSockets;
  return (
    streams.open === ROLLOUT_PLAN.streams.lanes &&
    webSockets.plain.open + webSockets.deflate.open === plain + deflate &&
    Object.values(requests).every(({ ok }) => ok > 0)
  );
}

/** Of all lanes that ask and are answered. */
function failedRequests({ requests }: Report): number {
  const counts = Object.values(requests).flatMap(({ failures }) => Object.values(failures));
  return counts.reduce((sum, count) => sum + count, 0);
}

function closesOf({ webSockets: { plain, deflate } }: Report, code: number): number {
  return (plain.closes[code] ?? 0) + (deflate.closes[code] ?? 0);
}

const SOCKETS = ROLLOUT_PLAN.webSockets.plain + ROLLOUT_PLAN.webSockets.deflate;
const STREAMS = ROLLOUT_PLAN.streams.lanes;

testOnCluster('without tidegate, an app that exits on SIGTERM loses all it holds', async (t, c) => {
  const report = await restartedUnderLoad(t, c, { manifest: 'alone', manner: 'exits' });
  const { streams } = report;
  t.ok(failedRequests(report) > 0, `${failedRequests(report)} requests failed`);
  t.ok(closesOf(report, 1006) >= RESTARTS * SOCKETS, 'every WebSocket was lost, each time');
  t.ok(streams.cutByFin + streams.cutByReset >= RESTARTS * STREAMS, 'and every event stream');
});

testOnCluster('without tidegate, the usual checklist saves requests and no more', async (t, c) => {
  const checklist = { manifest: 'alone', manner: 'closes', preStopSleepS: 10 } as const;
  const report = await restartedUnderLoad(t, c, checklist);
  const { streams } = report;
  t.ok(closesOf(report, 1006) >= RESTARTS * SOCKETS, 'every WebSocket was lost, each time');
  t.ok(streams.cutByFin + streams.cutByReset >= RESTARTS * STREAMS, 'and every event stream');
});

for (const name of ['native', 'classic'] as const) {
  for (const manner of ['exits', 'closes'] as const) {
    testOnCluster(`with tidegate ${name}, an app that ${manner} loses no request`, async (t, c) => {
      const report = await restartedUnderLoad(t, c, { manifest: name, manner });
      t.equal(failedRequests(report), 0, 'no request failed');
      t.equal(report.longAnswers, 0, 'none waited without a cause');
    });
  }
}
