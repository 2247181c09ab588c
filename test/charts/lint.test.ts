/**
 * All charts as their users get them: without a complaint by either helm's strict linter, packed with
 * their dependencies by either helm, and of one version.
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { readDocument } from '../documents.js';
import { folderFor, run } from '../peers/running.js';
import { chartFor, KUBE_VERSION, refusal } from './render.js';
import { testWithTools } from './tools.js';

const CHARTS = ['charts/tidegate-lib', 'charts/tidegate', 'charts/tidegate-example'];

interface Chart {
  readonly version: string;
  readonly appVersion: string;
  readonly dependencies?: readonly { readonly version: string }[];
}

for (const chart of CHARTS) {
  testWithTools(`neither helm's linter complains of ${chart}`, async (t, { helm }) => {
    const folder = chartFor(t, chart);
    for (const [major, program] of Object.entries(helm)) {
      const args = ['lint', '--strict', '--kube-version', KUBE_VERSION, folder];
      const { code, stdout, stderr } = await run(program, args, { env: { HOME: folderFor(t) } });
      t.equal(code, 0, `helm ${major}: ${stdout}${stderr}`);
      t.notMatch(stdout, /\[(WARNING|ERROR)\]/, `helm ${major}`);
    }
  });
}

testWithTools('a helm packs the library into a chart that depends on it', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const charts = join(chartFor(t, 'charts/tidegate-example'), '..');
    const library = chartFor(t, 'charts/tidegate-lib');
    const folder = join(charts, 'tidegate-example');
    await run('/bin/sh', ['-c', 'rm -r "$1/charts" && cp -r "$0" "$1/.."', library, folder]);
    const args = ['dependency', 'build', folder];
    const { code, stderr } = await run(program, args, { env: { HOME: charts } });
    t.equal(code, 0, stderr);
    t.same(readdirSync(join(folder, 'charts')), [`${basename(library)}-0.1.0.tgz`]);
  }
});

t.test('charts are of one version, which is that of tidegate', (t) => {
  const { version } = JSON.parse(readDocument('package.json')) as { version: string };
  for (const chart of CHARTS) {
    const { dependencies = [], ...own } = parse(readDocument(`${chart}/Chart.yaml`)) as Chart;
    const versions = [own.version, own.appVersion, ...dependencies.map((one) => one.version)];
    t.same(new Set(versions), new Set([version]), chart);
  }
  t.end();
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly [keyword: string]: unknown;
}

/** Where in a schema an object has known keys, and takes others too. */
function openIn(schema: Schema, path = ''): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    openIn(value, `${path}.${key}`),
  );
  const isOpen = schema.properties !== undefined && schema.additionalProperties !== false;
  return [...(isOpen ? [path === '' ? '(values)' : path] : []), ...inner];
}

for (const chart of CHARTS) {
  testWithTools(`${chart} refuses values that it does not know`, async (t, { helm }) => {
    const schema = JSON.parse(readDocument(`${chart}/values.schema.json`)) as Schema;
    t.same(openIn(schema), []);
    const isLibrary = chart === 'charts/tidegate-lib';
    const folder = chartFor(t, isLibrary ? 'test/charts/library-user' : chart);
    const values = isLibrary ? { tidegate: { unknown: 1 } } : { unknown: 1 };
    for (const program of Object.values(helm)) {
      t.match(await refusal(program, folder, values), "additional properties 'unknown' not allowed");
    }
  });
}

t.test('an object that takes unknown keys is found in a schema', (t) => {
  const inner = { properties: { x: {} } };
  t.same(openIn({ properties: { a: inner, b: {} }, additionalProperties: false }), ['.a']);
  t.end();
});
