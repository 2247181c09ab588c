/**
 * The example: what of its Deployment is the library's, and its pod for those who have no Helm, or a chart
 * that is not theirs. The README's texts are held to what is rendered.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import type { Container, Deployment, PodSpec } from '../cluster/manifest.js';
import { readDocument } from '../documents.js';
import {
  chartFor,
  type KubernetesObject,
  refusal,
  render,
  renderNotes,
  type Values,
} from './render.js';
import { testWithTools } from './tools.js';

const EXAMPLE = 'charts/tidegate-example';
const README = readDocument(`${EXAMPLE}/README.md`);
const LINES_MAX = 9;
/** What a line of the Deployment looks like that is there for tidegate. */
const OF_LIBRARY = 'include "tidegate.';
/** What the README's values make of the library's. */
const MOVED = { gracePeriod: 600, listen: 3000, app: 3001, portName: 'clients' };

function testWithBoth(title: string, body: (t: Test, helm: string) => Promise<void>): void {
  testWithTools(title, async (t, { helm }) => {
    for (const program of Object.values(helm)) await body(t, program);
  });
}

function deploymentOf(objects: readonly KubernetesObject[]): Deployment {
  return objects.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
}

/** Of an object's fields, those that say something. */
function withoutEmpty(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object, (_, value: unknown) => value ?? undefined));
}

/** The lines of a block of YAML in the README that begins with this. */
function blockWith(beginning: string): string {
  const blocks = [...README.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block);
  const found = blocks.find((block) => block.trimStart().startsWith(beginning));
  if (found === undefined) throw new Error(`no block begins with ${beginning}`);
  return found;
}

testWithBoth('fewer than ten lines make it more than a plain app’s chart', async (t, helm) => {
  const chart = chartFor(t, EXAMPLE);
  const { objects } = await render(helm, chart, { tidegate: { enabled: false } });
  const file = join(chart, 'templates/deployment.yaml');
  const lines = readFileSync(file, 'utf8').split('\n');
  const ofLibrary = lines.filter((line) => line.includes(OF_LIBRARY));
  t.ok(ofLibrary.length <= LINES_MAX, `${ofLibrary.length} lines`);
  t.equal(blockWith('{{- include'), `${ofLibrary.join('\n')}\n`, 'which the README shows');
  const plain = lines.map((line) => line.replace(/\{\{.*appPortName.*\}\}/, 'http'));
  writeFileSync(file, plain.filter((line) => !line.includes(OF_LIBRARY)).join('\n'));
  const without = await render(helm, chart, { tidegate: { enabled: false } });
  t.same(withoutEmpty(without.objects), withoutEmpty(objects));
  t.notMatch(without.text, 'tidegate.dev');
});

testWithBoth('plain.yaml is the chart', async (t, helm) => {
  const { objects } = await render(helm, chartFor(t, EXAMPLE), {});
  const plain = parseAllDocuments(readDocument(`${EXAMPLE}/plain.yaml`));
  t.same(
    plain.map((document) => document.toJS() as unknown),
    objects,
  );
});

testWithBoth('a foreign chart takes the same pod as values', async (t, helm) => {
  const values = parse(blockWith('terminationGracePeriodSeconds:')) as Record<string, unknown>;
  const foreign = await render(helm, chartFor(t, 'test/charts/foreign'), values);
  const own = { app: { port: 3001 }, tidegate: MOVED };
  const example = await render(helm, chartFor(t, EXAMPLE), own);
  const [pod, expected] = [foreign, example].map(({ objects }) => deploymentOf(objects).spec.template);
  t.same(pod.spec.initContainers, expected.spec.initContainers);
  t.same(pod.spec.volumes, expected.spec.volumes);
  t.equal(pod.spec.terminationGracePeriodSeconds, expected.spec.terminationGracePeriodSeconds);
  t.same(pod.spec.containers[0].lifecycle, expected.spec.containers[0].lifecycle);
  t.same(pod.metadata.annotations, expected.metadata.annotations);
  t.match(expected.metadata.labels, values['podLabels']);
  t.same(pod.spec.containers[0].env, [{ name: 'PORT', value: String(MOVED.app) }]);
  t.equal(pod.spec.containers[0].ports?.[0].containerPort, MOVED.listen, 'where its Service looks');
});

testWithBoth('and the classic sidecar, changed as the README says', async (t, helm) => {
  const { initContainers } = parse(blockWith('terminationGracePeriodSeconds:')) as PodSpec;
  const [{ restartPolicy, ...sidecar }] = initContainers ?? [];
  t.equal(restartPolicy, 'Always');
  const changed = JSON.parse(
    JSON.stringify(sidecar).replace('"native"', '"classic"').replace('notice.mjs"', '$&,"--wait"'),
  ) as Container;
  const user = await render(helm, chartFor(t, 'test/charts/library-user'), { tidegate: MOVED });
  const classic = user.objects.find(({ metadata }) => metadata.name === 'classic');
  const { containers } = (classic as unknown as Deployment).spec.template.spec;
  t.same(
    changed,
    containers.find(({ name }) => name === 'tidegate'),
  );
});

