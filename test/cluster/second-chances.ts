/**
 * Three pods whose app has no hook and exits at once when it is told to: rolling restarts of them and
 * ends of the app's container alone, under load. With `secondChance` no new request may fail, which
 * is one that was sent when the app was gone already; without it such requests do.
 */
import type { Test } from 'tap';
import { type Plan, type Report, WEB_SOCKET_LANES } from '../peers/load/contract.js';
import { Random } from '../peers/random.js';
import { until } from '../peers/until.js';
import { type Cluster, testOnCluster } from './cluster.js';
import { type Death, watchApps } from './deaths.js';
import { manifest, set } from './manifest.js';
import { containerOf, isReady, Namespace, type Pod } from './namespace.js';
import { causesOf, type Failed, failedOf, tellFailed } from './newcomers.js';
import { GRACE_S, restartOnce } from './rollout.js';
import { tell } from './telling.js';

const UP_MS_MAX = 30_000;
/** The kubelet waits longer before each restart of a container. */
const BACK_MS_MAX = 180_000;
const CASE_MS_MAX = 1_500_000;
const PLAN = {
  getKept: { lanes: 6, pauseMs: 150 },
  postKept: { lanes: 4, pauseMs: 150, chunks: true },
  seldomKept: { lanes: 6, pauseMs: 3_000 },
  getOnce: { lanes: 6, pauseMs: 150 },
  postOnce: { lanes: 4, pauseMs: 150, chunks: true },
  slowKept: { lanes: 1, pauseMs: 100 },
  slowOnce: { lanes: 1, pauseMs: 100 },
  streams: { lanes: 3, everyMs: 500 },
  webSockets: { plain: 6, deflate: 6, everyMs: 500 },
  // What a reset has left behind in a node's memory of connections takes 10 s to answer.
  finishMs: 15_000,
} as const satisfies Plan;
const LANES = ['getKept', 'postKept', 'seldomKept', 'getOnce', 'postOnce'] as const;
const SIGNALS = ['SIGKILL', 'SIGTERM'] as const;
const SIDECARS = ['native', 'classic'] as const;
/** What becomes of a request behind which there is no app: tidegate says so, or is gone as well, or nobody says. */
const CAUSES = [
  'wrong-status-503',
  'refused',
  'ended-before-answer',
  'reset',
  'timeout-connecting',
  'unfinished-at-stop',
];

interface Hookless {
  readonly sidecar: (typeof SIDECARS)[number];
  readonly rounds: number;
  readonly hasSecondChance: boolean;
}

interface Outcome extends Failed {
  readonly report: Report;
  /** As the tidegates of the pods counted them whose app had been killed. */
  readonly secondChances: number;
}

/** The kit's own node is needed: processes are ended there, and seen to be gone. */
const KIT = { kit: true };

/** Of one sidecar's form, `failedMax` new requests may fail: none, but for a machine that is busy. */
export function testWithSecondChance(rounds: number, failedMax: number): void {
  const body = async (t: Test, cluster: Cluster): Promise<void> => {
    await side(t, SIDECARS, async (t, sidecar) => {
      const outcome = await underLoad(t, cluster, { sidecar, rounds, hasSecondChance: true });
      const { length } = outcome.newcomers;
      const failed = `${length} new requests failed: ${JSON.stringify(causesOf(outcome.newcomers))}`;
      t.ok(length <= failedMax, failed);
      t.ok(outcome.secondChances > 0, `${outcome.secondChances} had a second chance`);
      hasReopened(t, outcome.report);
    });
  };
  testOnCluster(`${rounds} times: with second chance new requests are answered`, body, KIT);
}

export function testWithoutSecondChance(): void {
  const body = async (t: Test, cluster: Cluster): Promise<void> => {
    const hookless = { sidecar: 'native', rounds: 1, hasSecondChance: false } as const;
    const { newcomers, secondChances } = await underLoad(t, cluster, hookless);
    t.ok(newcomers.length > 0, `${newcomers.length} new requests failed`);
    const others = Object.keys(causesOf(newcomers)).filter((cause) => !CAUSES.includes(cause));
    t.same(others, [], 'because their app or their pod was gone');
    t.equal(secondChances, 0, 'none had a second chance');
  };
  testOnCluster('without second chance new requests fail', body, KIT);
}

