/**
 * The chart's limit of memory holds with thousands of open WebSockets, and beside them the preStop
 * notice, a second process in the sidecar's container, and while all of them are said goodbye to.
 * 9,000 is what a limit of 20,000 open files allows: each is two sockets to the sidecar.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { until } from '../peers/until.js';
import { exampleRelease, exampleValues, PODS } from './example.js';
import { containerOf, Namespace, type Pod } from './namespace.js';
import { testWithHelm } from './release.js';
import { openSockets } from './sockets.js';
import { watch } from './watched.js';

const SOCKETS = 9_000;
const GRACE_S = 24;
/** The grace less the app's sixth and the reserve of 3 s. */
const BUDGET_MS = (GRACE_S - GRACE_S / 6 - 3) * 1_000;
/** Goodbyes are said at 1,000 a second; a little is kept for their answers. */
const HELD_MS_MIN = BUDGET_MS - SOCKETS - 1_000;
/** Between two clocks' readings of the same moment. */
const SLACK_MS = 100;
const GONE_MS_MAX = (GRACE_S + 15) * 1_000;
const LOOK_MS = 100;
const MIB = 1024 * 1024;

/** The memory of a container as its cgroup counts it, of either version. */
class ContainerMemory {
  private readonly folder: string;
  private readonly isV1: boolean;

  constructor(containerId: string) {
    const id = containerId.replace('containerd://', '');
    const first = `/sys/fs/cgroup/memory/k8s.io/${id}`;
    this.isV1 = existsSync(first);
    this.folder = this.isV1 ? first : `/sys/fs/cgroup/k8s.io/${id}`;
  }

  get limit(): number {
    return this.read(this.isV1 ? 'memory.limit_in_bytes' : 'memory.max');
  }

  /** The most that there ever was; with what the kernel has for sockets, where that is apart. */
  get peak(): number {
    if (!this.isV1) return this.read('memory.peak');
    return this.read('memory.max_usage_in_bytes') + this.read('memory.kmem.tcp.max_usage_in_bytes');
  }

  /** What it is made of, in MiB. */
  get parts(): string {
    const stat = readFileSync(`${this.folder}/memory.stat`, 'utf8');
    const of = (name: string): string =>
      ((Number(new RegExp(`^${name} (\\d+)`, 'm').exec(stat)?.[1]) || 0) / MIB).toFixed(0);
    if (!this.isV1) return `${of('anon')} anonymous, ${of('file')} files, ${of('kernel')} kernel`;
    const kernel = (this.read('memory.kmem.usage_in_bytes') / MIB).toFixed(0);
    return `${of('rss')} anonymous, ${of('cache')} files, ${kernel} kernel`;
  }

  private read(name: string): number {
    return Number(readFileSync(`${this.folder}/${name}`, 'utf8'));
  }
}

const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

/** Reads the peak again and again until the container is gone. */
async function lastPeak(memory: ContainerMemory): Promise<number> {
  let peak = 0;
  for (;;) {
    try {
      peak = Math.max(peak, memory.peak);
    } catch {
      return peak;
    }
    await sleep(LOOK_MS);
  }
}

/** From the deletion on: nothing ends early, nothing is killed. */
function endedWell(t: Test, states: readonly Pod[], firstEndMs: number): void {
  const sidecars = states.map((state) => containerOf(state, 'tidegate'));
  t.ok(
    sidecars.every((sidecar) => sidecar?.restartCount === 0),
    'the sidecar was never restarted',
  );
  const ended = sidecars.findLast((sidecar) => sidecar?.state.terminated !== undefined)?.state;
  t.match(ended, { terminated: { exitCode: 0, reason: 'Completed' } }, 'nor killed');
  const { message = '{}' } = ended?.terminated ?? {};
  const report = JSON.parse(message) as { startedAt?: string };
  // The last goodbyes may be taken on the deadline: the rate allows no more than that.
  const expected = { ended: /^(finished|deadline)$/, farewell: SOCKETS, cut: 0 };
  t.match(report, expected, 'nobody was cut');
  const heldMs = firstEndMs - Date.parse(report.startedAt ?? '');
  t.ok(heldMs >= HELD_MS_MIN - SLACK_MS, `none ended before the window: ${heldMs} ms`);
  t.comment(message.trim());
}

async function holdsMemory(t: Test, namespace: Namespace): Promise<void> {
  const [{ metadata, status }] = await namespace.pods(PODS);
  const { name } = metadata;
  const { containerID = '' } = containerOf({ metadata, status }, 'tidegate') ?? {};
  const memory = new ContainerMemory(containerID);
  t.comment(`idle: peak ${inMib(memory.peak)} (${memory.parts})`);
  const sockets = await openSockets(t, namespace, `${status.podIP}:8080`, SOCKETS);
  await sockets.echo();
  const before = memory.peak;
  t.comment(`${SOCKETS} WebSockets: peak ${inMib(before)} (${memory.parts})`);
  const { limit } = memory;
  const watched = await watch(t, namespace, name);
  const peak = lastPeak(memory);
  await namespace.kubectl(['scale', 'deployment', 'web', '--replicas=0']);
  const isTold = async (): Promise<boolean> =>
    (await namespace.admin<Status>(name, '/status')).terminating;
  await until(isTold, 'the notice has come', GONE_MS_MAX);
  t.comment(`with the notice: peak ${inMib(memory.peak)} (${memory.parts})`);
  await sockets.over(GONE_MS_MAX);
  const { firstEndMs, goneAway, lastEndMs, reset } = sockets.counts;
  t.comment(`they ended within ${lastEndMs - firstEndMs} ms`);
  t.same([goneAway, reset], [SOCKETS, 0], 'each was closed with 1001, none was reset');
  await namespace.allGone(PODS, GONE_MS_MAX);
  const most = await peak;
  t.comment(`with all of them gone: peak ${inMib(most)} of ${inMib(limit)}`);
  t.ok(most >= before, 'it was read to the end');
  t.ok(most <= limit * 0.85, 'some of the limit is left');
  const isOver = (state: Pod): boolean =>
    containerOf(state, 'tidegate')?.state.terminated !== undefined;
  await until(() => watched.states.some(isOver), 'the last state is known');
  endedWell(t, watched.states, firstEndMs);
}

const title = `${SOCKETS} WebSockets and the notice beside them fit into the chart's limit of memory`;
testWithHelm(
  title,
  async (t, cluster, helm) => {
    const namespace = await Namespace.create(t, cluster);
    const values = exampleValues(cluster, { replicas: 1, graceS: GRACE_S });
    const release = exampleRelease(t, namespace, helm[4]);
    await Promise.all([release.install(values), namespace.load(t)]);
    await holdsMemory(t, namespace);
  },
  { kit: true },
);
