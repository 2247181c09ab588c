/**
 * A dashboard of the chart as Grafana reads it, and whether a Prometheus has an answer to its queries:
 * promtool says.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import { readDocument } from '../documents.js';
import { folderFor, run } from '../peers/running.js';
import type { Series } from './lives.js';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}
/** By title. */
export type Queries = readonly (readonly [title: string, expr: string])[];

/** How many scrapes a series has: 20 minutes of every 15 s. */
export const SCRAPES = 80;

export function readDashboard(file: string): Dashboard {
  return JSON.parse(readDocument(`charts/tidegate/dashboards/${file}`)) as Dashboard;
}

/** As Grafana asks them when everything is selected; what stands for "none" is no answer. */
export function queriesOf({ panels, annotations, templating }: Dashboard): Queries {
  const asked = (expr: string): string => {
    const filled = templating.list.reduce((text, { name }) => text.replaceAll(`$${name}`, '.*'), expr);
    return filled.replaceAll(/\$__(rate_)?interval/g, '1m').replace(/ or vector\(0\)$/, '');
  };
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => [`${title} ${legendFormat}`, asked(expr)] as const),
    ),
    ...annotations.list.map(({ expr }) => ['annotation', asked(expr)] as const),
  ];
}

/** Titles of those that have no answer where there are these series. */
export async function unanswered(
  t: Test,
  promtool: string,
  input_series: readonly Series[],
  queries: Queries,
): Promise<string[]> {
  const file = join(folderFor(t), 'test.yaml');
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

/** Every panel has an id and a place of its own, and is explained. */
export function areLaidOut(t: Test, { panels }: Dashboard): void {
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids');
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  t.equal(new Set(cells).size, cells.length, 'none overlaps');
  t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  const shown = panels.filter(({ type }) => type !== 'row');
  t.ok(shown.every(({ description = '' }) => /^[A-Z].*\.$/.test(description)), 'each is explained');
}
