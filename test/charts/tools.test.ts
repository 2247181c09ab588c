/**
 * The tools that charts are held to tell right from wrong: the manifests of the cluster's tests pass,
 * and what nobody knows of does not.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartFor } from './render.js';
import { type Tools, testWithTools } from './tools.js';

const NATIVE = readFileSync(new URL('../cluster/manifests/native.yaml', import.meta.url), 'utf8');
const MONITOR = `
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: { name: pods }
spec:
  selector: { matchLabels: { app: web } }
  podMetricsEndpoints: [{ port: tidegate, interval: 30s }]
`;

function check({ kubeconform, schemas }: Tools, input: string): { code: number; said: string } {
  const options = { input, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync(
    kubeconform,
    ['-strict', '-schema-location', schemas],
    options,
  );
  return { code: status ?? -1, said: stdout };
}

testWithTools('schemas refuse fields that nobody knows', (t, tools) => {
  t.same(check(tools, NATIVE), { code: 0, said: '' });
  t.same(check(tools, MONITOR), { code: 0, said: '' });
  t.match(check(tools, NATIVE.replace('restartPolicy', 'restartPolicies')), {
    code: 1,
    said: /'restartPolicies' not allowed/,
  });
  t.match(check(tools, MONITOR.replace('interval', 'intervall')), {
    code: 1,
    said: /'intervall' not allowed/,
  });
  return Promise.resolve();
});

testWithTools('helm is there in both versions', (t, { helm }) => {
  for (const [major, program] of Object.entries(helm)) {
    const { stdout } = spawnSync(program, ['version', '--short'], { encoding: 'utf8' });
    t.match(stdout, new RegExp(`^v${major}\\.`));
  }
  return Promise.resolve();
});

testWithTools('without a cluster helm renders for the Kubernetes of its release', (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate-example');
  for (const program of Object.values(helm)) {
    const env = { HOME: join(chart, '..') };
    const { status, stderr } = spawnSync(program, ['template', 'web', chart], { env });
    t.equal(status, 0, String(stderr));
  }
  return Promise.resolve();
});
