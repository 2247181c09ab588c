/**
 * Jobs whose pods have tidegate by the library: they complete when their app has ended, for nobody has
 * to tell a native sidecar. What the kubelet and the Job's controller take for that is seen beside
 * them, in Jobs whose sidecar does nothing.
 */
import type { Test } from 'tap';
import type { Cluster } from './cluster.js';
import { NODE } from './manifest.js';
import { containerOf, Namespace } from './namespace.js';
import { cook, type Workload } from './recipes.js';
import { seconds } from './single.js';

/** The quickest of them count: a busy machine keeps any of them waiting. */
const JOBS = 3;
const JOB_MS = 1_000;
const COMPLETE_S_MAX = 180;
const DOES_NOTHING = `process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9);`;

/** Times of day, in milliseconds. */
interface Ended {
  readonly appMs: number;
  /** Told in whole seconds. */
  readonly sidecarMs: number;
  readonly completeMs: number;
}

async function job(t: Test, cluster: Cluster, helm: string, release: string): Promise<Workload> {
  const variables = { MANNER: 'once', JOB_MS: String(JOB_MS) };
  const recipe = { kind: 'Job', release, program: 'worker.mjs', variables } as const;
  const [made] = await cook(t, cluster, helm, recipe);
  return made as Workload;
}

/** The same pod with a sidecar that knows nothing and waits for nothing. */
async function plainJob(...how: Parameters<typeof job>): Promise<Workload> {
  const made = await job(...how);
  const { initContainers, containers } = made.spec.template.spec;
  for (const container of [...initContainers, ...containers]) {
    delete container.lifecycle;
    delete container.startupProbe;
    delete container.readinessProbe;
    delete container.livenessProbe;
  }
  initContainers[0].command = [NODE, '-e', DOES_NOTHING];
  return made;
}

async function completed(namespace: Namespace, name: string): Promise<Ended> {
  const isComplete = ['--for=condition=complete', `job/${name}`, `--timeout=${COMPLETE_S_MAX}s`];
  await namespace.kubectl(['wait', ...isComplete], undefined, (COMPLETE_S_MAX + 10) * 1_000);
  const completeMs = Date.now();
  const [pod] = await namespace.pods(`app=${name}`);
  const log = await namespace.kubectl(['logs', pod.metadata.name, '-c', 'app']);
  const { time } = JSON.parse(log.trim().split('\n').at(-1) ?? '') as { time: string };
  const ended = containerOf(pod, 'tidegate')?.state.terminated;
  return {
    appMs: Date.parse(time),
    sidecarMs: Date.parse(ended?.finishedAt ?? ''),
    completeMs,
  };
}

const quickest = (all: readonly Ended[], which: 'sidecarMs' | 'completeMs'): number =>
  Math.min(...all.map((ended) => ended[which] - ended.appMs));

function tellOf(t: Test, what: string, all: readonly Ended[]): void {
  for (const { appMs, sidecarMs, completeMs } of all) {
    const sidecar = `${what}: ended ${seconds(appMs, sidecarMs)} after its app`;
    t.comment(`${sidecar}, the Job complete ${seconds(appMs, completeMs)} after it`);
  }
}

/** How much later than without tidegate; the quickest of each. */
export interface Later {
  readonly sidecarMs: number;
  readonly completeMs: number;
}

/** Runs both kinds beside each other; all end well. */
export async function completeBeside(t: Test, cluster: Cluster, helm: string): Promise<Later> {
  const namespace = await Namespace.create(t, cluster);
  const names = (kind: string): string[] => Array.from({ length: JOBS }, (_, i) => `${kind}-${i}`);
  const [watched, plain] = [names('watched'), names('plain')];
  const made = await Promise.all([
    ...watched.map((name) => job(t, cluster, helm, name)),
    ...plain.map((name) => plainJob(t, cluster, helm, name)),
  ]);
  await namespace.apply(...made);
  const ended = await Promise.all([...watched, ...plain].map((name) => completed(namespace, name)));
  const [withTidegate, without] = [ended.slice(0, JOBS), ended.slice(JOBS)];
  tellOf(t, 'tidegate', withTidegate);
  tellOf(t, 'a sidecar that does nothing', without);
  for (const pod of await namespace.pods('tidegate.dev/sidecar=true')) {
    const { exitCode, message } = containerOf(pod, 'tidegate')?.state.terminated ?? {};
    if (message !== undefined) t.match(JSON.parse(message), { drained: true, cut: 0 });
    // One that has no handler yet, on a busy node, is killed; tidegate is not.
    if (message !== undefined) t.equal(exitCode, 0, 'it ended well');
  }
  const later = (which: keyof Later): number =>
    quickest(withTidegate, which) - quickest(without, which);
  return { sidecarMs: later('sidecarMs'), completeMs: later('completeMs') };
}
