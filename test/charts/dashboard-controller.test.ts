/**
 * The controller's dashboard: every query is answered by the metrics that it really has, whatever stands
 * by is not counted twice, and helm renders it only where there is a controller.
 */
import t from 'tap';
import { ACTIONS, COLOUR_STATES, GOODBYES, RESULTS } from '../../src/controller/contract.js';
import { PILES, POD_STATES } from '../../src/controller/piles.js';
import { createControllerMetrics } from '../../src/metrics/controller.js';
import { Metrics } from '../peers/metrics.js';
import { testWith } from '../peers/programs.js';
import { promtoolTest } from './alerts.js';
import { CONTROLLED, replica, type Replica } from './controller-lives.js';
import { areLaidOut, queriesOf, readDashboard, SCRAPES, unanswered } from './dashboards.js';
import type { Series } from './lives.js';
import { chartFor, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

const DASHBOARD = readDashboard('controller.json');
const LABELS = 'namespace="monitoring",controller="monitoring/tidegate",pod="a",instance="a:9180",job="tidegate-controller"';

const counts = (keys: readonly string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 1]));

/** Every series of a controller, each in a state in which a panel has something to show. */
async function everySeries(): Promise<Series[]> {
  const metrics = createControllerMetrics({
    version: '1',
    isLeader: () => true,
    isSynced: () => true,
    pods: () => counts(POD_STATES),
    heldPods: () => counts(PILES),
    heldBytes: () => counts(PILES),
    groups: () => [{ namespace: 'web', group: 'shop', colours: counts(COLOUR_STATES), oldestMs: 1_000 }],
    actions: () => Object.fromEntries(ACTIONS.map((action) => [action, counts(RESULTS)])),
    goodbyes: () => counts(GOODBYES),
    rights: () => [{ verb: 'patch', resource: 'pods', isMissing: true }],
    calls: () => ({ list: counts(['ok']) }),
    watchRestarts: () => counts(['pods']),
    lastLookMs: () => 1_000,
    lastSweepMs: () => 1_000,
    residentBytes: () => 1,
  });
  return new Metrics(await metrics.render()).samples.map(({ name, labels }) => {
    const own = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    // A group's namespace is its own, as honorLabels has it.
    const target = 'namespace' in labels ? LABELS.replace(/^namespace="[a-z]+",/, '') : LABELS;
    return { series: `${name}{${[target, ...own].join(',')}}`, values: valuesOf(name) };
  });
}

/** Counters grow; who leads has just begun to, each time. */
function valuesOf(name: string): string {
  if (name.endsWith('_total')) return `0+2x${SCRAPES}`;
  if (name.endsWith('_leader')) return Array.from({ length: SCRAPES }, (_, at) => 1 - (at % 2)).join(' ');
  return `1+0x${SCRAPES}`;
}

testWith(['promtool'], 'every query of every panel is answered by metrics as they are', async (t, { promtool }) => {
  const [queries, series] = [queriesOf(DASHBOARD), await everySeries()];
  t.same(await unanswered(t, promtool, series, queries), []);
  const wrong = [['wrong', 'sum(tidegate_controller_pod)'], ['label', 'tidegate_controller_pods{phase="safe"}']] as const;
  t.same(await unanswered(t, promtool, series, wrong), ['wrong', 'label'], 'it does look');
});

t.test('its panels show every metric, and each has a place', async (t) => {
  const texts = [...queriesOf(DASHBOARD).map(([, expr]) => expr), ...DASHBOARD.templating.list.map(({ definition = '' }) => definition)];
  for (const { series } of await everySeries()) {
    const [name] = series.split('{');
    t.ok(texts.some((text) => text.includes(`${name}{`) || text.includes(`${name},`)), name);
  }
  areLaidOut(t, DASHBOARD);
  const titles = DASHBOARD.panels.map(({ title }) => title);
  for (const title of [
    'Colours by state',
    'Age of the oldest colour',
    'Memory held',
    'Pods held',
    'Actions by result',
    'Goodbyes',
    'Pods by verdict',
  ]) {
    t.ok(titles.includes(title), title);
  }
  const names = DASHBOARD.templating.list.map(({ name }) => name);
  t.same(names, ['datasource', 'cluster', 'controller', 'namespace', 'group']);
});

