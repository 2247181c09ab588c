/**
 * What the charts render is what Kubernetes and the operator know: every field, by their own schemas.
 * Strictly: a field that nobody knows is a fault.
 */
import { existsSync } from 'node:fs';
import { run } from '../peers/running.js';
import { chartFor, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

const ROOT = new URL('../../', import.meta.url);
/** What else the library puts into a pod. */
const SIDECAR: Values = {
  image: { digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always' },
  adminTokenSecret: { name: 'token', key: 'token' },
  appPreStop: { exec: { command: ['sleep', '5'] } },
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  colour: 'blue',
  app: '127.0.0.1:3000',
  secondChance: 'web:80',
  readiness: false,
};

/** Everything on; the library is seen through those who use it. */
const CHARTS: Readonly<Record<string, readonly Values[]>> = {
  'charts/tidegate': [
    {
      podMonitor: { enabled: true, labels: { release: 'stack' } },
      prometheusRule: { enabled: true, kubeStateMetrics: true, runbookUrl: 'https://runbooks.example/' },
      dashboard: { enabled: true, folder: 'Pods' },
      networkPolicy: { enabled: true, namespaces: ['web', 'chat'], others: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
      rainbow: { enabled: true, ask: 'proxy', namespaces: ['web', 'chat'], nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ operator: 'Exists' }] },
      controller: { enabled: true, namespaces: ['*'], ask: 'proxy' },
      test: { prometheusUrl: 'http://prometheus:9090', imagePullSecrets: [{ name: 'pull' }] },
    },
    { controller: { enabled: true, namespaces: ['web', 'chat'], rainbow: { enabled: true }, priorityClassName: 'high', imagePullSecrets: [{ name: 'pull' }], nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ operator: 'Exists' }] } },
  ],
  'charts/tidegate-example': [{}, { tidegate: { enabled: false } }, { tidegate: SIDECAR }],
  'test/charts/library-user': [{}, { tidegate: { enabled: false } }, { tidegate: SIDECAR }],
  'test/charts/recipes': [{ kind: 'Job' }, { kind: 'StatefulSet' }, { kind: 'DaemonSet' }, { kind: 'Rainbow', tidegate: { colour: '123456' } }],
};

for (const [path, all] of Object.entries(CHARTS)) {
  if (!existsSync(new URL(path, ROOT))) continue;
  testWithTools(`${path} renders what schemas know, with either helm`, async (t, tools) => {
    const chart = chartFor(t, path);
    const options = ['-strict', '-schema-location', tools.schemas];
    for (const helm of Object.values(tools.helm)) {
      for (const values of all) {
        const { text, objects } = await render(helm, chart, values);
        t.ok(objects.length > 0);
        t.same(await run(tools.kubeconform, options, { input: text }), { code: 0, stdout: '', stderr: '' });
      }
    }
  });
}
