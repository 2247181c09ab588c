/**
 * The chart that watches, on a cluster that has the Prometheus operator's CustomResourceDefinitions: the
 * API server itself takes all that the chart renders, to the last field, and refuses what is broken.
 */
import type { Test } from 'tap';
import { chartFor, type KubernetesObject } from '../charts/render.js';
import { run } from '../peers/running.js';
import { environment } from './cluster.js';
import { Namespace } from './namespace.js';
import { Release, testWithHelm } from './release.js';
import { CHART, defineKinds, EVERYTHING, ofKind, watching } from './watching.js';

const RELEASE = 'watch';
const ASK_MS_MAX = 60_000;

/** What the API server has of them is what was rendered: no field was dropped. */
async function areTaken(
  t: Test,
  namespace: Namespace,
  rendered: readonly KubernetesObject[],
): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: rendered };
  const text = await namespace.kubectl(['get', '-f', '-', '-o', 'json'], list);
  const { items } = JSON.parse(text) as { readonly items: readonly KubernetesObject[] };
  for (const [index, object] of rendered.entries()) {
    const { metadata, spec, data } = items[index];
    const { kind } = object;
    t.match({ metadata, spec, data }, onlyGiven(object), `${kind} ${metadata.name} is taken whole`);
  }
}

function onlyGiven({ metadata: { name, labels }, spec, data }: KubernetesObject): object {
  return JSON.parse(JSON.stringify({ metadata: { name, labels }, spec, data })) as object;
}

/** What the API server says against these, and not kubectl, which knows the definitions as well. */
async function refusals(namespace: Namespace, items: readonly object[]): Promise<string> {
  const apply = ['apply', '--dry-run=server', '--validate=false', '-f', '-'];
  const [program, ...args] = namespace.command(...apply);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const options = { input, env: environment(), timeoutMs: ASK_MS_MAX };
  const { stdout, stderr } = await run(program, args, options);
  return stdout + stderr;
}

/** The same object with one text in it replaced by another. */
function broken(object: KubernetesObject, from: RegExp, to: string): object {
  const text = JSON.stringify(object);
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${object.kind} has no ${from.source}`);
  return JSON.parse(changed) as object;
}

async function brokenAreRefused(
  t: Test,
  namespace: Namespace,
  objects: readonly KubernetesObject[],
): Promise<void> {
  const [monitor, rule] = ['PodMonitor', 'PrometheusRule'].map((kind) => ofKind(objects, kind));
  const breaks = [
    [monitor, /"interval":"[^"]+"/, '"interval":"soon"', /\.interval: Invalid value/],
    [monitor, /"action":"keep"/, '"action":"hold"', /\.action: Unsupported value/],
    [rule, /"expr":/, '"expression":', /\.expr: Required value/],
    [rule, /"severity":"[^"]+"/, '"severity":1', /\.severity: Invalid value/],
  ] as const;
  const said = await refusals(
    namespace,
    breaks.map(([object, from, to]) => broken(object, from, to)),
  );
  for (const [{ kind }, , to, fault] of breaks) t.match(said, fault, `no ${kind} with ${to}`);
  t.notMatch(said, /server dry run/, 'none of them is taken');
}

testWithHelm(
  'The API server takes what the chart has for the Prometheus operator, and refuses what is broken',
  async (t, cluster, helm, tools) => {
    await defineKinds(cluster, tools);
    const namespace = await Namespace.create(t, cluster);
    const objects = await watching(t, tools, namespace.name, RELEASE);
    t.equal(objects.length, 4, 'a PodMonitor, a PrometheusRule, a dashboard, a NetworkPolicy');
    for (const version of [3, 4] as const) {
      const release = new Release(namespace, helm[version], chartFor(t, CHART), RELEASE);
      await release.install(EVERYTHING);
      await areTaken(t, namespace, objects);
      await release.uninstall();
    }
    await brokenAreRefused(t, namespace, objects);
  },
  { kit: true },
);
