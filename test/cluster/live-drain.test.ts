/**
 * Pods that live on are drained and recalled from outside, by the command line through the API
 * server and by an annotation; and what such a pod says of itself is seen there, each reason of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { SafeToDelete, Status } from '../../src/admin/contract.js';
import { type Plan, WEB_SOCKET_LANES } from '../peers/load/contract.js';
import { until } from '../peers/until.js';
import { casesOnCluster } from './cases.js';
import { isNothingLost } from './goodbyes.js';
import { hold } from './held.js';
import { manifest, mountPodInfo, NODE } from './manifest.js';
import { isReady, type Namespace } from './namespace.js';
import {
  accountWith,
  drain,
  endpointTurns,
  isEndpoint,
  statusOf,
  statusUntil,
  tidegate,
  TOKEN,
} from './outside.js';
import { seconds, SinglePod } from './single.js';
import { tell } from './telling.js';

const GRACE_S = 60;
const UP_MS_MAX = 30_000;
/** The kubelet writes such files anew when it next looks at the pod, once a minute or so. */
const REFRESHED_MS_MAX = 200_000;
const SETTINGS = { TIDEGATE_ADMIN_TOKEN: TOKEN };
const QUICK = {
  TIDEGATE_SETTLE_MIN: '3s',
  TIDEGATE_SETTLE_QUIET: '1s',
  TIDEGATE_CLOSE_WINDOW: '5s',
  // What is to be seen must last for longer than a busy machine takes to look.
  TIDEGATE_QUIET_FOR: '10s',
};
const PLAN = {
  getKept: { lanes: 4, pauseMs: 150 },
  postKept: { lanes: 2, pauseMs: 150, chunks: true },
  seldomKept: { lanes: 4, pauseMs: 3_000 },
  getOnce: { lanes: 4, pauseMs: 150 },
  postOnce: { lanes: 2, pauseMs: 150, chunks: true },
  streams: { lanes: 4, everyMs: 500 },
  webSockets: { plain: 4, deflate: 4, everyMs: 1_000 },
} as const satisfies Plan;
const LANES = ['getKept', 'postKept', 'seldomKept', 'getOnce', 'postOnce'] as const;
const OPEN = PLAN.streams.lanes + PLAN.webSockets.plain + PLAN.webSockets.deflate;
/** A drain that is recalled must not have come to its close window. */
const KEPT_MS_MAX = 15_000;
const LOOK_MS = 500;

/** Drained and recalled twice: once with its readiness and once without. */
async function underLoad(t: Test, namespace: Namespace): Promise<void> {
  const changes = { graceS: GRACE_S, replicas: 2, settings: { ...SETTINGS, ...QUICK } };
  const { service, deployment } = manifest(namespace.cluster, 'native', changes);
  await namespace.apply(service, deployment);
  const driver = await namespace.load(t, 'load-web');
  await namespace.rolledOut('web');
  await driver.start(await namespace.serves('web'), PLAN);
  const isUnderWay = async (): Promise<boolean> => {
    const { requests, streams, webSockets } = await driver.report();
    const open = streams.open + webSockets.plain.open + webSockets.deflate.open;
    return open === OPEN && LANES.every((lane) => requests[lane].ok > 0);
  };
  await until(isUnderWay, 'the load is under way', UP_MS_MAX);
  const [{ metadata }] = await namespace.pods('app=web');
  const pod = metadata.name;
  const leftAfterMs = await leavesAndComesBack(t, namespace, pod);
  await staysWhileItDrains(t, namespace, pod, Math.min(2 * leftAfterMs, KEPT_MS_MAX));
  const report = await driver.stop();
  tell(t, report);
  isNothingLost(t, report);
  for (const lane of WEB_SOCKET_LANES) {
    const others = Object.keys(report.webSockets[lane].closes).filter((code) => code !== '1001');
    t.same(others, [], `${lane}: whoever was closed was so with 1001`);
  }
  const { cutByFin, cutByReset } = report.streams;
  t.equal(cutByFin + cutByReset, 0, 'every stream that ended did so whole');
}

