/**
 * The example as a release under load: what `helm upgrade` and `helm rollback` replace loses nothing,
 * and nobody who is held loses anything when the release is taken away, Service and all.
 */
import type { Test } from 'tap';
import type { Failure, Plan, Report } from '../peers/load/contract.js';
import { until } from '../peers/until.js';
import { type Example, exampleRelease, exampleValues, PODS } from './example.js';
import { hasEverybodyAGoodbye, type Held, isEveryEndClean, isNothingLost } from './goodbyes.js';
import { Namespace } from './namespace.js';
import { type Release, testWithHelm } from './release.js';
import { failedRequests, loadOfAllKinds, replaced, SOCKETS, STREAMS } from './rollout.js';
import { tell } from './telling.js';

const GONE_MS_MAX = 120_000;
const UP_MS_MAX = 30_000;
/** What is under way when the release is taken away; who has had an end does not come again. */
const LEFT_PLAN = {
  getKept: { lanes: 4, pauseMs: 100 },
  slowKept: { lanes: 4, pauseMs: 100 },
  streams: { lanes: 10, everyMs: 500 },
  webSockets: { plain: 20, deflate: 20, everyMs: 1_000 },
  reopens: false,
  timeoutMs: 10_000,
} as const satisfies Plan;
const LEFT = {
  webSockets: LEFT_PLAN.webSockets.plain + LEFT_PLAN.webSockets.deflate,
  streams: LEFT_PLAN.streams.lanes,
};
/** Clients that take so long for an echo may take longer than they have for a Close. */
const BUSY_ECHO_MS_MIN = 2_500;
/** How a request fails for which there is no Service any more: nobody has had a byte of it. */
const UNREACHED: readonly Failure[] = ['refused', 'no-route', 'timeout-connecting'];

export interface Upgrades extends Pick<Example, 'replicas' | 'graceS' | 'manner'> {
  readonly helm: 3 | 4;
  readonly upgrades: number;
}

/** Installs the example, upgrades it again and again, and rolls all of that back, under load. */
export function testUpgrades(plan: Upgrades): void {
  const { helm: major, upgrades } = plan;
  const title = `helm ${major}: ${upgrades === 1 ? 'an upgrade' : `${upgrades} upgrades`} and a rollback lose nothing`;
  testWithHelm(title, async (t, cluster, helm) => {
    const namespace = await Namespace.create(t, cluster);
    const release = exampleRelease(t, namespace, helm[major]);
    const values = (revision: number): Record<string, unknown> =>
      exampleValues(cluster, { ...plan, revision: String(revision) });
    t.match(
      await release.install(values(1)),
      /web: \d pods of the chat/,
      'it is installed and ready',
    );
    const driver = await loadOfAllKinds(t, namespace);
    for (let revision = 2; revision <= upgrades + 1; revision++) {
      await replaced(namespace, PODS, () => release.upgrade(values(revision)));
    }
    await replaced(namespace, PODS, () => release.rollback(1));
    const report = await driver.stop();
    tell(t, report);
    const times = upgrades + 1;
    hasNobodyLost(t, report, { webSockets: times * SOCKETS, streams: times * STREAMS });
    await isLeftInPeace(t, release);
  });
}

/** No request failed, and whoever was held had a goodbye; took it, too, but where the machine is too busy. */
function hasNobodyLost(t: Test, report: Report, held: Held): void {
  const { plain, deflate } = report.webSockets;
  const slowestMs = Math.max(plain.slowestEchoMs, deflate.slowestEchoMs);
  if (slowestMs < BUSY_ECHO_MS_MIN) {
    isNothingLost(t, report);
    isEveryEndClean(t, report, held);
    return;
  }
  t.comment(
    `an echo took ${slowestMs.toFixed(0)} ms: clients may be too late, or give up by themselves`,
  );
  t.equal(failedRequests(report), 0, 'no request failed');
  hasEverybodyAGoodbye(t, report, { ...held, webSockets: 0 });
}

/**
 * Uninstalls it under load. The Service is gone first, so nobody new gets through, which nothing in a pod
 * can help; whoever is connected stays so, and has a goodbye.
 */
async function isLeftInPeace(t: Test, release: Release): Promise<void> {
  const { namespace } = release;
  const driver = await namespace.load(t);
  await driver.start(await namespace.serves('web'), LEFT_PLAN);
  const areHeld = async (): Promise<boolean> => {
    const { requests, streams, webSockets } = await driver.report();
    const open = webSockets.plain.open + webSockets.deflate.open;
    return requests.slowKept.ok > 0 && streams.open === LEFT.streams && open === LEFT.webSockets;
  };
  await until(areHeld, 'all are open', UP_MS_MAX);
  await release.uninstall();
  await namespace.allGone(PODS, GONE_MS_MAX);
  const report = await driver.stop();
  tell(t, report);
  hasEverybodyAGoodbye(t, report, LEFT);
  t.same(
    causesOf(report).filter((cause) => !UNREACHED.includes(cause)),
    [],
    'no request is cut',
  );
}

function causesOf({ requests }: Report): readonly Failure[] {
  return Object.values(requests).flatMap(({ failures }) => Object.keys(failures) as Failure[]);
}

/** How Helm is told to take a failed upgrade back. */
const TAKE_BACK = { 3: '--atomic', 4: '--rollback-on-failure' } as const;
const FAILS_AFTER_S = 20;

/** An upgrade whose pods never become ready: it is taken back, and nobody notices. */
export function testFailedUpgrade(plan: Omit<Upgrades, 'upgrades'>): void {
  const title = `helm ${plan.helm}: nobody notices an upgrade that fails and is taken back`;
  testWithHelm(title, async (t, cluster, helm) => {
    const namespace = await Namespace.create(t, cluster);
    const release = exampleRelease(t, namespace, helm[plan.helm]);
    await release.install(exampleValues(cluster, plan));
    const driver = await loadOfAllKinds(t, namespace);
    const values = exampleValues(cluster, { ...plan, revision: '2' });
    const app = { ...(values['app'] as object), image: 'localhost/nowhere:0' };
    const flags = [TAKE_BACK[plan.helm], '--timeout', `${FAILS_AFTER_S}s`];
    await t.rejects(release.upgrade({ ...values, app }, flags));
    const isAsBefore = async (): Promise<boolean> =>
      (await namespace.pods(PODS)).length === plan.replicas;
    await until(isAsBefore, 'the pod that never was ready is gone', GONE_MS_MAX);
    const report = await driver.stop();
    tell(t, report);
    t.equal(failedRequests(report), 0, 'no request failed');
    const { plain, deflate } = report.webSockets;
    t.same([plain.closes, deflate.closes], [{}, {}], 'no WebSocket was closed');
    const { cutByFin, cutByReset, endedWhole } = report.streams;
    t.same([cutByFin, cutByReset, endedWhole], [0, 0, 0], 'and no event stream ended');
  });
}
