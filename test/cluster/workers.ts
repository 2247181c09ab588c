/**
 * A worker of a queue whose jobs no connection shows: in a rolling restart each finishes the job that
 * it is at, because it holds a lease, and its pod waits for that and no longer.
 */
import type { Test } from 'tap';
import { until } from '../peers/until.js';
import type { Sidecar } from './cases.js';
import type { Cluster } from './cluster.js';
import { followLogs, type LogLine } from './logged.js';
import { type Changes, type Manifest, manifest, NODE, PROGRAMS, set } from './manifest.js';
import { Namespace } from './namespace.js';
import { restartOnce } from './rollout.js';
import { seconds } from './single.js';

const GRACE_S = 120;
const JOB_MS = 8_000;
const TOLD_MS_MAX = 60_000;
/** What a busy node may add. */
const LATE_MS_MAX = 15_000;
/** Nobody connects to a worker: there is no balancer to wait for. */
const SETTINGS = { TIDEGATE_SETTLE_MIN: '1s', TIDEGATE_SETTLE_QUIET: '1s' };
export const WORKER_CHANGES: Changes = { graceS: GRACE_S, settings: SETTINGS };

/** Turns an app into a worker without a port, which no readiness can ask for. */
export function asWorker({ app, sidecar }: Manifest, variables: Record<string, string>): void {
  app.command = [NODE, `${PROGRAMS}/worker.mjs`];
  app.env = [];
  for (const [name, value] of Object.entries(variables)) set(app, name, value);
  delete sidecar?.readinessProbe;
}

/** Restarts two workers so often; resolves once all their jobs have been looked at. */
export async function restartedAtWork(
  t: Test,
  cluster: Cluster,
  sidecar: Sidecar,
  restarts: number,
): Promise<void> {
  const namespace = await Namespace.create(t, cluster);
  const made = manifest(cluster, sidecar, { ...WORKER_CHANGES, replicas: 2 });
  asWorker(made, { MANNER: 'leases', JOB_MS: String(JOB_MS) });
  await namespace.apply(made.deployment);
  await namespace.rolledOut('web');
  for (let restart = 1; restart <= restarts; restart++) {
    const logs = await Promise.all((await namespace.pods('app=web')).map(atWork));
    const askedMs = Date.now();
    await restartOnce(namespace);
    for (const log of logs) await hasFinished(t, log, askedMs, `restart ${restart}`);
  }

  /** Its log, once it is at a job. */
  async function atWork({ metadata }: { metadata: { name: string } }): Promise<readonly LogLine[]> {
    const log = followLogs(t, namespace, metadata.name);
    const isAtWork = (): boolean => jobsOf(log).at(-1)?.msg === 'job begun';
    await until(isAtWork, `${metadata.name} is at work`, TOLD_MS_MAX);
    return log;
  }
}

const jobsOf = (log: readonly LogLine[]): readonly LogLine[] =>
  log.filter(({ container, msg }) => container === 'app' && msg.startsWith('job '));

async function hasFinished(
  t: Test,
  log: readonly LogLine[],
  askedMs: number,
  what: string,
): Promise<void> {
  const stopped = (): LogLine | undefined => log.find(({ msg }) => msg === 'asked to stop');
  const said = (): string => `the worker is stopped: ${JSON.stringify(log.slice(-5))}`;
  await until(() => stopped() !== undefined, said, TOLD_MS_MAX);
  const jobs = jobsOf(log);
  const [begun, finished] = ['job begun', 'job finished'].map((msg) =>
    jobs.filter((line) => line.msg === msg),
  );
  t.equal(finished.length, begun.length, `${what}: the ${begun.length} jobs begun are finished`);
  const stoppedMs = stopped()?.atMs ?? 0;
  const finishedMs = finished.at(-1)?.atMs ?? Infinity;
  t.ok(stoppedMs >= finishedMs, 'it was stopped behind its last job');
  const freeMs = Math.max(finishedMs, askedMs);
  t.ok(stoppedMs <= freeMs + LATE_MS_MAX, `and nothing else: ${seconds(freeMs, stoppedMs)} later`);
}