/** How long it took until no balancer knew the pod any more. */
async function leavesAndComesBack(t: Test, namespace: Namespace, pod: string): Promise<number> {
  const drained = await drain(namespace, pod);
  t.same([drained.phase, drained.terminating], ['settling', false], 'it drains');
  const outMs = await endpointTurns(namespace, pod, false);
  await statusUntil(namespace, pod, ({ phase }) => phase === 'drained', 'is drained');
  await statusUntil(namespace, pod, ({ verdict: { safe } }) => safe, 'is safe to delete');
  t.equal(await isEndpoint(namespace, 'web', pod), false, 'nobody is sent there meanwhile');
  const { phase, arrivals } = await drain(namespace, pod, '--recall');
  t.equal(phase, 'serving', 'recalled, it serves');
  const backMs = await endpointTurns(namespace, pod, true);
  await statusUntil(namespace, pod, (status) => status.arrivals > arrivals, 'has clients again');
  t.comment(`no endpoint after ${seconds(0, outMs)}, one again after ${seconds(0, backMs)}`);
  return outMs;
}

async function staysWhileItDrains(
  t: Test,
  namespace: Namespace,
  pod: string,
  forMs: number,
): Promise<void> {
  await drain(namespace, pod, '--readiness', 'keep');
  let looked = 0;
  for (const endMs = performance.now() + forMs; performance.now() < endMs; looked++) {
    if (!(await isEndpoint(namespace, 'web', pod))) t.fail(`${pod} is no endpoint any more`);
    await sleep(LOOK_MS);
  }
  const { phase: reached } = await statusOf(namespace, pod);
  t.not(reached, 'serving', `with its readiness kept it was an endpoint, ${looked} times`);
  const { phase } = await drain(namespace, pod, '--recall');
  t.equal(phase, 'serving', 'recalled, it serves');
}

/** `kubectl annotate`, and nothing else. */
async function byAnnotation(t: Test, namespace: Namespace): Promise<void> {
  const pod = await SinglePod.create(t, namespace, 'annotated', {
    manifest: 'native',
    graceS: GRACE_S,
    settings: QUICK,
    adapt: mountPodInfo,
  });
  const annotate = (value: string): Promise<string> =>
    namespace.kubectl(['annotate', 'pod', pod.name, value]);
  const turns = async (value: string, isDraining: boolean): Promise<void> => {
    const fromMs = Date.now();
    await annotate(value);
    await statusUntil(
      namespace,
      pod.name,
      ({ phase }) => (phase !== 'serving') === isDraining,
      `${value} is heeded`,
      REFRESHED_MS_MAX,
    );
    t.comment(`${value} was heeded ${seconds(fromMs, Date.now())} later`);
  };
  await turns('tidegate.dev/drain=true', true);
  await pod.until((state) => !isReady(state), 'annotated, it is not ready');
  await statusUntil(namespace, pod.name, ({ verdict: { safe } }) => safe, 'is safe to delete');
  await turns('tidegate.dev/drain-', false);
  await pod.until(isReady, 'it is ready again');
  t.equal((await pod.ask('GET', '/quick')).status, 200, 'and serves');
}

/** One after the other, as `tidegate status` and the pod's own answer tell them. */
async function reasons(t: Test, namespace: Namespace): Promise<void> {
  const settings = { ...SETTINGS, ...QUICK };
  const wanted = { manifest: 'native', graceS: GRACE_S, settings } as const;
  await isStarting(t, namespace);
  const pod = await SinglePod.create(t, namespace, 'reasons', wanted);
  const becomes = async (reason: string | undefined): Promise<void> => {
    const words = reason === undefined ? 'it is safe to delete' : `it is not: ${reason}`;
    const isSo = ({ verdict: { safe, ...told } }: Status): boolean =>
      safe === (reason === undefined) && told.reason === reason;
    await statusUntil(namespace, pod.name, isSo, words);
    t.pass(words);
  };
  const held = await hold(t, namespace, [pod.target]);
  await becomes('active');
  held.leave();
  await becomes('not-quiet');
  await becomes(undefined);
  const verdict = await namespace.admin<SafeToDelete>(pod.name, '/safe-to-delete');
  t.match(verdict, { safe: true, phase: 'serving', active: 0, leases: 0 }, 'and says so');
  const id = await takeLease(pod);
  await becomes('leases');
  await callLeases(pod, 'DELETE', `/${id}`);
  await becomes(undefined);
  const { verdict: settling } = await drain(namespace, pod.name);
  t.same([settling.safe, settling.reason], [false, 'settling'], 'while it settles it is not');
  await becomes(undefined);
}

