/**
 * The library's lines in a Deployment, in both forms and by both helms: the pod of test/cluster/manifests,
 * which all tests on the cluster run, and the app as it was where tidegate is disabled.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { COLOUR_LABEL, DRAIN_ANNOTATION, SIDECAR_LABEL } from '../../src/kubernetes/keys.js';
import type { Deployment, ManifestName, PodSpec } from '../cluster/manifest.js';
import { readDocument } from '../documents.js';
import { libraryBy, named, sentenceOf, testWithBoth, variablesOf } from './library.js';
import { chartFor, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

function manifestOf(name: ManifestName): PodSpec {
  const text = readFileSync(new URL(`../cluster/manifests/${name}.yaml`, import.meta.url), 'utf8');
  const [, deployment] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  return (deployment as Deployment).spec.template.spec;
}

testWithBoth('the pod is the one that the tests on the cluster run', async (t, { pods }) => {
  const { native, classic } = await pods({ podInfo: false });
  const [manifest, beside] = (['native', 'classic'] as const).map(manifestOf);
  t.same(native.spec.initContainers, manifest.initContainers);
  t.same(named(classic.spec.containers, 'tidegate'), named(beside.containers, 'tidegate'));
  for (const { spec } of [native, classic]) {
    const [app, expected] = [spec, manifest].map(({ containers }) => named(containers, 'app'));
    t.same(app.lifecycle, expected.lifecycle);
    t.equal(spec.terminationGracePeriodSeconds, manifest.terminationGracePeriodSeconds);
  }
});

testWithBoth('the pod can be found, read and drained by its annotation', async (t, { pods }) => {
  const { native } = await pods({ colour: '1234567', admin: 9999 });
  t.same(native.metadata.labels, {
    app: 'native',
    [SIDECAR_LABEL]: 'true',
    [COLOUR_LABEL]: '1234567',
  });
  t.same(native.metadata.annotations, {
    'traffic.sidecar.istio.io/excludeInboundPorts': '9999',
    'config.linkerd.io/skip-inbound-ports': '9999',
  });
  const [volume] = native.spec.volumes as { name: string; downwardAPI: object }[];
  t.same(volume.downwardAPI, {
    items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }],
  });
  const { volumeMounts } = named(native.spec.initContainers, 'tidegate');
  t.same(volumeMounts, [{ name: volume.name, mountPath: '/pod-info', readOnly: true }]);
  t.equal(variablesOf(native)['TIDEGATE_POD_INFO_DIR'], '/pod-info');
});

testWithBoth('a mesh leaves alone what the app has for it, too', async (t, { pods }) => {
  const { native } = await pods({ skipInboundPorts: [15_020, 9180, 8443] });
  for (const ports of Object.values(native.metadata.annotations ?? {})) {
    t.equal(ports, '9180,15020,8443');
  }
});

testWithBoth('a colour of digits alone is a text', async (t, { pods }) => {
  for (const colour of [1_234_567, 123_456_789_012, '0123456', '12e4567']) {
    const { native } = await pods({ colour });
    t.equal(native.metadata.labels?.[COLOUR_LABEL], String(colour));
  }
});

testWithBoth('what a pod can do without is taken out by null', async (t, { pods }) => {
  const keys = ['resources', 'adminTokenSecret', 'appPreStop', 'extraEnv', 'colour', 'skipInboundPorts'];
  const nothing = Object.fromEntries(keys.map((key) => [key, null]));
  const image = { digest: null, pullPolicy: null };
  const [{ native }, usual] = [await pods({ ...nothing, image }), await pods({})];
  const [{ resources, ...sidecar }] = usual.native.spec.initContainers ?? [];
  t.ok(resources, 'what is there else');
  t.same(native.spec.initContainers, [sidecar]);
  t.same(native.metadata, usual.native.metadata);
  t.same(native.spec.containers, usual.native.spec.containers);
});

testWithTools('one of several Deployments may have values of its own', async (t, { helm }) => {
  const chart = chartFor(t, 'test/charts/library-user');
  const readme = readDocument('charts/tidegate-lib/README.md');
  const [, lines] = /^```yaml\n(\{\{- \$tidegate .*?)^```$/ms.exec(readme) ?? [];
  const file = join(chart, 'templates/native.yaml');
  const [head, sidecar] = lines.split(/(?=^ +initContainers:)/m);
  const native = readFileSync(file, 'utf8');
  const replaced = native.replace(/^ +initContainers:\n.*\n/m, () => sidecar);
  t.not(replaced, native);
  writeFileSync(file, head + replaced);
  const worker = (tidegate: Values): Values => ({ worker: { tidegate } });
  for (const program of Object.values(helm)) {
    const { pods, refusal } = libraryBy(program, chart);
    const { native, classic } = await pods({ logLevel: 'warn' }, worker({ app: 3001 }));
    const variables = [native, classic].map(variablesOf);
    t.same(
      variables.map((one) => [one['TIDEGATE_APP'], one['TIDEGATE_LOG_LEVEL']]),
      [
        ['[$(POD_IP)]:3001', 'warn'],
        ['[$(POD_IP)]:3000', 'warn'],
      ],
    );
    t.match(
      sentenceOf(await refusal({}, worker({ gracePeriod: '1d' }))),
      'tidegate: gracePeriod 1d is not a duration',
    );
  }
});

testWithTools('texts stay texts, whatever YAML takes them for', async (t, { helm }) => {
  const chart = chartFor(t, 'test/charts/library-user');
  const tidegate = {
    name: '123',
    portName: 'yes',
    terminationMessagePath: '/dev/x # y',
    adminTokenSecret: { name: '1e3', key: 'null' },
  };
  for (const program of Object.values(helm)) {
    const { text } = await render(program, chart, { tidegate });
    t.match(text, '\n        - name: "123"\n');
    t.match(text, '{ name: "yes", containerPort: 8080 }');
    t.match(text, "terminationMessagePath: '/dev/x # y'\n");
    t.match(text, 'secretKeyRef: { name: "1e3", key: "null" }');
    const without = await render(program, chart, { tidegate: { portName: 'on', enabled: false } });
    t.match(without.text, '{ name: "on", containerPort: 3000 }');
  }
});

testWithBoth('a worker without a port is ready without one', async (t, { pods }) => {
  const { native, classic } = await pods({ readiness: false });
  for (const containers of [native.spec.initContainers, classic.spec.containers]) {
    const { readinessProbe, startupProbe, livenessProbe } = named(containers, 'tidegate');
    t.equal(readinessProbe, undefined);
    t.ok(startupProbe !== undefined && livenessProbe !== undefined, 'tidegate itself is looked at');
  }
});

testWithBoth('without tidegate the app is as it was', async (t, { pods }) => {
  const { native, classic } = await pods({ enabled: false, hostNetwork: true });
  const app = { name: 'app', image: 'my-app:1.0.0' };
  t.same(native, {
    metadata: { labels: { app: 'native' }, annotations: null },
    spec: {
      terminationGracePeriodSeconds: null,
      initContainers: null,
      containers: [{ ...app, ports: [{ name: 'http', containerPort: 3000 }], lifecycle: null }],
      volumes: null,
    },
  });
  t.same(classic.spec.containers, [{ ...app, lifecycle: null }]);
});

testWithBoth("the name of the clients' port moves from the app to tidegate", async (t, { pods }) => {
  const portsOf = (spec: PodSpec): string[] =>
    [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ ports = [] }) =>
      ports.map(({ name, containerPort }) => `${name} ${containerPort}`),
    );
  const alone = await pods({ enabled: false, portName: 'web' });
  t.same(portsOf(alone.native.spec), ['web 3000']);
  const beside = await pods({ portName: 'web', listen: 8081 });
  t.same(portsOf(beside.native.spec), ['web 8081', 'tidegate 9180', 'app 3000']);
});


testWithBoth('a number is written as one, however large it is', async (t, { pods }) => {
  const { native } = await pods({ gracePeriod: 1_000_000, closeRate: 1_000_000 });
  t.equal(native.spec.terminationGracePeriodSeconds, 1_000_000);
  const { TIDEGATE_GRACE_PERIOD, TIDEGATE_CLOSE_RATE } = variablesOf(native);
  t.same([TIDEGATE_GRACE_PERIOD, TIDEGATE_CLOSE_RATE], ['1000000s', '1000000']);
});

testWithBoth("the grace period may be a duration, and is the pod's in seconds", async (t, { pods }) => {
  const { classic } = await pods({ gracePeriod: '1h0.5m' });
  t.equal(classic.spec.terminationGracePeriodSeconds, 3630);
  t.equal(variablesOf(classic)['TIDEGATE_GRACE_PERIOD'], '3630s');
});

testWithBoth("the admin port's token comes from a Secret", async (t, { pods }) => {
  const { native } = await pods({ adminTokenSecret: { name: 'web-admin' } });
  const { env } = named(native.spec.initContainers, 'tidegate');
  const told = env?.find(({ name }) => name === 'TIDEGATE_ADMIN_TOKEN');
  t.same(told?.valueFrom, { secretKeyRef: { name: 'web-admin', key: 'token' } });
});

t.test('the image is of this version, and the library too', (t) => {
  const { version } = JSON.parse(readDocument('package.json')) as { version: string };
  const chart = parse(readDocument('charts/tidegate-lib/Chart.yaml')) as Record<string, string>;
  const values = parse(readDocument('charts/tidegate-lib/values.yaml')) as { image: { tag: string } };
  t.same([chart['version'], chart['appVersion'], values.image.tag], [version, version, version]);
  t.end();
});

t.test('the keys of labels and annotations are those of the source', (t) => {
  const texts = ['templates/_pod.tpl', 'values.yaml', 'values.schema.json'].map((file) =>
    readDocument(`charts/tidegate-lib/${file}`),
  );
  const keys = texts.flatMap((text) => text.match(/tidegate\.dev\/[a-z-]+/g) ?? []);
  t.same(new Set(keys), new Set([SIDECAR_LABEL, COLOUR_LABEL, DRAIN_ANNOTATION]));
  t.end();
});
