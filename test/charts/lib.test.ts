/**
 * The library's lines in a Deployment, in both forms and by both helms: the pod of test/cluster/manifests,
 * which all tests on the cluster run, and the app as it was where tidegate is disabled.
 */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import type { Container, Deployment, ManifestName, PodSpec } from '../cluster/manifest.js';
import { chartFor, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

type Pods = Readonly<Record<'native' | 'classic', Deployment['spec']['template']>>;

const USER = 'test/charts/library-user';

/** The pods that an app chart has with these values of tidegate. */
async function podsOf(helm: string, chart: string, tidegate: Values, others = {}): Promise<Pods> {
  const { objects } = await render(helm, chart, { tidegate, ...others });
  const templateOf = (name: string): Deployment['spec']['template'] => {
    const found = objects.find(({ metadata }) => metadata.name === name);
    return (found as unknown as Deployment).spec.template;
  };
  return { native: templateOf('native'), classic: templateOf('classic') };
}

function manifestOf(name: ManifestName): PodSpec {
  const text = readFileSync(new URL(`../cluster/manifests/${name}.yaml`, import.meta.url), 'utf8');
  const [, deployment] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  return (deployment as Deployment).spec.template.spec;
}

function named(containers: readonly Container[] | undefined, name: string): Container {
  const found = containers?.find((container) => container.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

function testWithBoth(
  title: string,
  body: (t: Test, pods: (tidegate: Values, others?: Values) => Promise<Pods>) => Promise<void>,
): void {
  testWithTools(title, async (t, tools) => {
    const chart = chartFor(t, USER);
    for (const helm of Object.values(tools.helm)) {
      await body(t, (tidegate, others) => podsOf(helm, chart, tidegate, others));
    }
  });
}

testWithBoth('the pod is the one that the tests on the cluster run', async (t, pods) => {
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

testWithBoth('the pod can be found, read and drained by its annotation', async (t, pods) => {
  const { native } = await pods({ colour: '1234567', admin: 9999 });
  t.same(native.metadata.labels, {
    app: 'native',
    'tidegate.dev/sidecar': 'true',
    'tidegate.dev/colour': '1234567',
  });
  t.same(native.metadata.annotations, {
    'traffic.sidecar.istio.io/excludeInboundPorts': '9999',
    'config.linkerd.io/skip-inbound-ports': '9999',
  });
  const [volume] = native.spec.volumes as { name: string; downwardAPI: object }[];
  t.same(volume.downwardAPI, {
    items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }],
  });
  const { env, volumeMounts } = named(native.spec.initContainers, 'tidegate');
  t.same(volumeMounts, [{ name: volume.name, mountPath: '/pod-info', readOnly: true }]);
  const told = env?.find(({ name }) => name === 'TIDEGATE_POD_INFO_DIR');
  t.equal(told?.value, '/pod-info');
});

testWithBoth('without tidegate the app is as it was', async (t, pods) => {
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

testWithBoth("the name of the clients' port moves from the app to tidegate", async (t, pods) => {
  const portsOf = (spec: PodSpec): string[] =>
    [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ ports = [] }) =>
      ports.map(({ name, containerPort }) => `${name} ${containerPort}`),
    );
  const alone = await pods({ enabled: false, portName: 'web' });
  t.same(portsOf(alone.native.spec), ['web 3000']);
  const beside = await pods({ portName: 'web', listen: 8081 });
  t.same(portsOf(beside.native.spec), ['web 8081', 'tidegate 9180', 'app 3000']);
});