const [a, b] = ['a', 'b'].map(replica);
/** `a` leads for ten minutes, then `b`; both have been there all the time. */
const TURNS: readonly Series[] = [
  a('leader', {}, [10, 1], [20, 0]),
  b('leader', {}, [10, 0], [20, 1]),
];
const both = (name: string, labels: Readonly<Record<string, string>>, of: number, ofOther = of): readonly Series[] =>
  [a, b].map((tell: Replica, index) => tell(name, labels, [20, index === 0 ? of : ofOther]));
const growing = (name: string, labels: Readonly<Record<string, string>>): readonly Series[] =>
  [a, b].map((tell: Replica) => tell(name, labels, [14.5, 0], [20, 6]));

/** What a panel shows of them 15 minutes in: of `b`, which leads. */
const SHOWN: Readonly<Record<string, readonly [lives: readonly Series[], shows: Readonly<Record<string, number>>]>> = {
  'Controllers that lead': [[], { '{}': 1 }],
  Replicas: [[], { '{}': 2 }],
  'Missing rights': [both('missing_right', { verb: 'patch', resource: 'pods' }, 1), { '{}': 1 }],
  'Pods by verdict': [both('pods', { state: 'safe' }, 7, 9), { '{state="safe"}': 9 }],
  'Memory held': [both('held_memory_bytes', { state: 'drained' }, 64, 96), { '{state="drained"}': 96 }],
  'Memory that they hold': [both('held_memory_bytes', { state: 'drained' }, 64, 96), { '{}': 96 }],
  'Colours by state': [
    both('colours', { namespace: 'web', group: 'shop', state: 'live' }, 0, 1),
    { '{namespace="web",group="shop",state="live"}': 1 },
  ],
  'Age of the oldest colour': [
    both('oldest_colour_timestamp_seconds', { namespace: 'web', group: 'shop' }, 0, 300),
    { '{namespace="web",group="shop"}': 600 },
  ],
  'Replicas over time': [
    both('synced', {}, 1),
    { '{controller="default/web",pod="a"}': 1, '{controller="default/web",pod="b"}': 2 },
  ],
  // Each one counts what happens while it leads.
  Goodbyes: [growing('goodbyes_total', { outcome: 'silent' }), { '{outcome="silent"}': 12 }],
};

for (const [title, [lives, shows]] of Object.entries(SHOWN)) {
  testWith(['promtool'], `${title}: a replica that stands by is not counted a second time`, async (t, { promtool }) => {
    const expr = queriesOf(DASHBOARD).find(([name]) => name.startsWith(`${title} `))?.[1] ?? '';
    const exp_samples = Object.entries(shows).map(([labels, value]) => ({ labels, value }));
    const test = {
      input_series: [...TURNS, ...lives],
      promql_expr_test: [{ expr: `(${expr}) > 0`, eval_time: '15m', exp_samples }],
    };
    const { code, stdout, stderr } = await promtoolTest(t, promtool, { groups: [] }, test);
    t.equal(code, 0, stdout + stderr);
  });
}

testWithTools('helm renders it as it is, beside the other, where there is a controller', async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate');
  for (const program of Object.values(helm)) {
    const dataOf = async (values: Values): Promise<Readonly<Record<string, string>>> => {
      const { objects } = await render(program, chart, { dashboard: { enabled: true }, ...values });
      return objects.find(({ kind }) => kind === 'ConfigMap')?.['data'] as Readonly<Record<string, string>>;
    };
    const data = await dataOf(CONTROLLED);
    t.same(JSON.parse(data['tidegate-controller.json']), DASHBOARD);
    t.same(Object.keys(await dataOf({})), ['tidegate.json']);
  }
});
