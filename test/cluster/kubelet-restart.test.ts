/**
 * The kubelet is restarted in the middle of a drain, as an upgrade of the node does it. It runs the
 * hooks of the pods that are going away once more: the sidecar, told again, keeps its budget, the
 * app's wait is held again, and nobody is let go before the window for goodbyes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { until } from '../peers/until.js';
import { testOnCluster } from './cluster.js';
import { holdApart } from './held.js';
import { deletePod, endOf, servingPod, type ServingPod } from './held-pod.js';

const GRACE_S = 60;
const DOWN_S = 2;
/** Of the budget, for goodbyes. */
const WINDOW_SHARE = 0.25;
const RESTART_MS_MAX = 30_000;
/** After a restart the kubelet counts the grace anew. */
const GONE_MS_MAX = 2 * GRACE_S * 1_000;
/** Between two readings of the same clock; Kubernetes tells moments in whole seconds. */
const SLACK_MS = 100;
const SECOND_MS = 1_000;
/** Longer than any probe has a connection. */
const PROBE_MS = 300;

/** Of the connections to the admin port: the other side's addresses and ports, as /proc has them. */
const LIST_PEERS = `
  import { readFileSync } from 'node:fs';
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\\n').slice(1).map((row) => row.trim().split(/\\s+/)));
  const ours = rows.filter(([, local, , state]) => local.endsWith(':23DC') && state === '01');
  console.log(JSON.stringify(ours.map(([, , peer]) => peer)));
`;

/** Those that stay open: no probe's, so the wait's. Fails while there is no kubelet to ask. */
async function waitsOf({ namespace, name }: ServingPod): Promise<readonly string[]> {
  const list = async (): Promise<readonly string[]> => {
    return JSON.parse(await namespace.node(name, 'app', LIST_PEERS)) as readonly string[];
  };
  const before = await list();
  await sleep(PROBE_MS);
  const after = await list();
  return before.filter((peer) => after.includes(peer));
}

const apart = (one: string, other: string): number => Math.abs(Date.parse(one) - Date.parse(other));

type Drain = NonNullable<Status['drain']>;

async function drainOf({ namespace, name }: ServingPod): Promise<Drain> {
  let status: Status | undefined;
  const isTold = async (): Promise<boolean> => {
    status = await namespace.admin<Status>(name, '/status').catch(() => undefined);
    return status?.terminating === true;
  };
  await until(isTold, () => `${name} is told: ${JSON.stringify(status)}`, RESTART_MS_MAX);
  return (status as Status).drain as Drain;
}

/** Resolves with who waits for this pod, `known` apart. */
async function waitFor(pod: ServingPod, known: readonly string[]): Promise<readonly string[]> {
  let waits: readonly string[] = [];
  const isThere = async (): Promise<boolean> => {
    const open = await waitsOf(pod).catch(() => []);
    waits = open.filter((wait) => !known.includes(wait));
    return waits.length > 0;
  };
  await until(isThere, () => `a wait at ${pod.name}: ${waits.join(' ')}`, RESTART_MS_MAX);
  return waits;
}

interface Case {
  readonly name: 'native' | 'classic';
  readonly pod: ServingPod;
  readonly stream: Awaited<ReturnType<typeof holdApart>>;
}

async function survives(t: Test, { name, pod, stream }: Case, restart: () => Promise<void>) {
  const deletedMs = await deletePod(pod);
  await waitFor(pod, []);
  const first = await drainOf(pod);
  // Who asked for the status has a connection that stays, too.
  const known = await waitsOf(pod);
  await restart();
  const restartedMs = Date.now();
  const waits = await waitFor(pod, known);
  const againMs = Date.now() - restartedMs;
  t.comment(
    `${name}: the hook asks again, ${againMs} ms after the kubelet is back (${waits.length})`,
  );
  const second = await drainOf(pod);
  t.ok(apart(second.start, first.start) <= SLACK_MS, `${name}: the drain is the same`);
  t.ok(apart(second.deadline, first.deadline) <= SLACK_MS, `${name}: and so is its deadline`);
  const { how, atMs } = await stream.ending(GONE_MS_MAX);
  const [startMs, deadlineMs] = [Date.parse(first.start), Date.parse(first.deadline)];
  const windowMs = Math.round(deadlineMs - (deadlineMs - startMs) * WINDOW_SHARE);
  t.ok(
    atMs >= windowMs - SLACK_MS,
    `${name}: held ${atMs - windowMs} ms beyond the window's start`,
  );
  t.equal(how, 'whole', `${name}: and ended whole`);
  await pod.namespace.podUntil(pod.name, (now) => now === undefined, 'it is gone', GONE_MS_MAX);
  const goneMs = Date.now();
  const [app, sidecar] = [await endOf(pod, 'app'), await endOf(pod, 'tidegate')];
  const freedMs = Date.parse(app.finishedAt);
  t.ok(freedMs > atMs - SECOND_MS, `${name}: the app was freed only then`);
  t.match(app, { exitCode: 0 }, `${name}: and stopped by itself`);
  t.match(
    sidecar,
    { exitCode: 0, message: /"ended":"finished".*"farewell":1/ },
    `${name}: the sidecar reported`,
  );
  t.comment(`${name}: the stream ended (${how}) after ${atMs - deletedMs} ms, the pod was gone`);
  t.comment(`${name}: after ${goneMs - deletedMs} ms; deadline after ${deadlineMs - deletedMs} ms`);
}

testOnCluster(
  'a kubelet that restarts in a drain takes nothing away from it',
  async (t, cluster) => {
    const cases = await Promise.all(
      (['native', 'classic'] as const).map(async (name) => {
        const pod = await servingPod(t, cluster, name, { graceS: GRACE_S });
        return { name, pod, stream: await holdApart(pod.namespace, pod.target) };
      }),
    );
    let ready = 0;
    let restarting: Promise<void> | undefined;
    /** Once for all, when all are draining. */
    const restart = async (): Promise<void> => {
      ready++;
      await until(() => ready === cases.length, 'all are draining', RESTART_MS_MAX);
      await (restarting ??= cluster.kit?.restartKubelet(DOWN_S));
    };
    await Promise.all(cases.map((each) => survives(t, each, restart)));
  },
  { kit: true },
);
