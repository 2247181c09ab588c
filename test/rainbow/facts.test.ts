/**
 * A group's facts, found in a cluster made up: what is read of which object, whose pods are whose,
 * what a Service has to do with them, and by how many calls.
 */
import t, { type Test } from 'tap';
import { systemClock } from '../../src/clock.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { askNobody, type AskPods, askThroughProxy } from '../../src/rainbow/ask.js';
import type { ColourFacts, Facts } from '../../src/rainbow/contract.js';
import { findGroups, gather } from '../../src/rainbow/facts.js';
import { startFakeCluster } from '../peers/fake-cluster.js';
import { busy, GROUP, NAMESPACE, RainbowStage } from '../peers/rainbow-stage.js';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

class Tried extends RainbowStage {
  get client(): ApiClient {
    return new ApiClient(this.fake.access, systemClock);
  }

  gather(colours?: readonly string[], ask?: AskPods, group = GROUP): Promise<Facts> {
    const { client } = this;
    const askPods = ask ?? askThroughProxy(client, systemClock);
    return gather(new KubernetesApi(client), askPods, { namespace: NAMESPACE, group }, colours);
  }

  async colours(): Promise<readonly ColourFacts[]> {
    return (await this.gather(undefined, askNobody)).colours;
  }

  async oddities(): Promise<readonly string[]> {
    return (await this.gather(undefined, askNobody)).oddities;
  }
}

async function stageFor(t: Test): Promise<Tried> {
  const fake = await startFakeCluster(t);
  fake.now = () => NOW_MS;
  return new Tried(fake);
}

t.test('a group is told of as it is: the oldest colour first, with its pods', async (t) => {
  const stage = await stageFor(t);
  const old = stage.colour('aaa', { metadata: { creationTimestamp: '2026-02-01T00:00:00Z' } });
  const young = stage.colour('000', { replicas: 3 });
  stage.colour('zzz', { group: 'other' });
  stage.says.set('shop-aaa-1-1', busy(7));
  stage.service('shop', { app: 'shop', 'tidegate.dev/colour': '000' });
  stage.routes('shop', young.pods);
  const facts = await stage.gather();
  t.match(facts, { namespace: NAMESPACE, group: GROUP, nowMs: NOW_MS, oddities: [] });
  t.same(
    facts.colours.map(({ colour }) => colour),
    ['aaa', '000'],
  );
  const { uid, resourceVersion } = old.deployment.metadata;
  t.same(facts.colours[0].deployment, {
    ...{ name: 'shop-aaa', uid, resourceVersion, createdMs: Date.parse('2026-02-01T00:00:00Z') },
    ...{ replicas: 2, isDeleting: false, isRollingOut: false, isPaused: false, rivals: [] },
    state: { wasLive: false, peak: 0, samples: [] },
  });
  const [first, second] = facts.colours[0].pods;
  const readySinceMs = Date.parse('2026-01-01T00:00:00Z');
  t.match(first, {
    ...{ name: 'shop-aaa-1-0', uid: old.pods[0].metadata.uid, createdMs: NOW_MS, isReady: true },
    ...{ readySinceMs, isTerminating: false, phase: 'Running', node: 'node-1', restarts: 0 },
    ...{ deletionCost: 0, drain: undefined, isOwned: true },
    answer: { known: true, safe: true, active: 0, phase: 'serving' },
  });
  t.match(second.answer, { known: true, safe: false, reason: 'active', active: 7 });
  t.match(facts.services, [
    {
      ...{
        name: 'shop',
        colour: '000',
        selects: ['000'],
        routesTo: ['000'],
        isPaused: false,
        rivals: [],
      },
      selector: { app: 'shop', 'tidegate.dev/colour': '000' },
      readyPods: young.pods.map(({ metadata }) => metadata.name),
    },
  ]);
});

