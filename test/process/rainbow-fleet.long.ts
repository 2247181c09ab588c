/**
 * A thousand pods in forty colours, and the built program that plans what to do with them: how long
 * it takes, how many calls beyond those of the pods, and how much memory; and with a Prometheus, that
 * no pod is asked. The cluster is made up, so that what is measured is the program.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ExposedFleet } from '../peers/exposed-fleet.js';
import { type FakeCluster, startFakeCluster } from '../peers/fake-cluster.js';
import { testWith } from '../peers/programs.js';
import { Prometheus } from '../peers/prometheus.js';
import { type ColourMade, GROUP, RainbowStage } from '../peers/rainbow-stage.js';
import { folderFor, outputOf, start } from '../peers/running.js';
import { BUNDLE, NODE, NODE_FLAGS } from '../peers/tidegate.js';
import { within } from '../peers/until.js';

const COLOURS = 40;
const PODS_EACH = 25;
/** A pod of a real cluster is about so large: who owns which field, volumes, conditions. */
const POD_BYTES = 15_000;

const PLAN_MS_MAX = 10_000;
const PROMETHEUS_MS_MAX = 3_000;
const CALLS_MAX = 50;
const MEMORY_BYTES_MAX = 200 * 1_048_576;
/** 26,000 lines: twice a second they would be most of what the machine does. */
const SCRAPE_MS = 5_000;

interface Measured {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
  /** The most it had at any time, as the kernel counts. */
  readonly residentBytes: number;
}

function fleetOf(fake: FakeCluster): readonly ColourMade[] {
  const stage = new RainbowStage(fake);
  const padding = { 'example.org/padding': 'x'.repeat(POD_BYTES) };
  const made = Array.from({ length: COLOURS }, (_, index) =>
    stage.colour(`c${String(index).padStart(2, '0')}`, {
      replicas: PODS_EACH,
      metadata: { creationTimestamp: new Date(Date.UTC(2026, 0, 1 + index)).toISOString() },
      pod: () => ({ metadata: { annotations: padding } }),
    }),
  );
  stage.service('shop', { app: GROUP, 'tidegate.dev/colour': `c${COLOURS - 1}` });
  stage.routes('shop', made[COLOURS - 1].pods);
  return made;
}

async function measured(t: Test, fake: FakeCluster, flags: readonly string[]): Promise<Measured> {
  const kubeconfig = join(folderFor(t), 'config');
  writeFileSync(kubeconfig, fake.kubeconfig);
  const args = [...NODE_FLAGS, BUNDLE, 'rainbow', 'cleanup', GROUP, '--dry-run=client'];
  const beganMs = performance.now();
  const child = start(NODE, [...args, `--kubeconfig=${kubeconfig}`, ...flags], {
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const output = outputOf(child);
  let residentBytes = 0;
  const looking = setInterval(() => (residentBytes = peakBytes(child.pid) ?? residentBytes), 20);
  try {
    const code = await within(output.ended, () => `it ends: ${output.stderr}`, 120_000);
    const tookMs = performance.now() - beganMs;
    return { code, stdout: output.stdout, stderr: output.stderr, tookMs, residentBytes };
  } finally {
    clearInterval(looking);
    child.kill('SIGKILL');
  }
}

/** Undefined once it is gone. */
function peakBytes(pid: number | undefined): number | undefined {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return found === null ? undefined : Number(found[1]) * 1_024;
  } catch {
    return undefined;
  }
}

async function holdsTo(
  t: Test,
  name: string,
  aloneMsMax: number,
  fake: FakeCluster,
  flags: readonly string[] = [],
): Promise<void> {
  const its = await measured(t, fake, flags);
  // The limits are those of a machine that does nothing else.
  const msMax = aloneMsMax * Math.max(1, loadavg()[0] / availableParallelism());
  const { code, stdout, stderr, tookMs, residentBytes } = its;
  const beyond = fake.asked.filter((call) => call !== 'get pods/proxy').length;
  t.equal(code, 0, stderr);
  t.match(stdout, /c00/);
  t.ok(tookMs < msMax, `${name}: ${Math.round(tookMs)} ms of ${Math.round(msMax)}`);
  t.ok(beyond <= CALLS_MAX, `${name}: ${beyond} calls beyond those of the pods`);
  const mebibytes = Math.round(residentBytes / 1_048_576);
  t.ok(residentBytes > 0 && residentBytes < MEMORY_BYTES_MAX, `${name}: ${mebibytes} MiB`);
}

t.test('a thousand pods are asked and planned for', async (t) => {
  const fake = await startFakeCluster(t);
  fleetOf(fake);
  await holdsTo(t, 'proxy', PLAN_MS_MAX, fake);
  const asked = fake.asked.filter((call) => call === 'get pods/proxy').length;
  t.equal(asked, 2 * COLOURS * PODS_EACH, 'each is asked twice');
});

testWith(
  ['prometheus'],
  'with a Prometheus no pod is asked',
  async (t, { prometheus: program }) => {
    const fake = await startFakeCluster(t);
    const fleet = new ExposedFleet();
    for (const { pods } of fleetOf(fake)) {
      for (const { metadata } of pods) fleet.told.set(metadata.name, {});
    }
    fleet.render();
    const port = await fleet.serve(t);
    const at = { host: '127.0.0.1', port };
    const prometheus = await Prometheus.start(t, program, at, SCRAPE_MS);
    const scrapes = 'min(count_over_time(tidegate_safe_to_delete[150s])) >= bool 2';
    await prometheus.sees(scrapes, 1, 60_000);
    await holdsTo(t, 'prometheus', PROMETHEUS_MS_MAX, fake, [`--prometheus=${prometheus.url}`]);
    t.notOk(fake.asked.includes('get pods/proxy'));
  },
);
