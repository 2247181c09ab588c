/**
 * What the chart that watches has a Prometheus do: the scrape configuration of its README, the rules
 * and the dashboard as rendered, and all that they ask.
 */
import type { Test } from 'tap';
import { parse } from 'yaml';
import { chartFor, type KubernetesObject, render, type Values } from '../charts/render.js';
import type { Tools } from '../charts/tools.js';
import { readDocument } from '../documents.js';
import type { Prometheus } from '../peers/prometheus.js';
import { until } from '../peers/until.js';
import { type Cluster, kubectl } from './cluster.js';
import type { ScrapeConfig } from './node-prometheus.js';

export const CHART = 'charts/tidegate';
/** Values that ask for all that it has. */
export const EVERYTHING = {
  podMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  networkPolicy: { enabled: true },
} as const;
const SEEN_MS_MAX = 60_000;
/** The series that are asked for, with the labels that they must have. */
const SELECTOR = /\b(?:up|(?:tidegate|kube)_[a-z_]+)\b(?:\{[^}]*\})?/g;

/** A query, and where it stands. */
export interface Query {
  readonly title: string;
  readonly query: string;
}

interface Panel {
  readonly title: string;
  readonly panels?: readonly Panel[];
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Alert[];
}

/**
 * Has the cluster know the kinds of the Prometheus operator. They stay: other tests may have begun to use
 * them, and the cluster is the tests' own.
 */
export async function defineKinds(cluster: Cluster, { crds }: Tools): Promise<void> {
  // Too large for the annotation that an apply by the client would keep.
  await kubectl(cluster, ['apply', '--server-side', '--force-conflicts', '-f', crds]);
  await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=50s', '-f', crds]);
}

/** All of the chart, as it is rendered for this namespace. */
export async function watching(
  t: Test,
  { helm }: Tools,
  namespace = 'default',
  release = 'watch',
  others: Values = {},
): Promise<readonly KubernetesObject[]> {
  const chart = chartFor(t, CHART);
  const values = { ...EVERYTHING, ...others };
  return (await render(helm[4], chart, values, { namespace, release })).objects;
}

/** The one object of a kind. */
export function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} is rendered`);
  return found;
}

export function groupsOf(objects: readonly KubernetesObject[]): readonly Group[] {
  return (ofKind(objects, 'PrometheusRule')['spec'] as { groups: Group[] }).groups;
}

/** As the chart's README has it. */
export function scrapeConfigs(): readonly ScrapeConfig[] {
  const blocks = readDocument(`${CHART}/README.md`).matchAll(/^```yaml\n(.*?)^```$/gms);
  const block = [...blocks]
    .map(([, text]) => text)
    .find((text) => text.startsWith('scrape_configs:'));
  if (block === undefined) throw new Error('README.md has no scrape_configs');
  return (parse(block) as { scrape_configs: ScrapeConfig[] }).scrape_configs;
}

/**
 * Every panel's, as Grafana would ask for `namespace`. Scrapes are 15 times as dense as users have
 * them, and so are the steps of subqueries.
 */
export function panelQueries(
  objects: readonly KubernetesObject[],
  namespace: string,
  file = 'tidegate.json',
): readonly Query[] {
  const text = (ofKind(objects, 'ConfigMap')['data'] as Record<string, string>)[file];
  const { panels, templating } = JSON.parse(text) as Dashboard;
  const values = new Map(templating.list.map(({ name }) => [name, '.*']));
  values.set('namespace', namespace).set('__rate_interval', '10s');
  const filled = (expr: string): string =>
    expr
      .replace(/\$(?:\{(\w+)\}|(\w+))/g, (mark, braced?: string, bare?: string) => {
        const value = values.get(braced ?? bare ?? '');
        if (value === undefined) throw new Error(`nobody knows ${mark} of ${expr}`);
        return value;
      })
      .replace(/:15s\]/g, ':1s]');
  return panels
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ title, query: filled(expr) })),
    );
}

/** All are loaded under their names, have been evaluated, and without an error. */
export async function rulesAreHealthy(
  t: Test,
  prometheus: Prometheus,
  alerts: readonly Alert[],
): Promise<void> {
  const areKnown = async (): Promise<boolean> =>
    (await prometheus.rules()).every(({ health }) => health !== 'unknown');
  await until(areKnown, 'all rules have been evaluated', SEEN_MS_MAX);
  const rules = await prometheus.rules();
  t.same(
    rules.map(({ name, health, lastError = '' }) => `${name}: ${health}${lastError}`),
    alerts.map(({ alert }) => `${alert}: ok`),
    'all rules are loaded, and healthy',
  );
}

/** The selectors in a query; there is at least one. */
export function selectorsOf({ title, query }: Query): readonly string[] {
  const selectors = query.match(SELECTOR) ?? [];
  if (selectors.length === 0) throw new Error(`${title} asks for nothing: ${query}`);
  return selectors;
}