t.test('a group that is not there has no colours, and takes one call to find out', async (t) => {
  const stage = await stageFor(t);
  t.match(await stage.gather(), { colours: [], services: [], oddities: [], nowMs: NOW_MS });
  t.same(stage.fake.asked, ['list deployments.apps']);
});

t.test('only the pods of the colours that are meant are asked', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa');
  stage.colour('bbb');
  const { colours } = await stage.gather(['bbb']);
  t.match(colours[0].pods[0].answer, { known: false, reason: 'not-asked' });
  t.match(colours[1].pods[0].answer, { known: true });
});

t.test('what says whether a colour is live is read after everything else', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa', { replicas: 1 });
  await stage.gather();
  t.equal(stage.fake.asked[0], 'list deployments.apps');
  t.same(stage.fake.asked.slice(-2).sort(), [
    'list endpointslices.discovery.k8s.io',
    'list services',
  ]);
  t.equal(stage.fake.asked.length, 6 + 2);
});

t.test('a pod is of the Deployment that owns it, whatever its labels say', async (t) => {
  const stage = await stageFor(t);
  const { replicaSet } = stage.colour('aaa', { replicas: 1 });
  stage.colour('bbb', { replicas: 1 });
  stage.colour('aaa', { group: 'other', replicas: 1 });
  const labels = (colour: string): Record<string, string> => ({ 'tidegate.dev/colour': colour });
  stage.pod('claims', labels('bbb'), replicaSet);
  stage.pod('stray', labels('bbb'));
  stage.pod('ended', labels('bbb'), undefined, { status: { phase: 'Succeeded' } });
  const [aaa, bbb] = (await stage.gather(undefined, askNobody)).colours;
  const named = ({ pods }: ColourFacts): unknown => pods.map((one) => [one.name, one.isOwned]);
  t.same(named(aaa), [
    ['claims', true],
    ['shop-aaa-1-0', true],
  ]);
  t.same(named(bbb), [
    ['shop-bbb-1-0', true],
    ['stray', false],
  ]);
});

t.test('a pod that somebody else looks after is not the colour it claims to be', async (t) => {
  const stage = await stageFor(t);
  const aaa = { 'tidegate.dev/colour': 'aaa' };
  stage.colour('aaa', { replicas: 1 });
  const of = (kind: string): object => ({
    ...{ apiVersion: 'apps/v1', kind, name: 'worker', uid: 'elsewhere', controller: true },
  });
  const owned = (kind: string): object => ({ metadata: { ownerReferences: [of(kind)] } });
  stage.pod('worker-0', { ...aaa, app: 'worker' }, undefined, owned('StatefulSet'));
  stage.pod('too-new', { ...aaa, app: GROUP }, undefined, owned('ReplicaSet'));
  stage.service('worker', { app: 'worker', ...aaa });
  const { colours, services } = await stage.gather(undefined, askNobody);
  t.same(
    colours[0].pods.map(({ name }) => name),
    ['shop-aaa-1-0', 'too-new'],
  );
  t.same(
    services.flatMap(({ selects }) => selects),
    [],
  );
});

t.test(
  'a pod of which nothing has ever run says nothing, and whoever answers has run',
  async (t) => {
    const stage = await stageFor(t);
    const statuses = [{ phase: 'Pending', podIP: null }, { phase: 'Pending' }];
    stage.colour('aaa', { pod: (index) => ({ status: statuses[index] }) });
    const [{ pods }] = (await stage.gather()).colours;
    const answer = { known: false, reason: 'unreachable', words: 'has never started' };
    t.match(pods, [
      { neverStarted: true, answer },
      { neverStarted: false, answer: { known: true } },
    ]);
  },
);

t.test('pods without the label are found where their Deployment does not ask for it', async (t) => {
  const stage = await stageFor(t);
  const selector = { matchLabels: { app: 'old-shop' } };
  const { replicaSet } = stage.colour('aaa', {
    replicas: 1,
    labels: { app: 'old-shop' },
    selector,
  });
  stage.pod('bare', { app: 'old-shop' }, replicaSet);
  const [{ pods }] = await stage.colours();
  t.same(
    pods.map(({ name }) => name),
    ['bare', 'shop-aaa-1-0'],
  );
});

