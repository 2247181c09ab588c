/**
 * A Prometheus finds the pods through the API server, by the scrape configuration of the chart's
 * README. It counts the sockets that clients hold, before a drain, in it and behind it; the chart's
 * rules are healthy there, and whatever they and the dashboard's panels ask for is there.
 */
import type { Test } from 'tap';
import { chartFor } from '../charts/render.js';
import type { Plan, Report } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import type { Prometheus, Series } from '../peers/prometheus.js';
import { until } from '../peers/until.js';
import { exampleRelease, exampleValues, imageValues } from './example.js';
import { Namespace } from './namespace.js';
import { prometheusOnNode } from './node-prometheus.js';
import { Release, testWithHelm } from './release.js';
import {
  type Alert,
  CHART,
  defineKinds,
  EVERYTHING,
  groupsOf,
  panelQueries,
  type Query,
  rulesAreHealthy,
  scrapeConfigs,
  selectorsOf,
  watching,
} from './watching.js';

const COLOURS = { blue: { replicas: 2 }, green: { replicas: 1 } } as const;
type Colour = keyof typeof COLOURS;
const PODS_COUNT = COLOURS.blue.replicas + COLOURS.green.replicas;
const COLOUR_LABEL = 'tidegate.dev/colour';
const PODS = 'tidegate.dev/sidecar=true';
const GRACE_S = 20;
const PLAN = {
  getOnce: { lanes: 2, pauseMs: 200 },
  postKept: { lanes: 2, pauseMs: 200 },
  streams: { lanes: 5, everyMs: 500 },
  webSockets: { plain: 20, deflate: 10, everyMs: 1_000 },
} as const satisfies Plan;
const SOCKETS = PLAN.webSockets.plain + PLAN.webSockets.deflate;
const COUNT = 'tidegate_connections{kind="websocket", state="active"}';
const SEEN_MS_MAX = 60_000;
const GONE_MS_MAX = (GRACE_S + 40) * 1_000;

/** One colour of the app as a release of its own, and the clients that it has. */
async function colour(
  t: Test,
  namespace: Namespace,
  helm: string,
  name: Colour,
): Promise<readonly [Colour, Driver]> {
  const tidegate = { colour: name };
  const values = exampleValues(namespace.cluster, { ...COLOURS[name], graceS: GRACE_S, tidegate });
  const release = exampleRelease(t, namespace, helm, name);
  const [driver] = await Promise.all([namespace.load(t, `load-${name}`), release.install(values)]);
  await driver.start(`${await namespace.clusterIp(name)}:80`, PLAN);
  return [name, driver];
}

const open = ({ webSockets: { plain, deflate } }: Report): number => plain.open + deflate.open;

/** What Prometheus counts is what the clients have, of each colour. */
async function countsAgree(
  t: Test,
  prometheus: Prometheus,
  drivers: ReadonlyMap<Colour, Driver>,
  when: string,
): Promise<void> {
  for (const [name, driver] of drivers) {
    const count = `sum by (colour) (${COUNT.replace('}', `, colour="${name}"}`)})`;
    let last: unknown;
    const agree = async (): Promise<boolean> => {
      const [held, counted] = [open(await driver.report()), await prometheus.value(count)];
      last = { held, counted };
      return held === SOCKETS && counted === held;
    };
    await until(agree, () => `${when}: all of ${name}: ${JSON.stringify(last)}`, SEEN_MS_MAX);
    t.pass(`${when}: ${SOCKETS} of ${name}`);
  }
  await prometheus.sees(`sum(${COUNT})`, drivers.size * SOCKETS, SEEN_MS_MAX);
}

async function targetsAreTold(
  t: Test,
  prometheus: Prometheus,
  namespace: Namespace,
): Promise<void> {
  const pods = await namespace.pods(PODS);
  await prometheus.sees('sum(up)', pods.length, SEEN_MS_MAX);
  const targets = await prometheus.targets();
  const told = targets.map(({ labels: { pod, instance, ...labels } }) => {
    const podIP = pods.find(({ metadata }) => metadata.name === pod)?.status.podIP;
    t.equal(instance, `${podIP}:9180`, `${pod} is scraped once, at its admin port`);
    return labels;
  });
  const same = {
    namespace: namespace.name,
    container: 'tidegate',
    job: 'tidegate',
    app: 'tidegate-example',
  };
  const expected = ['blue', 'blue', 'green'].map((name) => ({ ...same, colour: name }));
  t.same(
    told.sort((one, other) => one['colour'].localeCompare(other['colour'])),
    expected,
    'each target has the labels that the README tells of, and no others',
  );
}

