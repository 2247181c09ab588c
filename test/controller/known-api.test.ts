/**
 * A group is the same by what informers keep as by the cluster's own lists, and what they do not keep
 * is asked for.
 */
import t from 'tap';
import { DEPLOYMENTS, PODS, SERVICES } from '../../src/kubernetes/api.js';
import { readDeployment } from '../../src/rainbow/colours.js';
import { askNobody } from '../../src/rainbow/ask.js';
import { gather } from '../../src/rainbow/facts.js';
import { readPod } from '../../src/rainbow/pods.js';
import { readService } from '../../src/rainbow/services.js';
import { NOW_MS } from '../peers/rainbow-group.js';
import { GROUP, NAMESPACE } from '../peers/rainbow-stage.js';
import { groupTown } from './group-town.js';

const SHOP = { namespace: NAMESPACE, group: GROUP };

t.test('a group is the same by what is kept as by what is listed', async (t) => {
  const town = groupTown(t);
  town.old('aaa', 60, { wasLive: true, lostTrafficMs: NOW_MS - 1_000 });
  town.old('bbb', 50);
  town.colour('other', { group: 'blog' });
  town.select('web', 'bbb');
  const metadata = { name: 'aaa', namespace: NAMESPACE };
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'shop-aaa' } };
  town.fake.objects.put({ kind: 'HorizontalPodAutoscaler', metadata, spec });
  const { known } = town;
  town.time.saw(town.fake.now());
  const compare = async (words: string): Promise<void> => {
    town.fake.calls.length = 0;
    const kept = await gather(known, askNobody, SHOP);
    t.equal(town.fake.calls.length, 0, 'nobody is asked');
    t.same(kept, await gather(town.near, askNobody, SHOP), words);
  };
  await compare('at first');
  town.fake.objects.patch('Deployment', NAMESPACE, 'shop-aaa', { spec: { replicas: 4 } });
  town.fake.objects.patch('Pod', NAMESPACE, 'shop-bbb-1-0', { status: { phase: 'Failed' } });
  town.fake.objects.patch('Pod', NAMESPACE, 'shop-bbb-1-1', {
    metadata: { labels: { 'tidegate.dev/colour': null } },
  });
  town.select('web', 'aaa');
  await compare('after changes');
  town.fake.objects.remove('Deployment', NAMESPACE, 'shop-aaa');
  await compare('after a delete');
});

t.test('what is not kept, or is asked in another way, is asked for', async (t) => {
  const town = groupTown(t);
  town.old('aaa', 60);
  town.select('web', 'aaa');
  const { known } = town;
  town.fake.calls.length = 0;
  await known.list(PODS, { namespace: NAMESPACE }, readPod);
  await known.list(PODS, { namespace: NAMESPACE, labelSelector: 'tidegate.dev/colour' }, readPod);
  t.equal(town.fake.calls.length, 2, 'before the time is known everything is');
  town.time.saw(town.fake.now());
  town.fake.calls.length = 0;
  const asked = async (...[resource, scope, read]: Parameters<typeof known.list>) => {
    await known.list(resource, scope, read);
    return town.fake.calls.splice(0).length > 0;
  };
  const namespace = NAMESPACE;
  t.equal(await asked(PODS, { namespace }, readPod), true, 'pods without a colour');
  const labelSelector = 'tidegate.dev/colour in (aaa,bbb),app=shop';
  t.equal(await asked(PODS, { namespace, labelSelector }, readPod), false);
  const without = 'tidegate.dev/colour,app!=shop';
  t.equal(await asked(PODS, { namespace, labelSelector: without }, readPod), true, 'another form');
  t.equal(await asked(SERVICES, { namespace }, readService), false);
  t.equal(await asked(SERVICES, {}, readService), true, 'of all namespaces');
  t.equal(await asked(SERVICES, { namespace }, readDeployment), true, 'read otherwise');
  await known.get(DEPLOYMENTS, namespace, 'shop-aaa');
  await known.patch(DEPLOYMENTS, namespace, 'shop-aaa', { spec: { replicas: 3 } });
  await known.create(SERVICES, namespace, { metadata: { name: 'new' }, spec: {} });
  const { uid, resourceVersion } = town.deployment('aaa')?.metadata ?? {};
  await known.remove(DEPLOYMENTS, namespace, 'shop-aaa', {
    uid: uid ?? '',
    resourceVersion: resourceVersion ?? '',
  });
  t.same(town.fake.asked, [
    'get deployments.apps',
    'patch deployments.apps',
    'create services',
    'delete deployments.apps',
  ]);
});
