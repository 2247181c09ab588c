/**
 * An app that is alone gets the native sidecar by a rollout under load, and loses it by another: the
 * Service finds the port by its name, `http`, in old pods and new. The counter-example is a Service
 * that names numbers: while both kinds of pods are there, either number is wrong for one of them.
 */
import type { Test } from 'tap';
import type { Driver } from '../peers/load/driver.js';
import { type Plan, type Report, REQUEST_LANES } from '../peers/load/contract.js';
import { until } from '../peers/until.js';
import { type Cluster, testOnCluster } from './cluster.js';
import { type Manifest, manifest, type ManifestName } from './manifest.js';
import { Namespace } from './namespace.js';
import { tell } from './telling.js';

const GRACE_S = 20;
/** Until an old pod is gone for sure. */
const GONE_MS_MAX = (GRACE_S + 15) * 1_000;
const UP_MS_MAX = 20_000;
/** What the usual checklist has for an app that is alone: balancers hear of an end before it does. */
const PRE_STOP_SLEEP_S = 10;
const PORT_OF_APP = 3_000;
const PORT_OF_TIDEGATE = 8_080;

/** Kept connections live for 2 to 4 s: none is left when its pod goes. */
const PLAN = {
  getKept: { lanes: 4, pauseMs: 100, requestsMax: 20 },
  postKept: { lanes: 2, pauseMs: 100, requestsMax: 20 },
  getOnce: { lanes: 4, pauseMs: 100 },
  postOnce: { lanes: 2, pauseMs: 100 },
} as const satisfies Plan;

/** Either side of an adoption, with an app that goes as it should. */
function sideOf(cluster: Cluster, name: ManifestName): Manifest {
  const changes = { graceS: GRACE_S, manner: 'closes', replicas: 2 } as const;
  const side = manifest(cluster, name, changes);
  if (name === 'alone') {
    side.app.lifecycle = { preStop: { sleep: { seconds: PRE_STOP_SLEEP_S } } };
  }
  return side;
}

async function underLoad(t: Test, namespace: Namespace, first: Manifest): Promise<Driver> {
  await namespace.apply(first.service, first.deployment);
  const driver = await namespace.load(t);
  await namespace.rolledOut('web');
  await driver.start(await namespace.serves('web'), PLAN);
  const isUnderWay = async (): Promise<boolean> => {
    const { requests } = await driver.report();
    return Object.keys(PLAN).every((lane) => requests[lane as keyof typeof PLAN].ok > 0);
  };
  await until(isUnderWay, 'the load is under way', UP_MS_MAX);
  return driver;
}

/** Applies the other side, Service and all, and waits until the old pods are gone. */
async function turnInto(namespace: Namespace, { service, deployment }: Manifest): Promise<void> {
  const old = await namespace.pods('app=web');
  await namespace.apply(service, deployment);
  await namespace.rolledOut('web');
  for (const { metadata } of old) {
    const isGone = (pod: unknown): boolean => pod === undefined;
    await namespace.podUntil(metadata.name, isGone, `${metadata.name} is gone`, GONE_MS_MAX);
  }
}

function refused({ requests }: Report): number {
  const counts = REQUEST_LANES.map((lane) => requests[lane].failures.refused ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

testOnCluster('by a named port the sidecar comes and goes without an error', async (t, cluster) => {
  const namespace = await Namespace.create(t, cluster);
  const driver = await underLoad(t, namespace, sideOf(cluster, 'alone'));
  await turnInto(namespace, sideOf(cluster, 'native'));
  const adopted = await driver.report();
  t.equal(adopted.failed, 0, 'nothing failed while it came');
  await turnInto(namespace, sideOf(cluster, 'alone'));
  const report = await driver.stop();
  tell(t, report);
  t.equal(report.failed, 0, 'nor while it went');
});

testOnCluster('by a numbered port requests are refused while it comes', async (t, cluster) => {
  const namespace = await Namespace.create(t, cluster);
  const numbered = (name: ManifestName, targetPort: number): Manifest => {
    const side = sideOf(cluster, name);
    for (const port of side.service.spec.ports) port.targetPort = targetPort;
    return side;
  };
  const driver = await underLoad(t, namespace, numbered('alone', PORT_OF_APP));
  await turnInto(namespace, numbered('native', PORT_OF_TIDEGATE));
  const report = await driver.stop();
  tell(t, report);
  t.ok(refused(report) > 0, `${refused(report)} requests were refused`);
});