/** One pod of a colour drains with all its clients, and another one takes its place. */
async function drainOne(
  namespace: Namespace,
  prometheus: Prometheus,
  within: () => Promise<void>,
): Promise<void> {
  const [{ metadata }] = await namespace.pods(`${COLOUR_LABEL}=blue`);
  await namespace.kubectl(['delete', 'pod', metadata.name, '--wait=false']);
  const draining = `sum(tidegate_phase{pod="${metadata.name}", phase=~"settling|draining|closing"})`;
  await prometheus.sees(draining, 1, SEEN_MS_MAX);
  await within();
  await namespace.podUntil(metadata.name, (pod) => pod === undefined, 'it is gone', GONE_MS_MAX);
  await namespace.rolledOut('blue');
}

/** Whether there is a number in it that is one. */
const hasValues = (series: readonly Series[]): boolean =>
  series.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));

async function haveData(
  t: Test,
  prometheus: Prometheus,
  alerts: readonly Query[],
  panels: readonly Query[],
): Promise<void> {
  const selectors = new Set([...alerts, ...panels].flatMap(selectorsOf));
  for (const selector of selectors) {
    const count = await prometheus.value(`count(last_over_time(${selector}[1h]))`);
    t.ok(count !== undefined, `there is ${selector}`);
  }
  for (const { title, query } of panels) {
    t.ok(hasValues(await prometheus.range(query, 300)), `the panel shows something: ${title}`);
  }
}

/** The chart that watches is installed, and its own test asks this Prometheus. */
async function testedByHelm(
  t: Test,
  namespace: Namespace,
  helm: string,
  prometheusUrl: string,
  alerts: readonly Alert[],
): Promise<void> {
  const release = new Release(namespace, helm, chartFor(t, CHART), 'watch');
  const test = { prometheusUrl, podsMin: PODS_COUNT, image: imageValues(namespace.cluster.image) };
  await release.install({ ...EVERYTHING, test });
  const said = await release.run(['test', 'watch', '--logs', '--timeout', '120s']);
  t.match(said, `good ${PODS_COUNT} pods are scraped, ${PODS_COUNT} are asked for`, 'helm test');
  for (const { alert } of alerts) t.match(said, `good ${alert} is loaded`, `${alert} is loaded`);
}

/** Clients of two colours come, a pod drains, a colour burns down to nothing. */
async function countsAreRight(
  t: Test,
  namespace: Namespace,
  prometheus: Prometheus,
  drivers: ReadonlyMap<Colour, Driver>,
): Promise<void> {
  await countsAgree(t, prometheus, drivers, 'before the drain');
  await drainOne(namespace, prometheus, () =>
    countsAgree(t, prometheus, drivers, 'once it has begun'),
  );
  await countsAgree(t, prometheus, drivers, 'behind it');
  await drivers.get('green')?.stop();
  await prometheus.sees(`sum(${COUNT})`, SOCKETS, SEEN_MS_MAX);
}

testWithHelm(
  'A Prometheus finds the pods by itself, counts what clients hold, and has all that is asked of it',
  async (t, cluster, helm, tools) => {
    const namespace = await Namespace.create(t, cluster);
    const objects = await watching(t, tools, namespace.name);
    const groups = groupsOf(objects);
    const alerts = groups.flatMap(({ rules }) => rules);
    const colours = (['blue', 'green'] as const).map((name) => colour(t, namespace, helm[4], name));
    const configs = scrapeConfigs();
    const node = await prometheusOnNode(t, namespace, tools.prometheus, configs, groups);
    const { prometheus } = node;
    const drivers = new Map(await Promise.all(colours));
    await targetsAreTold(t, prometheus, namespace);
    await rulesAreHealthy(t, prometheus, alerts);
    await countsAreRight(t, namespace, prometheus, drivers);
    const asked = alerts.map(({ alert, expr }) => ({ title: alert, query: expr }));
    await haveData(t, prometheus, asked, panelQueries(objects, namespace.name));
    await defineKinds(cluster, tools);
    await testedByHelm(t, namespace, helm[4], node.url, alerts);
    const errors = prometheus.complaints.filter((line) => /level=error/i.test(line));
    t.same(errors, [], 'Prometheus has met no error');
  },
  { kit: true },
);