t.test('what the ReplicaSet controller goes by is read as it reads it', async (t) => {
  const stage = await stageFor(t);
  const cost = (text: string): object => ({
    annotations: { 'controller.kubernetes.io/pod-deletion-cost': text },
  });
  const given = [
    { metadata: { ...cost('-5'), deletionTimestamp: '2026-03-01T12:00:00Z' } },
    { metadata: cost('+5'), spec: { nodeName: undefined }, status: { phase: 'Pending' } },
    { metadata: cost('99999999999'), status: { phase: 'Unknown', conditions: [] } },
    {
      metadata: { annotations: { 'tidegate.dev/drain': 'true' } },
      status: { containerStatuses: [{ restartCount: 1 }, { restartCount: 4 }] },
    },
  ];
  stage.colour('aaa', { replicas: 4, pod: (index) => given[index] });
  const [{ pods }] = await stage.colours();
  t.match(pods, [
    { deletionCost: -5, isTerminating: true },
    { deletionCost: 0, node: undefined, phase: 'Pending' },
    { deletionCost: 0, phase: 'Unknown', isReady: false, readySinceMs: undefined },
    { drain: 'true', restarts: 4 },
  ]);
});

t.test('a pod is asked at the port that its containers call tidegate', async (t) => {
  const stage = await stageFor(t);
  const ports = [
    { name: 'http', containerPort: 8080 },
    { name: 'tidegate', containerPort: 9999 },
  ];
  const specs = [{ containers: [{ ports }] }, { initContainers: [{ ports }] }, {}];
  stage.colour('aaa', { replicas: 3, pod: (index) => ({ spec: specs[index] }) });
  await stage.gather();
  const paths = stage.fake.calls.map(({ path }) => /pods\/(.*)\/proxy/.exec(path)?.[1]);
  const asked = new Set(paths.filter((path) => path !== undefined));
  t.same([...asked].sort(), ['shop-aaa-1-0:9999', 'shop-aaa-1-1:9999', 'shop-aaa-1-2:9180']);
});

t.test('a rollout is told by generations and by ReplicaSets that have pods', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa', { metadata: { generation: 2 } });
  const labels = { app: GROUP, 'tidegate.dev/colour': 'bbb' };
  const { deployment } = stage.colour('bbb');
  const next = stage.replicaSet(deployment, 'next', labels, 0);
  stage.pod('left', labels, next);
  stage.replicaSet(stage.colour('ccc').deployment, 'idle', labels, 0);
  const isRolling = (await stage.colours()).map((one) => one.deployment.isRollingOut);
  t.same(isRolling, [true, true, false]);
});

t.test('a Service has to do with what it selects, routes to and could be moved to', async (t) => {
  const stage = await stageFor(t);
  const { pods } = stage.colour('aaa');
  stage.colour('bbb', { replicas: 0 });
  const colour = 'tidegate.dev/colour';
  stage.service('all', { app: GROUP });
  stage.service('next', { app: GROUP, [colour]: 'zzz' });
  stage.service('bare', { [colour]: 'bbb' });
  stage.service('elsewhere', { app: 'blog', [colour]: 'aaa' });
  stage.service('bare-elsewhere', { [colour]: 'zzz' });
  stage.service('empty', {});
  stage.service('none', undefined);
  stage.service('by-hand', undefined);
  stage.routes('by-hand', pods.slice(0, 1));
  stage.service('leaving', { app: 'blog' });
  stage.routes('leaving', pods, { ready: false, serving: true, terminating: true });
  stage.service('all-published', { app: GROUP });
  stage.routes('all-published', pods.slice(1), { ready: true, serving: false });
  const { services } = await stage.gather(undefined, askNobody);
  const told = services.map(({ name, colour: its, selects, routesTo, readyPods }) => {
    return [name, its, selects.join(), routesTo.join(), readyPods.join()];
  });
  t.same(told, [
    ['all', undefined, 'aaa,bbb', '', ''],
    ['all-published', undefined, 'aaa,bbb', 'aaa', ''],
    ['bare', 'bbb', 'bbb', '', ''],
    ['by-hand', undefined, '', 'aaa', 'shop-aaa-1-0'],
    ['next', 'zzz', '', '', ''],
  ]);
});

