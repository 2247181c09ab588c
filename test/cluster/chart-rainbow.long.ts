/**
 * Colours by a user's chart (test/charts/recipes), with either Helm: an upgrade brings a colour, leaves
 * those that are there, and moves no traffic, also where an old one has been deleted meanwhile.
 */
import type { Test } from 'tap';
import { chartFor } from '../charts/render.js';
import type { Cluster } from './cluster.js';
import { Namespace } from './namespace.js';
import { Release, testWithHelm } from './release.js';

const APP = 'web';
const COLOUR = 'tidegate.dev/colour';

async function colours(t: Test, cluster: Cluster, helm: string): Promise<void> {
  const namespace = await Namespace.create(t, cluster);
  const release = new Release(namespace, helm, chartFor(t, 'test/charts/recipes'), APP);
  const brings = (colour: string): Promise<string> =>
    release.run(['upgrade', '--install', APP, release.chart, '--values', '-'], {
      kind: 'Rainbow',
      replicas: 0,
      tidegate: { colour },
    });
  const deployments = async (): Promise<string[]> => {
    const names = ['get', 'deployments', '-l', `tidegate.dev/rainbow=${APP}`, '-o', 'name'];
    return (await namespace.kubectl(names)).trim().split('\n').sort();
  };
  const live = async (): Promise<string> => {
    const text = await namespace.kubectl(['get', 'service', APP, '-o', 'json']);
    const { spec } = JSON.parse(text) as { spec: { selector: Record<string, string> } };
    return spec.selector[COLOUR];
  };
  const named = (...names: string[]): string[] => names.map((one) => `deployment.apps/web-${one}`);
  await brings('123456');
  t.equal(await live(), '123456', 'the first colour is live');
  await brings('abc123');
  t.same(await deployments(), named('123456', 'abc123'), 'an upgrade leaves the old one');
  t.equal(await live(), '123456', 'and moves nobody');
  const selector = { [COLOUR]: 'abc123' };
  const move = ['patch', 'service', APP, '--patch', JSON.stringify({ spec: { selector } })];
  await namespace.kubectl(move);
  await namespace.kubectl(['delete', 'deployment', 'web-123456']);
  await brings('def456');
  t.same(await deployments(), named('abc123', 'def456'), 'what was deleted stays so');
  t.equal(await live(), 'abc123', 'and whoever was promoted is live');
}

testWithHelm('an upgrade brings a colour, and moves nobody', async (t, cluster, helm) => {
  for (const program of Object.values(helm)) await colours(t, cluster, program);
});
