/**
 * The guarded API: who may write what, that every call is noted, and that a watch which speaks has
 * worked.
 */
import t, { type Test } from 'tap';
import { Calls } from '../../src/controller/calls.js';
import { GuardedApi } from '../../src/controller/guarded-api.js';
import { DEPLOYMENTS, EVENTS, LEASES, PODS, type Resource } from '../../src/kubernetes/api.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { HandClock } from '../peers/clock.js';
import { type FakeCluster, startFakeCluster } from '../peers/fake-cluster.js';
import { until } from '../peers/until.js';

interface Stage {
  readonly fake: FakeCluster;
  readonly api: GuardedApi;
  readonly calls: Calls;
  readonly told: number[];
  readonly heard: string[];
  isLeader: boolean;
}

async function stageFor(t: Test, isDryRun = false): Promise<Stage> {
  const fake = await startFakeCluster(t);
  const clock = new HandClock();
  const heard: string[] = [];
  const calls = new Calls(clock, {
    rightMissing: ({ verb }) => heard.push(`missing ${verb}`),
    rightThere: ({ verb }) => heard.push(`there ${verb}`),
    serverUnreachable: () => undefined,
    serverReached: () => undefined,
  });
  const told: number[] = [];
  const api = new GuardedApi({
    ...{ calls, isDryRun, api: new KubernetesApi(new ApiClient(fake.access, clock)) },
    told: (atMs) => told.push(atMs),
    isLeader: () => stage.isLeader,
  });
  const stage: Stage = { fake, api, calls, told, heard, isLeader: false };
  return stage;
}

const OBJECT = { metadata: { name: 'a' } };
const ONLY = { uid: 'u', resourceVersion: '1' };

/** What of a kind is written, and what is refused before anybody is asked. */
async function writes({ fake, api }: Stage, resource: Resource): Promise<string[]> {
  const from = fake.calls.length;
  const results = await Promise.allSettled([
    api.create(resource, 'web', OBJECT),
    api.patch(resource, 'web', 'a', { metadata: {} }),
    api.remove(resource, 'web', 'a', ONLY),
  ]);
  for (const result of results) {
    if (result.status === 'rejected') t.type(result.reason, KubernetesError);
  }
  return fake.calls.slice(from).map(({ verb }) => verb);
}

const ALL = ['create', 'patch', 'delete'];

t.test('who does not lead writes nothing but the Lease, and is told why', async (t) => {
  const stage = await stageFor(t);
  for (const resource of [PODS, DEPLOYMENTS, EVENTS]) {
    t.same(await writes(stage, resource), [], resource.plural);
  }
  t.same((await writes(stage, LEASES)).sort(), ALL.toSorted());
  await t.rejects(stage.api.patch(PODS, 'web', 'a', {}), {
    message: 'patch on pods is not done: this replica does not lead',
    passing: true,
  });
});

t.test('who leads writes all', async (t) => {
  const stage = await stageFor(t);
  stage.isLeader = true;
  for (const resource of [PODS, DEPLOYMENTS, EVENTS, LEASES]) {
    t.same((await writes(stage, resource)).sort(), ALL.toSorted(), resource.plural);
  }
});

t.test('a dry run writes Events and the Lease alone', async (t) => {
  const stage = await stageFor(t, true);
  stage.isLeader = true;
  for (const resource of [PODS, DEPLOYMENTS]) t.same(await writes(stage, resource), []);
  for (const resource of [EVENTS, LEASES]) t.equal((await writes(stage, resource)).length, 3);
  stage.isLeader = false;
  t.same(await writes(stage, EVENTS), []);
});

t.test('reads are for anybody, are counted, and tell the time there', async (t) => {
  const { fake, api, calls, told } = await stageFor(t);
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  fake.now = () => nowMs;
  fake.objects.put({ kind: 'Pod', metadata: { name: 'a', namespace: 'web' } });
  const { items } = await api.list(PODS, { namespace: 'web' }, () => 1);
  t.same(items, [1]);
  t.match(await api.get(PODS, 'web', 'a'), { metadata: { name: 'a' } });
  t.equal(await api.get(PODS, 'web', 'none'), undefined);
  t.same(told, [nowMs]);
  t.match(calls.counts, { list: { ok: 1 }, get: { ok: 2 } });
});

t.test('a watch that has told something has its right, long before it ends', async (t) => {
  const { fake, api, heard, calls } = await stageFor(t);
  const ending = new AbortController();
  const watch = (): Promise<unknown> =>
    api
      .watch(
        PODS,
        { namespace: 'web' },
        fake.objects.resourceVersion,
        () => undefined,
        ending.signal,
      )
      .catch((error: unknown) => error);
  fake.denied.add('watch pods');
  t.type(await watch(), KubernetesError);
  t.same(heard, ['missing watch']);
  fake.denied.clear();
  const watching = watch();
  await until(() => fake.watches.watched.length > 0, 'it watches');
  fake.objects.put({ kind: 'Pod', metadata: { name: 'a', namespace: 'web' } });
  await until(() => heard.length > 1, 'it is there');
  t.same(heard, ['missing watch', 'there watch']);
  ending.abort();
  await watching;
  t.match(calls.counts, { watch: { ok: 1, refused: 1 } });
});

t.test('a watch that is broken off before it has told anything shows no right', async (t) => {
  const { fake, api, heard, calls } = await stageFor(t);
  fake.denied.add('watch pods');
  const watch = (signal: AbortSignal): Promise<unknown> =>
    api
      .watch(PODS, { namespace: 'web' }, fake.objects.resourceVersion, () => undefined, signal)
      .catch((error: unknown) => error);
  t.type(await watch(new AbortController().signal), KubernetesError);
  t.equal(await watch(AbortSignal.abort()), undefined);
  t.same(heard, ['missing watch'], 'it was about to be refused again');
  t.match(calls.counts, { watch: { ok: 0, refused: 1 } });
});
