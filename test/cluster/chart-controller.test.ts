/**
 * The chart's controller as users install it: two replicas of which one leads, a budget that lets a node
 * go, rights that suffice; and a Prometheus, by the README's scrape configuration, that has all that its
 * rules and its dashboard ask for.
 */
import type { Test } from 'tap';
import type { Prometheus } from '../peers/prometheus.js';
import { Controllers } from './controllers.js';
import { isReady, Namespace } from './namespace.js';
import { prometheusOnNode } from './node-prometheus.js';
import { testWithHelm } from './release.js';
import {
  groupsOf,
  panelQueries,
  rulesAreHealthy,
  scrapeConfigs,
  selectorsOf,
  watching,
} from './watching.js';

const RELEASE = 'tidegate';
const CONTROLLER = { rainbow: { enabled: true } };
const SEEN_MS_MAX = 60_000;
const OWN = /tidegate_controller_/;

/** A colour without pods: enough for a group to be there. */
const COLOUR = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop-blue', labels: { 'tidegate.dev/rainbow': 'shop' } },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop', 'tidegate.dev/colour': 'blue' } },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    },
  },
};

interface Budget {
  readonly status: { readonly currentHealthy: number; readonly disruptionsAllowed: number };
}

async function twoAreThere(t: Test, namespace: Namespace, controllers: Controllers): Promise<void> {
  const pods = await controllers.pods();
  t.same(pods.map(isReady), [true, true], 'both replicas are ready');
  t.same(
    pods.map(({ status }) => status.containerStatuses?.[0].restartCount),
    [0, 0],
    'neither has been started again',
  );
  const text = await namespace.kubectl(['get', 'pdb', `${RELEASE}-controller`, '-o', 'json']);
  const { status } = JSON.parse(text) as Budget;
  t.match(status, { currentHealthy: 2, disruptionsAllowed: 1 }, 'one may go with its node');
  const log = (
    await Promise.all(pods.map(({ metadata }) => controllers.log(metadata.name)))
  ).flat();
  const bad = log.filter(({ level }) => !['info', 'debug'].includes(level));
  t.same(bad, [], 'neither warns of anything');
}

async function isScraped(prometheus: Prometheus, namespace: Namespace): Promise<void> {
  const all = `controller="${namespace.name}/${RELEASE}"`;
  const sums = { leader: 1, synced: 2, build_info: 2, missing_right: 0 };
  for (const [name, sum] of Object.entries(sums)) {
    await prometheus.sees(`sum(tidegate_controller_${name}{${all}})`, sum, SEEN_MS_MAX);
  }
  await prometheus.sees('count(up{job="tidegate"}) or vector(0)', 0, SEEN_MS_MAX);
  const group = `${all}, namespace="${namespace.name}", group="shop", state="live"`;
  await prometheus.sees(`count(max(tidegate_controller_colours{${group}}))`, 1, SEEN_MS_MAX);
}

testWithHelm(
  'The chart installs a controller of two replicas that needs no other right, and Prometheus knows it',
  async (t, cluster, helm, tools) => {
    const namespace = await Namespace.create(t, cluster);
    await namespace.apply(COLOUR);
    const controllers = await Controllers.install(t, namespace, helm[3], CONTROLLER);
    const controller = { enabled: true, ...CONTROLLER };
    const objects = await watching(t, tools, namespace.name, RELEASE, { controller });
    const groups = groupsOf(objects);
    const alerts = groups.flatMap(({ rules }) => rules);
    const { prometheus } = await prometheusOnNode(
      t,
      namespace,
      tools.prometheus,
      scrapeConfigs(),
      groups,
    );
    await isScraped(prometheus, namespace);
    await twoAreThere(t, namespace, controllers);
    await rulesAreHealthy(t, prometheus, alerts);
    const asked = alerts.map(({ alert, expr }) => ({ title: alert, query: expr }));
    const panels = panelQueries(objects, '.*', 'tidegate-controller.json');
    const own = new Set([...asked, ...panels].flatMap(selectorsOf).filter((one) => OWN.test(one)));
    for (const selector of own) {
      const count = await prometheus.value(`count(last_over_time(${selector}[1h]))`);
      t.ok(count !== undefined, `there is ${selector}`);
    }
    const firing = (await prometheus.rules()).filter(({ state }) => state === 'firing');
    t.same(
      firing.map(({ name }) => name),
      [],
      'nothing is wrong with it',
    );
  },
  { kit: true },
);
