/**
 * Charts as users render them: a copy of a chart with the charts that it depends on inside, and what a
 * helm makes of it with given values, as objects. No cluster is asked.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { folderFor, run } from '../peers/running.js';

export type Values = Readonly<Record<string, unknown>>;

/** As much of any object of Kubernetes as all of them have. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Rendered {
  /** As helm prints it. */
  readonly text: string;
  readonly objects: readonly KubernetesObject[];
}

export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  /** Of the cluster, as in `v1.28.0`. */
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly isUpgrade?: boolean;
}

/** For each helm the same, whatever it was built with. */
export const KUBE_VERSION = 'v1.34.4';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** helm prints notes only of what it installs: a copy renders them as an object of this kind. */
const NOTES_KIND = 'RenderedNotes';
const NOTES_TEMPLATE = `kind: ${NOTES_KIND}
metadata: { name: notes }
text: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}
`;

interface ChartFile {
  readonly name: string;
  readonly dependencies?: readonly { readonly name: string; readonly repository: string }[];
}

/**
 * A copy of a chart of this repository (`charts/tidegate-example`) that any helm takes as it is: what
 * `helm dependency build` would pack is beside it, unpacked. It is gone when `t` is over.
 */
export function chartFor(t: Test, path: string): string {
  const folder = join(folderFor(t), basename(path));
  copyChart(join(ROOT, path), folder);
  return folder;
}

function copyChart(from: string, to: string): void {
  // A developer's own `helm dependency build` may be older than what it has packed.
  const isOwn = (path: string): boolean =>
    !['charts', 'Chart.lock'].includes(relative(from, path).split('/')[0]);
  cpSync(from, to, { recursive: true, filter: isOwn });
  const chart = parse(readFileSync(join(from, 'Chart.yaml'), 'utf8')) as ChartFile;
  for (const { name, repository } of chart.dependencies ?? []) {
    copyChart(join(from, repository.replace(/^file:\/\//, '')), join(to, 'charts', name));
  }
}

/** What `helm template` makes of it; rejects with what helm says if it refuses. */
export async function render(
  helm: string,
  chart: string,
  values: Values = {},
  options: RenderOptions = {},
): Promise<Rendered> {
  const { code, stdout, stderr } = await template(helm, chart, values, options);
  if (code !== 0) throw new Error(`${basename(chart)} is not rendered: ${stderr}`);
  const objects = parseAllDocuments(stdout).map((document) => {
    if (document.errors.length > 0) throw new Error(`${document.errors.join('\n')} in ${stdout}`);
    return document.toJS() as unknown;
  });
  return { text: stdout, objects: objects.filter((object) => object !== null) as KubernetesObject[] };
}

/** What helm says when it refuses these values; rejects if it takes them. */
export async function refusal(
  helm: string,
  chart: string,
  values: Values,
  options: RenderOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await template(helm, chart, values, options);
  if (code === 0) throw new Error(`${basename(chart)} is rendered with ${JSON.stringify(values)}: ${stdout}`);
  return stderr;
}

/** What a user is told behind an installation: the chart's NOTES.txt. */
export async function renderNotes(
  helm: string,
  chart: string,
  values: Values = {},
  options: RenderOptions = {},
): Promise<string> {
  const { objects } = await render(helm, withNotes(chart), values, options);
  return objects.find(({ kind }) => kind === NOTES_KIND)?.['text'] as string;
}

/** A copy beside the chart that renders its notes, if it has any, as one more object. */
export function withNotes(chart: string): string {
  if (!existsSync(join(chart, 'templates/NOTES.txt'))) return chart;
  const copy = join(chart, '../with-notes', basename(chart));
  if (!existsSync(copy)) {
    cpSync(chart, copy, { recursive: true });
    writeFileSync(join(copy, 'templates/rendered-notes.yaml'), NOTES_TEMPLATE);
  }
  return copy;
}

async function template(
  helm: string,
  chart: string,
  values: Values,
  options: RenderOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { release = 'web', namespace = 'default', kubeVersion = KUBE_VERSION } = options;
  const args = ['template', release, chart, '--namespace', namespace, '--values', '-'];
  args.push('--kube-version', kubeVersion);
  for (const version of options.apiVersions ?? []) args.push('--api-versions', version);
  if (options.isUpgrade === true) args.push('--is-upgrade');
  // No settings or caches of whoever runs the tests.
  const env = { HOME: join(chart, '..') };
  const ran = await run(helm, args, { input: JSON.stringify(values), env });
  const text = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
  return { code: ran.code, stdout: text(ran.stdout), stderr: text(ran.stderr) };
}