/** The forms of the sidecar side by side. */
async function side(
  t: Test,
  sidecars: readonly Hookless['sidecar'][],
  run: (t: Test, sidecar: Hookless['sidecar']) => Promise<void>,
): Promise<void> {
  t.jobs = sidecars.length;
  const cases = sidecars.map((sidecar) =>
    t.test(sidecar, { buffered: true, timeout: CASE_MS_MAX }, (t) => run(t, sidecar)),
  );
  await Promise.all(cases);
}

/** Sockets that lost their app were opened anew, which new requests are, too. */
function hasReopened(t: Test, { webSockets }: Report): void {
  for (const lane of WEB_SOCKET_LANES) {
    const { opened } = webSockets[lane];
    t.ok(opened > PLAN.webSockets[lane], `${lane}: ${opened} opened`);
  }
}

async function underLoad(t: Test, cluster: Cluster, hookless: Hookless): Promise<Outcome> {
  const namespace = await Namespace.create(t, cluster);
  await applyHookless(namespace, hookless);
  const driver = await namespace.load(t);
  await namespace.rolledOut('web');
  await driver.start(await namespace.serves('web'), PLAN);
  const isUnderWay = async (): Promise<boolean> => {
    const { requests, webSockets } = await driver.report();
    const open = webSockets.plain.open + webSockets.deflate.open;
    return open === 12 && LANES.every((lane) => requests[lane].ok > 0);
  };
  await until(isUnderWay, 'the load is under way', UP_MS_MAX);
  const deaths: Death[] = [];
  let secondChances = 0;
  const random = new Random(Date.now());
  for (let round = 0; round < hookless.rounds; round++) {
    const victims = random.shuffle([...(await namespace.pods('app=web'))]);
    for (const [number, signal] of SIGNALS.entries()) {
      deaths.push(await killApp(t, namespace, victims[number], signal));
      secondChances += await secondChancesOf(namespace, victims[number]);
    }
    deaths.push(...(await restart(t, namespace)));
  }
  const report = await driver.stop();
  tell(t, report);
  const failed = failedOf(report, deaths);
  tellFailed(t, failed, report, deaths);
  return { ...failed, report, secondChances };
}

/** The manifest as it is, but for the app's preStop. */
async function applyHookless(namespace: Namespace, hookless: Hookless): Promise<void> {
  const made = manifest(namespace.cluster, hookless.sidecar, { graceS: GRACE_S, manner: 'exits' });
  const { service, deployment, app, sidecar } = made;
  delete app.lifecycle;
  await namespace.apply(service);
  const target = `${await namespace.clusterIp('web')}:80`;
  if (hookless.hasSecondChance && sidecar !== undefined) {
    set(sidecar, 'TIDEGATE_SECOND_CHANCE', target);
  }
  await namespace.apply(deployment);
}

/** Ends the app of a pod; resolves once another is there, and the pod is ready. */
async function killApp(
  t: Test,
  namespace: Namespace,
  victim: Pod,
  signal: NodeJS.Signals,
): Promise<Death> {
  const { name } = victim.metadata;
  const restarts = containerOf(victim, 'app')?.restartCount ?? 0;
  const watch = await watchApps(t, namespace, [victim]);
  process.kill(watch.pids[0], signal);
  const [death] = await watch.over();
  await namespace.podUntil(
    name,
    (pod) => (containerOf(pod, 'app')?.restartCount ?? 0) > restarts && isReady(pod),
    `${name} is ready again`,
    BACK_MS_MAX,
  );
  const answers = async (): Promise<boolean> => {
    const ready = await namespace.adminText(name, '/readyz').catch(() => '');
    return ready !== '';
  };
  await until(answers, `the app of ${name} answers`, UP_MS_MAX);
  return death;
}

async function restart(t: Test, namespace: Namespace): Promise<readonly Death[]> {
  const watch = await watchApps(t, namespace, await namespace.pods('app=web'));
  await restartOnce(namespace);
  return watch.over();
}

async function secondChancesOf(namespace: Namespace, { metadata }: Pod): Promise<number> {
  const metrics = await namespace.adminText(metadata.name, '/metrics');
  const [, count = '0'] =
    /^tidegate_late_requests_total\{answer="second_chance"\} (\d+)$/m.exec(metrics) ?? [];
  return Number(count);
}