t.test('a pod is routed to by any of its addresses, however they are written', async (t) => {
  const stage = await stageFor(t);
  const podIPs = [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }];
  stage.colour('aaa', { replicas: 1, pod: () => ({ status: { podIP: '10.0.0.7', podIPs } }) });
  for (const [name, address] of [
    ['four', '10.0.0.7'],
    ['six', 'FD00:0:0::0007'],
    ['other', 'fd00::8'],
    ['none', 'fe80::1%eth0'],
  ] as const) {
    stage.service(name, undefined);
    stage.fake.objects.put({
      kind: 'EndpointSlice',
      metadata: { name, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': name } },
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    });
  }
  const { services } = await stage.gather(undefined, askNobody);
  t.same(
    services.map(({ name, routesTo }) => [name, ...routesTo]),
    [
      ['four', 'aaa'],
      ['six', 'aaa'],
    ],
  );
});

t.test('a Service that matches one pod alone selects its colour', async (t) => {
  const stage = await stageFor(t);
  const labels = { app: GROUP, 'tidegate.dev/colour': 'aaa', canary: 'yes' };
  stage.colour('aaa', { pod: (index) => (index === 1 ? { metadata: { labels } } : {}) });
  stage.service('canary', { canary: 'yes' });
  t.match((await stage.gather(undefined, askNobody)).services, [
    { name: 'canary', selects: ['aaa'], colour: undefined },
  ]);
});

t.test('what does not fit together is told of', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa');
  stage.colour('aaa', { name: 'twin' });
  stage.colour('bbb');
  t.match(await stage.oddities(), [/^Deployments shop-aaa and twin are both of colour aaa: /]);
  t.same(
    (await stage.colours()).map(({ isOdd }) => isOdd),
    [true, false, true],
  );
});

t.test('a Deployment whose pods have no colour is told of', async (t) => {
  const stage = await stageFor(t);
  const { deployment } = stage.colour('aaa');
  const template = { metadata: { labels: { app: GROUP, 'tidegate.dev/colour': null } } };
  stage.fake.objects.patch('Deployment', NAMESPACE, deployment.metadata.name, {
    spec: { template },
  });
  const { colours, oddities } = await stage.gather(undefined, askNobody);
  t.same(colours, []);
  t.match(oddities, [/^Deployment shop-aaa carries tidegate.dev\/rainbow, but its pods have no /]);
});

t.test('a Deployment that selects the pods of another colour is told of', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa', { selector: { matchLabels: { app: GROUP } } });
  stage.colour('bbb');
  t.match(await stage.oddities(), [/^Deployment shop-aaa selects pods of colour bbb, too: /]);
  t.match(await stage.colours(), [{ isOdd: true }, { isOdd: false }]);
});

t.test('what is remembered of a colour is read from its annotation', async (t) => {
  const stage = await stageFor(t);
  const uid = '00000000-0000-4000-8000-00000000abcd';
  const lostTraffic = '2026-03-01T10:00:00.000Z';
  const state = { uid, wasLive: true, peak: 9, lostTraffic, drainedSince: '2027-01-01T00:00:00Z' };
  const annotations = { 'tidegate.dev/rainbow-state': JSON.stringify(state) };
  stage.colour('aaa', { metadata: { uid, annotations } });
  stage.colour('bbb', { metadata: { annotations } });
  const [aaa, bbb] = await stage.colours();
  const lostTrafficMs = Date.parse(lostTraffic);
  t.same(aaa.deployment.state, { wasLive: true, peak: 9, lostTrafficMs, samples: [] });
  t.same(bbb.deployment.state, { wasLive: false, peak: 0, samples: [] });
});

