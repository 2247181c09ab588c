/**
 * The dashboard: every query is answered by the metrics that tidegate really has, every panel has a
 * place of its own, and what helm renders is the file that people import by hand.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { createMetrics } from '../../src/metrics.js';
import { readDocument } from '../documents.js';
import { StagedDrain } from '../peers/drain.js';
import { Metrics } from '../peers/metrics.js';
import { testWith } from '../peers/programs.js';
import { folderFor, run } from '../peers/running.js';
import { chartFor, render } from './render.js';
import { testWithTools } from './tools.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const TEXT = readDocument('charts/tidegate/dashboards/tidegate.json');
const DASHBOARD = JSON.parse(TEXT) as Dashboard;
const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');
const VARIABLES = DASHBOARD.templating.list.map(({ name }) => name);
const LABELS = 'namespace="web",pod="a",instance="a:9180",app="chat",colour="blue",job="tidegate"';
const SCRAPES = 80;

/** As Grafana asks it when everything is selected; what stands for "none" is no answer. */
function asked(expr: string): string {
  const filled = VARIABLES.reduce((text, name) => text.replaceAll(`$${name}`, '.*'), expr);
  return filled.replaceAll(/\$__(rate_)?interval/g, '1m').replace(/ or vector\(0\)$/, '');
}

/** Every series of a tidegate, each in a state in which a panel has something to show. */
async function everySeries(): Promise<{ series: string; values: string }[]> {
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

/** Titles of those that have no answer. */
async function unanswered(
  t: Test,
  promtool: string,
  queries: readonly (readonly [title: string, expr: string])[],
): Promise<string[]> {
  const folder = folderFor(t);
  const input_series = await everySeries();
  const file = join(folder, 'test.yaml');
  const isAnswered = async (expr: string): Promise<boolean> => {
    const promql_expr_test = [
      {
        expr: `count(${expr}) > bool 0`,
        eval_time: '15m',
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ];
    const tests = [{ interval: '15s', input_series, promql_expr_test }];
    writeFileSync(file, stringify({ rule_files: [], evaluation_interval: '1m', tests }));
    return (await run(promtool, ['test', 'rules', file])).code === 0;
  };
  const silent: string[] = [];
  for (const [title, expr] of queries) if (!(await isAnswered(expr))) silent.push(title);
  return silent;
}

testWith(['promtool'], 'every query of every panel is answered by metrics as they are', async (t, { promtool }) => {
  const queries = PANELS.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => [`${title} ${legendFormat}`, asked(expr)] as const),
  );
  const drains = DASHBOARD.annotations.list.map(({ expr }) => ['annotation', asked(expr)] as const);
  t.ok(queries.length >= PANELS.length);
  t.same(await unanswered(t, promtool, [...queries, ...drains]), []);
  const wrong = [['wrong', 'sum(tidegate_connection)'], ['label', 'tidegate_phase{phases="serving"}']] as const;
  t.same(await unanswered(t, promtool, wrong), ['wrong', 'label'], 'it does look');
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
  const all = DASHBOARD.panels;
  t.equal(new Set(all.map(({ id }) => id)).size, all.length, 'ids');
  const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  t.equal(new Set(cells).size, cells.length, 'none overlaps');
  t.ok(all.every(({ gridPos: { x, w } }) => x + w <= 24));
  t.ok(PANELS.every(({ description = '' }) => /^[A-Z].*\.$/.test(description)), 'each is explained');
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
