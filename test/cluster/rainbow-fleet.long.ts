/**
 * A thousand pods in forty colours, as objects of a real API server: what a clean-up's plan takes of time,
 * calls and memory, asking each pod, through the API server and by itself, and asking a Prometheus in
 * place of all of them.
 */
import type { Test } from 'tap';
import { until } from '../peers/until.js';
import type { Command } from './cluster.js';
import { measured, type Measured } from './measured.js';
import { Namespace } from './namespace.js';
import { prometheusOnNode } from './node-prometheus.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { faultProxy } from './proxied.js';
import { GROUP, Rainbow } from './rainbows.js';
import { testWithHelm } from './release.js';
import { StandIn, telling } from './stand-in.js';
import type { Says } from './stand-in-program.js';
import { scrapeConfigs } from './watching.js';

const COLOURS = 40;
const REPLICAS = 25;
const PODS = COLOURS * REPLICAS;
const TIMES = 3;
const TOOK_MS_MAX = 10_000;
const TOOK_BY_PROMETHEUS_MS_MAX = 3_000;
const CALLS_MAX = 50;
const MEMORY_MIB_MAX = 200;
const SCRAPED = 'count(count_over_time(tidegate_safe_to_delete[150s]) >= 2)';
const SCRAPED_MS_MAX = 180_000;
const PLAN = ['cleanup', GROUP, '--dry-run=client', '--output=json'] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const nowMs = Date.now();
const nameOf = (at: number): string => `c${String(at).padStart(2, '0')}`;
const isEven = (at: number): boolean => at % 2 === 0;

testWithHelm(
  'a thousand pods in forty colours',
  async (t, cluster, _helm, tools) => {
    const [namespace, standIn] = await Promise.all([
      Namespace.create(t, cluster),
      StandIn.start(t, cluster),
    ]);
    await stage(namespace, standIn);
    const rainbow = new Rainbow(namespace);
    await t.test('each pod is asked', async (t) => {
      for (const ask of ['proxy', 'direct']) {
        const before = await standIn.asked();
        const ran = await quickest(rainbow.command(...PLAN, `--ask=${ask}`));
        isQuickAndSmall(t, ran, ask, TOOK_MS_MAX);
        const asked = ((await standIn.asked()) - before) / TIMES;
        t.ok(asked >= PODS, `${ask}: ${asked} answers of ${PODS} pods`);
        isPlanned(t, ran);
      }
    });
    await t.test('few calls are made', async (t) => {
      const api = await faultProxy(t, cluster);
      const ran = await measured(rainbow.command(...PLAN, `--kubeconfig=${api.kubeconfig}`));
      t.equal(ran.code, 0, ran.stderr);
      const calls = api.calls.filter((call) => !call.endsWith('pods/proxy'));
      t.ok(calls.length <= CALLS_MAX, `${calls.length} calls: ${calls.join(', ')}`);
    });
    await t.test('a Prometheus is asked in place of them', async (t) => {
      const { prometheus, url } = await prometheusOnNode(
        t,
        namespace,
        tools.prometheus,
        scrapeConfigs(),
        [],
        '15s',
      );
      const isScraped = async (): Promise<boolean> => (await prometheus.value(SCRAPED)) === PODS;
      await until(isScraped, 'all are scraped twice', SCRAPED_MS_MAX);
      const before = await standIn.asked();
      const ran = await quickest(rainbow.command(...PLAN, `--prometheus=${url}`));
      isQuickAndSmall(t, ran, 'Prometheus', TOOK_BY_PROMETHEUS_MS_MAX);
      isPlanned(t, ran);
      t.comment(`scraped meanwhile: ${(await standIn.asked()) - before}`);
    });
  },
  { kit: true },
);

/** A machine that does other things, too, is not what is measured. */
async function quickest(command: Command): Promise<Measured> {
  const all: Measured[] = [];
  for (let time = 0; time < TIMES; time++) all.push(await measured(command));
  return all.sort((one, other) => one.tookMs - other.tookMs)[0];
}

/** The first colour is live; of the others every second one is in use. */
async function stage(namespace: Namespace, standIn: StandIn): Promise<void> {
  const papers: Paper[] = [];
  for (let at = 0; at < COLOURS; at++) {
    const port = await standIn.open(sayingOf(isEven(at) ? 3 : 0));
    const lostTrafficMs = nowMs - (3 * HOUR_MS + at * MINUTE_MS);
    const memory = at === 0 ? {} : { memory: { wasLive: true, lostTrafficMs } };
    papers.push({ group: GROUP, colour: nameOf(at), replicas: REPLICAS, port, ...memory });
  }
  await namespace.apply(paperService(GROUP, nameOf(0)));
  await putOnPaper(namespace, standIn, papers);
}

function sayingOf(active: number): Says {
  const saying =
    active > 0 ? telling({ safe: false, reason: 'active', active }) : telling({ safe: true });
  const metrics = [
    `tidegate_safe_to_delete ${active > 0 ? 0 : 1}`,
    `tidegate_connections{kind="websocket",state="active"} ${active}`,
    'tidegate_connections{kind="websocket",state="idle"} 0',
    'tidegate_leases 0',
    'tidegate_phase{phase="serving"} 1',
    '',
  ];
  return { ...saying, '/metrics': metrics.join('\n') };
}

function isQuickAndSmall(t: Test, ran: Measured, how: string, tookMsMax: number): void {
  const { code, stderr, tookMs, peakMiB } = ran;
  t.equal(code, 0, `${how}: planned ${stderr}`);
  t.ok(tookMs < tookMsMax, `${how}: in ${(tookMs / 1_000).toFixed(1)} s`);
  t.ok(peakMiB < MEMORY_MIB_MAX, `${how}: with ${peakMiB.toFixed(0)} MiB`);
}

/** The live one and the one before it are kept; the others that are not in use are old enough to begin. */
function isPlanned(t: Test, { stdout }: Measured): void {
  const { items } = JSON.parse(stdout) as {
    readonly items: readonly { readonly steps: readonly { readonly reason: string }[] }[];
  };
  const [{ steps }] = items;
  const reasons = steps.map(({ reason }) => reason);
  const count = (reason: string): number => reasons.filter((one) => one === reason).length;
  t.equal(steps.length, COLOURS, 'there is a step for each colour');
  t.same([count('live'), count('kept')], [1, 1], 'the live one is kept, and the one before it');
  t.comment(JSON.stringify(Object.fromEntries(reasons.map((reason) => [reason, count(reason)]))));
}
