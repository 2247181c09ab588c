/**
 * What is known of the cluster: one list after the other, those with a tidegate alone, and what cannot
 * be listed holds up nobody.
 */
import t, { type Test } from 'tap';
import { Stores } from '../../src/controller/stores.js';
import { type Clock, systemClock } from '../../src/clock.js';
import type { Resource } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { type FakeCluster, startFakeCluster } from '../peers/fake-cluster.js';
import { RainbowStage } from '../peers/rainbow-stage.js';
import { until } from '../peers/until.js';

interface Stage {
  readonly fake: FakeCluster;
  readonly rainbow: RainbowStage;
  readonly stores: Stores;
  readonly heard: string[];
  readonly clock: Clock;
  /** Kinds that may not be listed. */
  readonly forbidden: Set<string>;
  isSynced: boolean;
}

async function stageFor(
  t: Test,
  namespaces: readonly (string | undefined)[] = ['web'],
): Promise<Stage> {
  const fake = await startFakeCluster(t);
  const forbidden = new Set<string>();
  const clock: Clock = { ...systemClock };
  const stores = new Stores({
    ...{ clock, random: () => 0.5, namespaces },
    api: new KubernetesApi(new ApiClient(fake.access, systemClock)),
    restarted: () => undefined,
    failed: () => undefined,
    mayList: ({ plural }: Resource) => !forbidden.has(plural),
    synced: () => (stage.isSynced = true),
  });
  const heard: string[] = [];
  stores.onPod((change) => {
    const { name } = change.type === 'gone' ? change.last : change.now;
    heard.push(`${change.type} ${name}`);
  });
  t.teardown(() => stores.stop());
  const rainbow = new RainbowStage(fake);
  const stage: Stage = { fake, rainbow, stores, heard, clock, forbidden, isSynced: false };
  return stage;
}

const SIDECAR = { spec: { containers: [{ name: 'app' }, { name: 'tidegate' }] } };
const namesIn = ({ stores }: Stage): string[] => [...stores.watchedPods()].map(({ name }) => name);

t.test('pods with a tidegate are known and told of, others are not', async (t) => {
  const stage = await stageFor(t);
  stage.rainbow.pod('with', {}, undefined, SIDECAR);
  stage.rainbow.pod('without', {});
  stage.stores.start();
  await until(() => stage.isSynced, 'it knows');
  t.same(namesIn(stage), ['with']);
  stage.rainbow.pod('later', {}, undefined, SIDECAR);
  stage.fake.objects.remove('Pod', 'web', 'with');
  stage.fake.objects.remove('Pod', 'web', 'without');
  await until(
    () => stage.heard.length === 3,
    () => stage.heard.join(),
  );
  t.same(stage.heard, ['added with', 'added later', 'gone with']);
  t.same(namesIn(stage), ['later']);
});

t.test('a ReplicaSet is known by its uid, with who keeps it', async (t) => {
  const stage = await stageFor(t, ['other', 'web']);
  const { replicaSet } = stage.rainbow.colour('c1');
  stage.stores.start();
  await until(() => stage.isSynced, 'it knows');
  const { uid } = replicaSet.metadata;
  t.match(stage.stores.replicaSet(uid), { controller: { kind: 'Deployment', name: 'shop-c1' } });
  t.equal(stage.stores.replicaSet('none'), undefined);
});

t.test('lists are read one after the other', async (t) => {
  const stage = await stageFor(t, ['one', 'web']);
  let [atOnce, most] = [0, 0];
  stage.fake.before = async ({ verb }) => {
    if (verb !== 'list') return undefined;
    most = Math.max(most, ++atOnce);
    await new Promise(setImmediate);
    atOnce--;
    return undefined;
  };
  stage.stores.start();
  await until(() => stage.isSynced, 'it knows');
  t.equal(most, 1);
  const listed = stage.fake.calls.filter(({ verb }) => verb === 'list');
  t.same(new Set(listed.map(({ namespace }) => namespace)), new Set(['one', 'web']));
});

t.test('what may not be listed holds up nobody; what may and is not makes it wait', async (t) => {
  const stage = await stageFor(t);
  stage.fake.denied.add('list pods');
  stage.stores.start();
  const isListed = (): boolean => stage.fake.asked.includes('watch replicasets.apps');
  await until(isListed, () => stage.fake.asked.join());
  t.notOk(stage.isSynced);
  t.match(stage.stores.unknown(), [{ resource: { plural: 'pods' }, namespace: 'web' }]);
  stage.forbidden.add('pods');
  await until(() => stage.isSynced, 'the rest is known');
  t.same(stage.stores.unknown(), []);
});

t.test('what nothing is heard of any more is told, if it may be listed', async (t) => {
  const stage = await stageFor(t);
  stage.stores.start();
  await until(() => stage.isSynced, 'it knows');
  t.same(stage.stores.silent(60_000), []);
  stage.clock.now = () => systemClock.now() + 60_001;
  t.equal(stage.stores.silent(60_000).length, 6);
  stage.forbidden.add('pods');
  t.notOk(stage.stores.silent(60_000).some(({ resource }) => resource.plural === 'pods'));
});
