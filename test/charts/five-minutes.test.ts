/**
 * What README's "Five minutes" adds to a chart: few lines, which render a pod with tidegate, and taken
 * out by `tidegate.enabled` the very pod that was there before.
 */
import t from 'tap';
import { type KubernetesObject, render, type Values } from './render.js';
import { testWithTools } from './tools.js';
import {
  adoptedChart,
  blocksOfWalkthrough,
  changesOf,
  parseDiff,
  plainChart,
} from './walkthrough.js';

const LINES_MAX = 10;
const DEPLOYMENT = 'web/templates/deployment.yaml';

t.test('a Deployment needs at most ten lines', (t) => {
  const changes = changesOf(blocksOfWalkthrough());
  const [deployment] = changes.filter(({ path }) => path === DEPLOYMENT);
  const { added, removed } = deployment;
  t.ok(added.length <= LINES_MAX, `${added.length} lines`);
  for (const line of added) t.match(line, 'include "tidegate.', 'each is a line of the library');
  t.ok(
    removed.every((line) => /(name|port): http$/.test(line)),
    'what goes is the name of the port, which tidegate takes over',
  );
  t.same(
    changes.map(({ path }) => path),
    ['web/Chart.yaml', DEPLOYMENT],
    'and the dependency: nothing else is changed',
  );
  t.end();
});

t.test('a change that says what is not so is refused', (t) => {
  const diff = '--- a\n+++ a\n@@ -1,1 +1,2 @@\n old\n+new\n';
  t.match(parseDiff(diff), { path: 'a', added: ['new'], removed: [] });
  t.throws(() => parseDiff(diff.replace('+1,2', '+1,3')), /1 and 2 lines/);
  t.throws(() => parseDiff(diff.replace('+++ a', '')), /no file/);
  t.throws(() => blocksOfWalkthrough('\n## Five minutes\n```js\n1;\n```\n'), /nobody knows/);
  t.throws(() => blocksOfWalkthrough(''), /no heading/);
  t.end();
});

testWithTools('what the lines render comes and goes as a whole', async (t, { helm }) => {
  const [plain, adopted] = [plainChart(t), adoptedChart(t)];
  for (const version of [3, 4] as const) {
    const objects = async (chart: string, values?: Values): Promise<readonly KubernetesObject[]> =>
      (await render(helm[version], chart, values)).objects;
    const before = await objects(plain);
    const after = await objects(adopted);
    t.match(deploymentOf(after), {
      spec: { template: { spec: { initContainers: [{ name: 'tidegate' }] } } },
    });
    t.same(servicesOf(after), servicesOf(before), `helm ${version}: the Service stays as it is`);
    const without = await objects(adopted, { tidegate: { enabled: false } });
    t.same(said(without), said(before), `helm ${version}: disabled, it leaves nothing behind`);
  }
});

function deploymentOf(objects: readonly KubernetesObject[]): KubernetesObject {
  const [deployment] = objects.filter(({ kind }) => kind === 'Deployment');
  return deployment;
}

function servicesOf(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return objects.filter(({ kind }) => kind === 'Service');
}

/** Without keys that have nothing, which Kubernetes takes for keys that are not there. */
function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, said(inner)]));
}
