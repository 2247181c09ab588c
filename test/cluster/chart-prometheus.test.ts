/**
 * A Prometheus finds the pods through the API server, by the scrape configuration of the chart's
 * README. It counts the sockets that clients hold, before a drain, in it and behind it; the chart's
 * rules are healthy there, and whatever they and the dashboard's panels ask for is there.
 */
import type { Test } from 'tap';
import { type Tools, tools, toolsMissing } from '../charts/tools.js';
import type { Plan, Report } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import type { Prometheus, Series } from '../peers/prometheus.js';
import { until } from '../peers/until.js';
import { testOnCluster } from './cluster.js';
import { manifest } from './manifest.js';
import { Namespace } from './namespace.js';
import { prometheusOnNode } from './node-prometheus.js';
import {
  groupsOf,
  panelQueries,
  type Query,
  scrapeConfigs,
  selectorsOf,
  watching,
} from './watching.js';

const COLOURS = { blue: { replicas: 2 }, green: { replicas: 1 } } as const;
type Colour = keyof typeof COLOURS;
const COLOUR_LABEL = 'tidegate.dev/colour';
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

/** One colour of the app with its Service, and the clients that it has. */
async function colour(t: Test, namespace: Namespace, name: Colour): Promise<Driver> {
  const changes = { ...COLOURS[name], graceS: GRACE_S };
  const { service, deployment } = manifest(namespace.cluster, 'native', changes);
  const labels = { app: 'web', [COLOUR_LABEL]: name };
  for (const { metadata } of [service, deployment]) metadata.name = name;
  service.spec.selector = deployment.spec.template.metadata.labels = labels;
  deployment.spec.selector = { matchLabels: labels };
  await namespace.apply(service, deployment);
  const driver = await namespace.load(t, `load-${name}`);
  await namespace.rolledOut(name);
  await driver.start(`${await namespace.clusterIp(name)}:80`, PLAN);
  return driver;
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
    const holdsAll = async (): Promise<boolean> => open(await driver.report()) === SOCKETS;
    await until(holdsAll, `${when}: the clients of ${name} hold their sockets`, SEEN_MS_MAX);
    const count = `sum by (colour) (${COUNT.replace('}', `, colour="${name}"}`)})`;
    await prometheus.sees(count, SOCKETS, SEEN_MS_MAX);
    t.equal(open(await driver.report()), SOCKETS, `${when}: ${SOCKETS} of ${name}`);
  }
  await prometheus.sees(`sum(${COUNT})`, drivers.size * SOCKETS, SEEN_MS_MAX);
}

async function targetsAreTold(
  t: Test,
  prometheus: Prometheus,
  namespace: Namespace,
): Promise<void> {
  const pods = await namespace.pods('app=web');
  await prometheus.sees('sum(up)', pods.length, SEEN_MS_MAX);
  const targets = await prometheus.targets();
  const told = targets.map(({ labels: { pod, instance, ...labels } }) => {
    const podIP = pods.find(({ metadata }) => metadata.name === pod)?.status.podIP;
    t.equal(instance, `${podIP}:9180`, `${pod} is scraped once, at its admin port`);
    return labels;
  });
  const same = { namespace: namespace.name, container: 'tidegate', job: 'tidegate', app: 'web' };
  const expected = ['blue', 'blue', 'green'].map((name) => ({ ...same, colour: name }));
  t.same(
    told.sort((one, other) => one['colour'].localeCompare(other['colour'])),
    expected,
    'each target has the labels that the README tells of, and no others',
  );
}

/** One pod of a colour drains with all its clients, and another one takes its place. */
async function drainOne(namespace: Namespace, prometheus: Prometheus): Promise<void> {
  const [{ metadata }] = await namespace.pods(`${COLOUR_LABEL}=blue`);
  await namespace.kubectl(['delete', 'pod', metadata.name, '--wait=false']);
  const draining = `sum(tidegate_phase{pod="${metadata.name}", phase=~"settling|draining|closing"})`;
  await prometheus.sees(draining, 1, SEEN_MS_MAX);
  await namespace.podUntil(metadata.name, (pod) => pod === undefined, 'it is gone', GONE_MS_MAX);
  await namespace.rolledOut('blue');
}

async function rulesAreHealthy(
  t: Test,
  prometheus: Prometheus,
  names: readonly string[],
): Promise<void> {
  const areKnown = async (): Promise<boolean> =>
    (await prometheus.rules()).every(({ health }) => health !== 'unknown');
  await until(areKnown, 'all rules have been evaluated', SEEN_MS_MAX);
  const rules = await prometheus.rules();
  t.same(
    rules.map(({ name, health, lastError = '' }) => `${name}: ${health}${lastError}`),
    names.map((name) => `${name}: ok`),
    'all rules are loaded, and healthy',
  );
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

async function isWatched(
  t: Test,
  namespace: Namespace,
  { prometheus: program, ...rest }: Tools,
): Promise<void> {
  const objects = await watching(t, { prometheus: program, ...rest });
  const groups = groupsOf(objects);
  const rules = groups.flatMap(({ rules }) => rules);
  const drivers = new Map<Colour, Driver>();
  for (const name of ['blue', 'green'] as const)
    drivers.set(name, await colour(t, namespace, name));
  const prometheus = await prometheusOnNode(t, namespace, program, scrapeConfigs(), groups);
  await targetsAreTold(t, prometheus, namespace);
  await countsAgree(t, prometheus, drivers, 'before the drain');
  await rulesAreHealthy(
    t,
    prometheus,
    rules.map(({ alert }) => alert),
  );
  const gone = drainOne(namespace, prometheus);
  await countsAgree(t, prometheus, drivers, 'within it');
  await gone;
  await countsAgree(t, prometheus, drivers, 'behind it');
  // A colour that burns down to nothing.
  await drivers.get('green')?.stop();
  await prometheus.sees(`sum(${COUNT})`, SOCKETS, SEEN_MS_MAX);
  const alerts = rules.map(({ alert, expr }) => ({ title: alert, query: expr }));
  await haveData(t, prometheus, alerts, panelQueries(objects, namespace.name));
  t.same(prometheus.complaints, [], 'Prometheus has nothing to complain about');
}

testOnCluster(
  'A Prometheus finds the pods by itself, counts what clients hold, and has all that is asked of it',
  async (t, cluster) => isWatched(t, await Namespace.create(t, cluster), tools as Tools),
  { kit: true, missing: toolsMissing },
);
