/**
 * The dashboard: every query is answered by the metrics that tidegate really has, every panel has a
 * place of its own, and what helm renders is the file that people import by hand.
 */
import t from 'tap';
import { createMetrics } from '../../src/metrics.js';
import { StagedDrain } from '../peers/drain.js';
import { Metrics } from '../peers/metrics.js';
import { testWith } from '../peers/programs.js';
import { areLaidOut, queriesOf, readDashboard, SCRAPES, unanswered } from './dashboards.js';
import type { Series } from './lives.js';
import { chartFor, render } from './render.js';
import { testWithTools } from './tools.js';

const DASHBOARD = readDashboard('tidegate.json');
const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');
const VARIABLES = DASHBOARD.templating.list.map(({ name }) => name);
const LABELS = 'namespace="web",pod="a",instance="a:9180",app="chat",colour="blue",job="tidegate"';

/** Every series of a tidegate, each in a state in which a panel has something to show. */
async function everySeries(): Promise<Series[]> {
  const { clock, traffic, drain } = new StagedDrain();
  const sources = { clock, tracker: traffic.tracker, drain, health: { up: false }, version: '1' };
  const { samples } = new Metrics(await createMetrics(sources).render());
  const all = samples.map(({ name, labels }) => {
    const own = Object.entries(labels).map(([key, value]) => `,${key}="${value}"`);
    return { series: `${name}{${LABELS}${own.join('')}}`, values: valuesOf(name, labels) };
  });
  return [...all, { series: `up{${LABELS}}`, values: `0+0x${SCRAPES}` }];
}

/** Connections become fewer, counters more; a deadline is to come, and a drain begins at a time. */
function valuesOf(name: string, labels: Readonly<Record<string, string>>): string {
  if (labels['phase'] === 'drained') return `0+0x${SCRAPES}`;
  if (name.endsWith('_connections')) return `1000-1x${SCRAPES}`;
  if (name.endsWith('_deadline_timestamp_seconds')) return `9000+0x${SCRAPES}`;
  if (name.endsWith('_start_timestamp_seconds')) return `1+1x${SCRAPES}`;
  if (/_(total|count|sum|bucket)$/.test(name)) return `0+2x${SCRAPES}`;
  if (name.endsWith('_app_up')) return `0+0x${SCRAPES}`;
  return `1+0x${SCRAPES}`;
}

testWith(['promtool'], 'every query of every panel is answered by metrics as they are', async (t, { promtool }) => {
  const [queries, series] = [queriesOf(DASHBOARD), await everySeries()];
  t.ok(queries.length > PANELS.length);
  t.same(await unanswered(t, promtool, series, queries), []);
  const wrong = [['wrong', 'sum(tidegate_connection)'], ['label', 'tidegate_phase{phases="serving"}']] as const;
  t.same(await unanswered(t, promtool, series, wrong), ['wrong', 'label'], 'it does look');
});

t.test('the panels are those that were promised, and each has a place', (t) => {
  const titles = PANELS.map(({ title }) => title);
  for (const title of [
    'Connections by colour',
    'Active connections by kind',
    'Age of the oldest by kind',
    'Endings in drains by outcome',
    'Phase of each pod',
    'Late requests',
    'Predicted time to zero',
  ]) {
    t.ok(titles.includes(title), title);
  }
  areLaidOut(t, DASHBOARD);
  t.match(VARIABLES, ['datasource', 'cluster', 'namespace', 'app', 'colour']);
  t.end();
});

testWithTools('what helm renders is the file, in the folder that is asked for', async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate');
  for (const program of Object.values(helm)) {
    const { objects } = await render(program, chart, { dashboard: { enabled: true, folder: 'Pods' } });
    const [{ metadata, data }] = objects as unknown as { metadata: Record<string, unknown>; data: Record<string, string> }[];
    t.match(metadata, { labels: { grafana_dashboard: '1' }, annotations: { grafana_folder: 'Pods' } });
    t.same(JSON.parse(data['tidegate.json']), DASHBOARD);
  }
});