t.test('the groups of one namespace or of all are found, each once', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa');
  stage.colour('bbb', { metadata: { labels: { team: 'blue' } } });
  stage.colour('aaa', { group: 'blog' });
  stage.colour('aaa', { metadata: { namespace: 'away' } });
  stage.colour('aaa', { group: '', name: 'nameless' });
  const api = new KubernetesApi(stage.client);
  const names = async (sought: Parameters<typeof findGroups>[1]): Promise<string[]> =>
    (await findGroups(api, sought)).map(({ namespace, group }) => `${namespace}/${group}`);
  t.same(await names({}), ['away/shop', 'web/blog', 'web/shop']);
  t.same(await names({ namespace: 'web' }), ['web/blog', 'web/shop']);
  t.same(await names({ selector: 'team=blue' }), ['web/shop']);
});

t.test('a right that is missing ends it, in words that name it', async (t) => {
  const stage = await stageFor(t);
  stage.colour('aaa');
  const rights = [
    ['list deployments.apps', 'list on deployments.apps in namespace web'],
    ['list replicasets.apps', 'list on replicasets.apps in namespace web'],
    ['list pods', 'list on pods in namespace web'],
    ['list services', 'list on services in namespace web'],
    ['list endpointslices.discovery.k8s.io', 'list on endpointslices.discovery.k8s.io'],
    ['list horizontalpodautoscalers.autoscaling', 'list on horizontalpodautoscalers.autoscaling'],
    ['get pods/proxy', 'get on pods/proxy in namespace web'],
  ];
  for (const [denied, words] of rights) {
    stage.fake.denied.clear();
    stage.fake.denied.add(denied);
    await t.rejects(stage.gather(), { message: new RegExp(words) });
  }
});

t.test('a thousand pods in forty colours take few calls beyond those of the pods', async (t) => {
  const stage = await stageFor(t);
  for (let index = 0; index < 40; index++) stage.colour(`c${index}`, { replicas: 25 });
  const { colours } = await stage.gather(undefined, askNobody);
  t.equal(colours.flatMap(({ pods }) => pods).length, 1_000);
  t.ok(stage.fake.calls.length <= 12, stage.fake.asked.join());
});

t.test('more colours than a path takes are sought by the label alone', async (t) => {
  const stage = await stageFor(t);
  const name = (index: number): string => String(index).padStart(60, 'c');
  for (let index = 0; index < 80; index++) stage.colour(name(index), { replicas: 0 });
  stage.colour('aaa', { group: 'blog' });
  t.equal((await stage.colours()).length, 80);
  const [selector] = stage.fake.calls
    .filter(({ resource }) => resource === 'pods')
    .map(({ query }) => query.get('labelSelector'));
  t.equal(selector, 'tidegate.dev/colour');
});

t.test('whatever its annotation says but false pauses a colour, and a Service', async (t) => {
  const stage = await stageFor(t);
  const annotations = (value: string) => ({ annotations: { 'tidegate.dev/rainbow-pause': value } });
  const values = ['true', 'false', 'False', ''];
  values.forEach((value, at) => stage.colour(`c${at}`, { metadata: annotations(value) }));
  const selector = { app: GROUP, 'tidegate.dev/colour': 'c0' };
  values.forEach((value, at) => stage.service(`s${at}`, selector, annotations(value)));
  const { colours, services } = await stage.gather(undefined, askNobody);
  t.same(
    colours.map(({ deployment }) => deployment.isPaused),
    [true, false, true, true],
  );
  t.same(
    services.map(({ isPaused }) => isPaused),
    [true, false, true, true],
  );
});
