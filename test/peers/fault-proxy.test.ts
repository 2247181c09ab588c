/**
 * The fault proxy does each wrong that it knows, at the call that is meant and at no other.
 */
import t, { type Test } from 'tap';
import { systemClock } from '../../src/clock.js';
import { DEPLOYMENTS, PODS } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { isConflict, isForbidden, isUndecided } from '../../src/kubernetes/fault.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { type FakeCluster, startFakeCluster } from './fake-cluster.js';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { until } from './until.js';

interface Here {
  readonly fake: FakeCluster;
  readonly proxy: FaultProxy;
  readonly api: KubernetesApi;
}

async function start(t: Test): Promise<Here> {
  const fake = await startFakeCluster(t);
  for (const name of ['a', 'b']) {
    fake.objects.put({ kind: 'Deployment', metadata: { name, namespace: 'web' } });
  }
  const proxy = await startFaultProxy(t, fake.access);
  const access = { ...fake.access, server: new URL(`http://127.0.0.1:${proxy.port}`) };
  return { fake, proxy, api: new KubernetesApi(new ApiClient(access, systemClock)) };
}

const faultOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

t.test('what it is not told to spoil comes through, with what is sent along', async (t) => {
  const { fake, proxy, api } = await start(t);
  const scope = { namespace: 'web', labelSelector: '!app' };
  const { items } = await api.list(DEPLOYMENTS, scope, (object) => object);
  t.match(items, [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]);
  const { metadata } = fake.objects.get('Deployment', 'web', 'a');
  t.ok(isConflict(await faultOf(api.remove(DEPLOYMENTS, 'web', 'a', { ...metadata, uid: 'x' }))));
  await api.remove(DEPLOYMENTS, 'web', 'a', metadata);
  t.equal(fake.objects.find('Deployment', 'web', 'a'), undefined);
  t.same(proxy.calls, [
    'list deployments.apps',
    'delete deployments.apps',
    'delete deployments.apps',
  ]);
});

t.test('a wrong is done to the call that is meant', async (t) => {
  const { fake, proxy, api } = await start(t);
  const write = (replicas: number): Promise<unknown> =>
    api.patch(DEPLOYMENTS, 'web', 'a', { spec: { replicas } });
  const on = 'patch deployments.apps';
  proxy.set({ wrong: 409, on, at: 2 });
  await api.list(PODS, { namespace: 'web' }, () => undefined);
  t.equal(await faultOf(write(1)), undefined);
  t.ok(isConflict(await faultOf(write(2))));
  t.equal(await faultOf(write(3)), undefined);
  proxy.set({ wrong: 403, at: 0 });
  t.ok(isForbidden(await faultOf(write(4))));
  t.ok(isForbidden(await faultOf(write(4))));
  for (const wrong of [500, 503, 'kill'] as const) {
    proxy.set({ wrong, at: 1 });
    t.ok(isUndecided(await faultOf(write(4))));
    t.match(fake.objects.get('Deployment', 'web', 'a'), { spec: { replicas: 3 } });
  }
  proxy.set({ wrong: 'lost', at: 1 });
  t.ok(isUndecided(await faultOf(write(4))));
  t.match(fake.objects.get('Deployment', 'web', 'a'), { spec: { replicas: 4 } });
  proxy.set(undefined);
  t.equal(await faultOf(write(5)), undefined);
});

t.test('a call that is held goes on when it is let go', async (t) => {
  const { proxy, api } = await start(t);
  proxy.set({ wrong: 'hold', on: 'get deployments.apps', at: 1 });
  let isHeld = false;
  proxy.onCall = (_name, held) => (isHeld ||= held);
  let isOver = false;
  const call = api.get(DEPLOYMENTS, 'web', 'a').finally(() => (isOver = true));
  await until(() => isHeld, 'it is held');
  t.equal(isOver, false);
  proxy.release();
  t.match(await call, { metadata: { name: 'a' } });
});
