/**
 * The manifests of this folder as documents: they differ in what they are about and in nothing else,
 * and README.md shows the native one as it is. No cluster is needed to tell.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { readDocument } from '../documents.js';
import type { Container, Deployment, ManifestName, PodSpec } from './manifest.js';

function podOf(name: ManifestName): PodSpec {
  const text = readFileSync(new URL(`manifests/${name}.yaml`, import.meta.url), 'utf8');
  const [, deployment] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  return (deployment as Deployment).spec.template.spec;
}

const [alone, native, classic] = (['alone', 'native', 'classic'] as const).map(podOf);
const named = (containers: readonly Container[] | undefined, name: string): Container => {
  const found = containers?.find((container) => container.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
};

/** The command of its preStop. */
const noticeOf = ({ lifecycle }: Container): readonly string[] =>
  (lifecycle?.preStop as { readonly exec: { readonly command: readonly string[] } }).exec.command;

t.test("README.md shows the native manifest, but for what is the user's own", (t) => {
  const [, section = ''] = readDocument('README.md').split('\n## In a pod\n');
  const [, block = ''] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
  const { spec } = parse(block) as { spec: PodSpec };
  t.same(spec.initContainers, native.initContainers);
  t.equal(spec.terminationGracePeriodSeconds, native.terminationGracePeriodSeconds);
  const { name, image, lifecycle } = named(native.containers, 'app');
  t.same(spec.containers, [{ name, image, lifecycle }]);
  t.end();
});

t.test('the classic manifest is the native one with the sidecar as a container', (t) => {
  const sidecar = named(native.initContainers, 'tidegate');
  const { restartPolicy, ...asContainer } = sidecar;
  t.equal(restartPolicy, 'Always');
  const env = (asContainer.env ?? []).map((variable) =>
    variable.name === 'TIDEGATE_SIDECAR' ? { ...variable, value: 'classic' } : variable,
  );
  const waits = { exec: { command: [...noticeOf(sidecar), '--wait'] } };
  const expected = { ...asContainer, env, lifecycle: { preStop: waits } };
  t.same(named(classic.containers, 'tidegate'), expected, 'and a preStop that waits');
  t.same(named(classic.containers, 'app'), named(native.containers, 'app'));
  t.end();
});

t.test('the grace period of the pod is the one that tidegate is told', (t) => {
  for (const pod of [native, classic]) {
    const { env } = named([...(pod.initContainers ?? []), ...pod.containers], 'tidegate');
    const told = env?.find(({ name }) => name === 'TIDEGATE_GRACE_PERIOD')?.value;
    t.equal(told, `${pod.terminationGracePeriodSeconds}s`);
  }
  t.end();
});

t.test('the app alone has the named port that the sidecar takes over', (t) => {
  const ports = (container: Container): string[] => (container.ports ?? []).map(({ name }) => name);
  t.same(ports(named(alone.containers, 'app')), ['http']);
  t.same(ports(named(native.containers, 'app')), []);
  t.same(ports(named(native.initContainers, 'tidegate')), ['http', 'tidegate']);
  t.end();
});