testWithBoth('values say which app it is and how it is run', async (t, helm) => {
  const app = {
    image: 'my-app:2',
    pullPolicy: 'Always',
    command: ['/serve'],
    args: ['--quietly'],
    env: [{ name: 'A', value: 'b' }],
    port: 4000,
    readinessPath: '/healthz',
    volumes: [{ name: 'files', configMap: { name: 'files' } }],
    volumeMounts: [{ name: 'files', mountPath: '/files' }],
  };
  const chart = chartFor(t, EXAMPLE);
  const { objects } = await render(helm, chart, { app, tidegate: { app: 4000 } });
  const { spec } = deploymentOf(objects).spec.template;
  t.match(spec.containers[0], {
    image: 'my-app:2',
    imagePullPolicy: 'Always',
    command: ['/serve'],
    args: ['--quietly'],
    env: app.env,
    ports: [{ name: 'app', containerPort: 4000 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 4000 } },
    volumeMounts: app.volumeMounts,
  });
  t.same(spec.volumes?.[0], app.volumes[0]);
  const elsewhere = await refusal(helm, chart, { app: { port: 4000 } });
  t.match(elsewhere, /app\.port 4000 is not where tidegate looks for the app: set tidegate\.app \(3000\)/);
  t.match(await refusal(helm, chart, { app: { prot: 4000 } }), 'prot');
  t.match(await refusal(helm, chart, { replica: 1 }), 'replica');
});

testWithBoth('the chat is the one of this tidegate, wherever that is', async (t, helm) => {
  const chart = chartFor(t, EXAMPLE);
  const image = { repository: 'registry.example/tidegate', tag: '0.1.1' };
  for (const enabled of [true, false]) {
    const { objects } = await render(helm, chart, { tidegate: { image, enabled } });
    const { containers } = deploymentOf(objects).spec.template.spec;
    t.equal(containers[0].image, 'registry.example/tidegate:0.1.1');
  }
});

testWithBoth("the Service has the name of the clients' port", async (t, helm) => {
  const chart = chartFor(t, EXAMPLE);
  const targetPort = async (values: Values): Promise<unknown> => {
    const { objects } = await render(helm, chart, values);
    const service = objects.find(({ kind }) => kind === 'Service');
    return (service?.['spec'] as { ports: { targetPort: unknown }[] }).ports[0].targetPort;
  };
  t.equal(await targetPort({}), 'http');
  t.equal(await targetPort({ tidegate: { portName: 'web' } }), 'web');
  t.equal(await targetPort({ service: { targetPort: 8080 } }), 8080);
  t.match(
    await refusal(helm, chart, { service: { targetPort: 'https' } }),
    'tidegate-example: service.targetPort https is the name of no port: that for clients has the name tidegate.portName (http)',
  );
});

testWithBoth('a release may have a number for a name', async (t, helm) => {
  const { text } = await render(helm, chartFor(t, EXAMPLE), {}, { release: '123' });
  t.match(text, '\n  name: "123"\n');
  t.notMatch(text, /: 123$/m, 'which YAML would take for one');
});

testWithBoth('the notes say what to try', async (t, helm) => {
  const chart = chartFor(t, EXAMPLE);
  const options = { namespace: 'chats' };
  const notes = await renderNotes(helm, chart, { tidegate: { listen: 9000, name: 'tide' } }, options);
  t.match(notes, /kubectl --namespace chats port-forward deployment\/web 8080:9000\n/);
  t.match(notes, / exec deployment\/web -c tide -- /);
  const plain = await renderNotes(helm, chart, { tidegate: { enabled: false } }, options);
  t.match(plain, / 8080:3000\n/);
  t.notMatch(plain, 'tidegate');
});

testWithBoth('the notes warn of a grace period that others do not wait for', async (t, helm) => {
  const chart = chartFor(t, EXAMPLE);
  const notesWith = (gracePeriod: number | string): Promise<string> =>
    renderNotes(helm, chart, { tidegate: { gracePeriod } });
  t.notMatch(await notesWith('10m'), 'Warning');
  t.match(await notesWith('11m'), /\nWarning: gracePeriod is 11m\. .*autoscaler/s);
});

testWithTools('the example is of this version of tidegate', async (t) => {
  const { version } = JSON.parse(readDocument('package.json')) as { version: string };
  const chart = parse(readDocument(`${EXAMPLE}/Chart.yaml`)) as Record<string, string>;
  t.same([chart['version'], chart['appVersion']], [version, version]);
  return Promise.resolve();
});