/** Its app takes no connections yet. */
async function isStarting(t: Test, namespace: Namespace): Promise<void> {
  const { app, pod } = manifest(namespace.cluster, 'native', { graceS: GRACE_S });
  app.command = [NODE, '-e', 'setInterval(() => undefined, 1e9)'];
  await namespace.apply({ kind: 'Pod', metadata: { name: 'starting' }, spec: pod });
  const isUp = async (): Promise<boolean> =>
    statusOf(namespace, 'starting').then(
      () => true,
      () => false,
    );
  await until(isUp, 'the tidegate of a pod that is starting answers', UP_MS_MAX);
  const { verdict } = await statusOf(namespace, 'starting');
  t.same([verdict.safe, verdict.reason], [false, 'starting'], 'before its app is there it is not');
}

async function takeLease(pod: SinglePod): Promise<string> {
  const { id } = JSON.parse(await callLeases(pod, 'POST', '', { name: 'a job', ttl: 60 })) as {
    readonly id: string;
  };
  return id;
}

/** As the app does it, from its own container. */
function callLeases(pod: SinglePod, method: string, path: string, body?: object): Promise<string> {
  const json = body === undefined ? 'undefined' : `'${JSON.stringify(body)}'`;
  const script = `
    const headers = { 'content-type': 'application/json' };
    const how = { method: '${method}', headers, body: ${json} };
    const answer = await fetch('http://127.0.0.1:9180/leases${path}', how);
    console.log(await answer.text());`;
  return pod.namespace.node(pod.name, 'app', script);
}

/** A service account is told what it may not, and what it takes. */
async function rights(t: Test, namespace: Namespace): Promise<void> {
  const settings = { ...SETTINGS, ...QUICK };
  const wanted = { manifest: 'native', graceS: GRACE_S, settings } as const;
  const pod = await SinglePod.create(t, namespace, 'guarded', wanted);
  const may = await accountWith(t, namespace, 'may', ['get', 'create', 'delete']);
  const mayNot = await accountWith(t, namespace, 'may-not', []);
  const variables = { TIDEGATE_ADMIN_TOKEN: TOKEN };
  const by = (kubeconfig: string, ...args: string[]): ReturnType<typeof tidegate> =>
    tidegate(namespace, [...args, '--pod', pod.name, '--kubeconfig', kubeconfig], variables);
  const asked = await by(may, 'drain', '--force', '-o', 'json');
  t.equal(asked.code, 0, `pods/proxy is enough to drain: ${asked.stderr}`);
  const recalled = await by(may, 'drain', '--recall', '-o', 'json');
  t.match(JSON.parse(recalled.stdout), { phase: 'serving' }, 'and to recall');
  for (const [command, verb] of Object.entries({ status: 'get', 'drain --force': 'create' })) {
    const { code, stderr } = await by(mayNot, ...command.split(' '));
    t.equal(code, 1, `without it ${command} is refused`);
    t.match(stderr, `${namespace.name}:may-not do that: it takes the verb ${verb} on pods/proxy`);
  }
  const noToken = await tidegate(namespace, ['drain', '--pod', `${namespace.name}/${pod.name}`]);
  t.equal(noToken.code, 1, 'and nobody drains without the token');
  t.match(noToken.stderr, /token/);
}

casesOnCluster('live pods, drained from outside', [
  { title: 'under load a pod leaves the endpoints and comes back', run: underLoad },
  { title: 'an annotation drains a pod, and its removal recalls that', run: byAnnotation },
  { title: 'each reason of a verdict is seen', run: reasons },
  { title: 'it takes the rights to pods/proxy, and the token', run: rights },
]);
