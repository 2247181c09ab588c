/**
 * `tidegate controller` as a process against a cluster made up: it leads, marks,
 * tells, serves and ends, and only a signal ends it.
 */
import t, { type Test } from 'tap';
import { type Controlling, startController } from '../peers/controller.js';
import { status } from '../peers/fake-calls.js';
import { type FakeCluster, listenAsPods, startFakeCluster } from '../peers/fake-cluster.js';
import type { Stored } from '../peers/fake-objects.js';
import { testWith } from '../peers/programs.js';
import { busy, NAMESPACE, RainbowStage } from '../peers/rainbow-stage.js';
import { run } from '../peers/running.js';
import { BUNDLE, NODE } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';

const LEASE = 'tidegate-controller';
const SIDECAR = { spec: { containers: [{ name: 'app' }, { name: 'tidegate' }] } };
/** Their calls are those of everybody: no Lease waits to expire. */
const LEADS_MS = 20_000;
/** It takes 7 s at the most, of a process that has its turns. */
const ENDS_MS = 15_000;

interface Stage {
  readonly fake: FakeCluster;
  readonly stage: RainbowStage;
  readonly flags: readonly string[];
}

/** A colour of two pods, one of them with work, and where pods answer. */
async function stageFor(t: Test): Promise<Stage> {
  const fake = await startFakeCluster(t);
  const stage = new RainbowStage(fake);
  const port = await listenAsPods(t, fake);
  stage.routes('shop', stage.colour('c1', { pod: () => SIDECAR }).pods);
  stage.service('shop', { 'tidegate.dev/colour': 'c1' });
  stage.says.set('shop-c1-1-0', busy(50));
  return { fake, stage, flags: [`--pod-admin=${port}`, '--look-every=5s'] };
}

function pod(fake: FakeCluster, name: string): Stored {
  return fake.objects.get('Pod', NAMESPACE, name);
}

const labelOf = (fake: FakeCluster, name: string): string | undefined =>
  pod(fake, name).metadata.labels?.['tidegate.dev/safe-to-delete'];

/** Its pods have their marks. */
async function marked(fake: FakeCluster, controller: Controlling): Promise<void> {
  const areMarked = (): boolean =>
    labelOf(fake, 'shop-c1-1-0') === 'false' && labelOf(fake, 'shop-c1-1-1') === 'true';
  await until(areMarked, controller.everything, 40_000);
}

t.test(
  'it leads, marks pods by what they hold, and gives the Lease away when it ends',
  async (t) => {
    const { fake, flags } = await stageFor(t);
    const controller = await startController(t, fake, flags);
    await until(() => controller.leads, controller.everything, LEADS_MS);
    await marked(fake, controller);
    const { annotations = {} } = pod(fake, 'shop-c1-1-0').metadata;
    t.match(JSON.parse(annotations['tidegate.dev/verdict']), { safe: false, level: 'some' });
    t.match(annotations, {
      'controller.kubernetes.io/pod-deletion-cost': '10',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
    });
    t.equal(
      pod(fake, 'shop-c1-1-1').metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'],
      undefined,
    );

    t.match(await controller.get('/readyz'), { status: 200, body: { ready: true, reasons: [] } });
    t.match(await controller.get('/livez'), { status: 200, body: { live: true } });
    t.match(await controller.get('/other'), { status: 404, body: { error: 'not-found' } });
    t.equal(await controller.value('leader'), 1);
    t.equal(await controller.value('synced'), 1);
    t.equal(await controller.value('pods', { state: 'safe' }), 1);
    t.equal(await controller.value('pods', { state: 'unsafe' }), 1);
    const done = { action: 'mark', result: 'done' };
    await until(
      async () => (await controller.value('actions_total', done)) === 2,
      controller.everything,
    );
    t.ok((await controller.value('last_look_timestamp_seconds')) > 1_700_000_000);

    const holder = (): unknown =>
      (fake.objects.get('Lease', NAMESPACE, LEASE)['spec'] as Record<string, unknown>)[
        'holderIdentity'
      ];
    t.match(holder(), /_[0-9a-f]{8}$/);
    controller.spawned.kill('SIGTERM');
    t.same(await within(controller.spawned.exited, 'it ends', ENDS_MS), { code: 0, signal: null });
    t.equal(holder(), '');
    t.same(controller.spawned.output, []);
    const lines = controller.spawned.lines.map(({ level, msg }) => `${level} ${msg}`);
    t.same(
      [lines.at(0), lines.at(-1)],
      ['info the controller has started', 'info the controller ends'],
    );
    // To lead and to know the cluster are two ways, and either may be the shorter.
    t.same(lines.slice(1, -1).sort(), [
      'info the cluster is known',
      'info this replica leads: it acts from now on',
    ]);
  },
);

t.test('why a mark cannot be written is told once, and that it can be again', async (t) => {
  const { fake, flags } = await stageFor(t);
  const words = 'admission webhook "policy" denied the request';
  fake.before = ({ verb, resource }) =>
    verb === 'patch' && resource === 'pods' ? status(422, 'Invalid', words) : undefined;
  const controller = await startController(t, fake, flags);
  const failed = { action: 'mark', result: 'failed' };
  await until(
    async () => (await controller.value('actions_total', failed)) >= 2,
    controller.everything,
    40_000,
  );
  const lines = controller.said('what is due cannot be written');
  t.match(lines, [{ level: 'warn', action: 'mark', namespace: NAMESPACE, kind: 'Pod' }]);
  t.match(lines[0]['reason'], words);
  t.equal(lines.length, 1);
});

t.test('how a tidegate ended is an Event on its Deployment', async (t) => {
  const { fake, stage, flags } = await stageFor(t);
  const controller = await startController(t, fake, flags);
  await until(() => controller.leads, controller.everything, LEADS_MS);
  await marked(fake, controller);
  const finishedAt = new Date().toISOString();
  const ended = { exitCode: 137, reason: 'OOMKilled', finishedAt, containerID: 'containerd://1' };
  const running = { name: 'tidegate', restartCount: 0, state: { running: {} } };
  const died = { name: 'tidegate', restartCount: 0, state: { terminated: ended } };
  const status = (statuses: object): object => ({ status: { containerStatuses: [statuses] } });
  fake.objects.patch('Pod', NAMESPACE, 'shop-c1-1-1', status(running));
  fake.objects.patch('Pod', NAMESPACE, 'shop-c1-1-1', status(died));
  await until(() => fake.objects.list('Event').length > 0, controller.everything);
  t.match(fake.objects.list('Event'), [
    { type: 'Warning', reason: 'DiedWithoutGoodbye', involvedObject: { name: 'shop-c1' } },
  ]);
  t.match(controller.said('a pod has died without a goodbye'), [
    { namespace: 'web', reason: /shop-c1-1-1/ },
  ]);
  await until(async () => {
    return (await controller.value('actions_total', { action: 'event', result: 'done' })) === 1;
  }, controller.everything);
  t.equal(await controller.value('goodbyes_total', { outcome: 'silent' }), 1);
  t.equal(stage.fake, fake);
});

/** As `stageFor`, beside an old colour that nobody uses, and settings by which that is due. */
async function oldStageFor(t: Test): Promise<Stage> {
  const there = await stageFor(t);
  const metadata = { creationTimestamp: '2020-01-01T00:00:00Z' };
  there.stage.colour('c0', { metadata, pod: () => SIDECAR });
  const policy = ['--keep=0', '--min-age=0s', '--drained-for=0s', '--delete-after=1h'];
  const flags = [...there.flags, '--rainbow=on', '--rainbow-every=5s', ...policy];
  return { ...there, flags };
}

const replicasOf = (fake: FakeCluster, name: string): unknown =>
  (fake.objects.get('Deployment', NAMESPACE, name)['spec'] as Record<string, unknown>)['replicas'];

t.test('an old colour that nobody uses is scaled to zero, and the live one is not', async (t) => {
  const { fake, flags } = await oldStageFor(t);
  const controller = await startController(t, fake, flags);
  await until(() => replicasOf(fake, 'shop-c0') === 0, controller.everything, 60_000);
  t.equal(replicasOf(fake, 'shop-c1'), 2);
  const isTold = (): boolean => controller.said('a colour was changed').length > 0;
  await until(isTold, controller.everything);
  t.match(controller.said('a colour was changed'), [
    { namespace: 'web', group: 'shop', colour: 'c0', action: 'zero' },
  ]);
  const prefix = 'tidegate_controller_';
  const sweptAt = (): Promise<number> => controller.value('last_sweep_timestamp_seconds');
  await until(async () => (await sweptAt()) > 1_700_000_000, controller.everything);
  const metrics = await controller.metrics();
  const zero = { action: 'zero', result: 'done' };
  t.equal(metrics.value(`${prefix}actions_total`, zero), 1);
  t.equal(metrics.sum(`${prefix}colours`, { group: 'shop' }), 2);
  t.equal(metrics.value(`${prefix}colours`, { group: 'shop', state: 'live' }), 1);
  const events = (): string[] => fake.objects.list('Event').map((one) => String(one['reason']));
  await until(() => events().includes('RainbowScaledToZero'), controller.everything);
});

t.test('a dry run tells in Events what would be done, and writes nothing else', async (t) => {
  const { fake, flags } = await oldStageFor(t);
  const controller = await startController(t, fake, [...flags, '--dry-run=on']);
  const isTold = (): boolean => fake.objects.list('Event').length > 0;
  await until(isTold, controller.everything, 60_000);
  const would = 'a colour would be changed, but this is a dry run';
  t.match(controller.said(would), [{ colour: 'c0', action: 'zero' }]);
  const written = fake.calls.filter(({ method }) => method !== 'GET');
  t.same(
    new Set(written.map(({ resource }) => resource)),
    new Set(['leases.coordination.k8s.io', 'events']),
  );
});

t.test('without rainbow colours are counted, and no colour is touched', async (t) => {
  const { fake, flags } = await oldStageFor(t);
  const controller = await startController(
    t,
    fake,
    [...flags, '--rainbow=off'].filter((one) => one !== '--rainbow=on'),
  );
  const isSeen = async (): Promise<boolean> =>
    (await controller.metrics()).sum('tidegate_controller_colours', { state: 'live' }) === 1;
  await until(isSeen, controller.everything, 60_000);
  await marked(fake, controller);
  t.notOk(fake.asked.some((call) => /^(patch|delete) deployments/.test(call)));
  t.equal(fake.objects.list('Event').length, 0);
});

t.test('with marks off what one before has marked is taken away', async (t) => {
  const { fake, flags } = await stageFor(t);
  const before = await startController(t, fake, flags);
  await until(() => before.leads, before.everything, LEADS_MS);
  await marked(fake, before);
  before.spawned.kill('SIGTERM');
  await within(before.spawned.exited, 'it ends', 15_000);
  const controller = await startController(t, fake, [...flags, '--marks=off']);
  const left = (): unknown[] =>
    ['shop-c1-1-0', 'shop-c1-1-1'].flatMap((name) => {
      const { labels = {}, annotations = {} } = pod(fake, name).metadata;
      return Object.keys({ ...labels, ...annotations });
    });
  const isBare = (): boolean =>
    !left().some((key) => /safe|verdict|deletion-cost/.test(String(key)));
  await until(isBare, controller.everything, LEADS_MS);
  t.ok(left().length > 0, 'its own labels stay');
});

t.test('who loses the Lease writes nothing more, and goes on to look', async (t) => {
  const { fake, stage, flags } = await stageFor(t);
  const controller = await startController(t, fake, flags);
  await until(() => controller.leads, controller.everything, LEADS_MS);
  await marked(fake, controller);
  const spec = { holderIdentity: 'somebody', leaseDurationSeconds: 600, renewTime: soon() };
  fake.objects.patch('Lease', NAMESPACE, LEASE, { spec });
  const hasLost = (): boolean =>
    controller.said('this replica does not lead any more: it looks, and does nothing').length > 0;
  await until(hasLost, controller.everything, 15_000);
  t.equal(await controller.value('leader'), 0);
  const from = fake.calls.length;
  stage.says.set('shop-c1-1-1', busy(2_000));
  t.equal(await controller.value('pods', { state: 'unsafe' }), 0, 'who leads tells of them');
  const lookedAt = await controller.value('last_look_timestamp_seconds');
  await until(
    async () => (await controller.value('last_look_timestamp_seconds')) > lookedAt + 6,
    controller.everything,
    20_000,
  );
  const written = fake.calls.slice(from).filter(({ method }) => method !== 'GET');
  t.same(written, []);
});

/** As the API server has moments of Leases. */
function soon(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

t.test('of two replicas the second one acts when the first ends', async (t) => {
  const { fake, stage, flags } = await stageFor(t);
  const first = await startController(t, fake, flags);
  await until(() => first.leads, first.everything, LEADS_MS);
  const second = await startController(t, fake, flags);
  await marked(fake, first);
  t.notOk(second.leads);
  await until(async () => (await second.get('/readyz')).status === 200, second.everything);
  first.spawned.kill('SIGINT');
  t.same(await within(first.spawned.exited, 'it ends', ENDS_MS), { code: 0, signal: null });
  // Where the Lease is not given away in time, it lapses.
  await until(() => second.leads, second.everything, LEADS_MS);
  stage.pod('late', { app: 'late' }, undefined, SIDECAR);
  await until(() => labelOf(fake, 'late') === 'true', second.everything, 40_000);
});

t.test('who leads after one that was killed marks at once what it has seen by then', async (t) => {
  const { fake, stage, flags } = await stageFor(t);
  const first = await startController(t, fake, flags);
  await until(() => first.leads, first.everything, LEADS_MS);
  // Whatever it marks it has seen when the pod came: its next look is minutes away.
  const second = await startController(t, fake, [flags[0], '--look-every=5m']);
  await marked(fake, first);
  await until(async () => (await second.get('/readyz')).status === 200, second.everything);
  first.spawned.kill('SIGKILL');
  await first.spawned.exited;
  stage.pod('late', { app: 'late' }, undefined, SIDECAR);
  await until(() => labelOf(fake, 'late') === 'true', second.everything, 40_000);
  t.ok(second.leads);
});

t.test(
  'an API server that is away is told of once, and nothing has ended when it is back',
  async (t) => {
    const { fake, stage, flags } = await stageFor(t);
    const controller = await startController(t, fake, flags);
    await until(() => controller.leads, controller.everything, LEADS_MS);
    await marked(fake, controller);
    fake.before = () => 'kill';
    fake.watches.end();
    const away = 'the API server cannot be reached; it is tried again and again';
    await until(() => controller.said(away).length > 0, controller.everything, 30_000);
    t.match(await controller.get('/livez'), { status: 200 });
    fake.before = () => undefined;
    const back = 'the API server can be reached again';
    await until(() => controller.said(back).length > 0, controller.everything, 30_000);
    stage.pod('late', { app: 'late' }, undefined, SIDECAR);
    await until(() => labelOf(fake, 'late') === 'true', controller.everything, 40_000);
    t.equal(controller.said(away).length, 1);
    t.same(
      controller.spawned.lines.filter(({ level }) => level === 'error'),
      [],
    );
  },
);

t.test(
  'what somebody else has written on a pod is left, and told once for all alike',
  async (t) => {
    const { fake, flags } = await stageFor(t);
    const cost = 'controller.kubernetes.io/pod-deletion-cost';
    for (const name of ['shop-c1-1-0', 'shop-c1-1-1']) {
      fake.objects.patch('Pod', NAMESPACE, name, { metadata: { annotations: { [cost]: '7' } } });
    }
    const controller = await startController(t, fake, flags);
    await marked(fake, controller);
    t.equal(pod(fake, 'shop-c1-1-0').metadata.annotations?.[cost], '7');
    t.match(controller.said('pods have marks of somebody else, which are left'), [
      { level: 'warn', kind: 'Deployment', name: 'shop-c1', namespace: 'web', key: 'cost' },
    ]);
  },
);

t.test('pods that cannot be asked are told of once, and nothing is marked', async (t) => {
  const { fake } = await stageFor(t);
  const flags = ['--prometheus=http://127.0.0.1:9', '--look-every=5s'];
  const controller = await startController(t, fake, flags);
  const told = (): number => controller.said('pods cannot be asked').length;
  await until(() => told() > 0, controller.everything, 20_000);
  const from = fake.calls.length;
  await until(() => fake.calls.length > from, 'it goes on', 20_000);
  t.equal(told(), 1);
  t.equal(labelOf(fake, 'shop-c1-1-1'), undefined);
  t.match(await controller.get('/livez'), { status: 200 });
});

/** Bugs, as nobody has foreseen them, at a signal. */
const BUGS = `process.on('SIGUSR2', () => {
  setImmediate(() => { throw new Error('thrown'); });
  void Promise.reject(new Error('rejected'));
});`;

t.test('a bug that nobody has caught is told of, and ends nothing', async (t) => {
  const { fake, stage, flags } = await stageFor(t);
  const nodeFlags = [`--import=data:text/javascript,${encodeURIComponent(BUGS)}`];
  const controller = await startController(t, fake, flags, { nodeFlags });
  await marked(fake, controller);
  controller.spawned.kill('SIGUSR2');
  const faults = (): readonly object[] =>
    controller.said('a fault in tidegate itself; please report it');
  await until(() => faults().length === 2, controller.everything);
  t.match(faults(), [{ err: { message: 'rejected' } }, { err: { message: 'thrown' } }]);
  stage.pod('late', { app: 'late' }, undefined, SIDECAR);
  await until(() => labelOf(fake, 'late') === 'true', controller.everything, 40_000);
});

t.test('it ends in time, also where the API server answers nothing any more', async (t) => {
  const { fake, flags } = await stageFor(t);
  const controller = await startController(t, fake, flags);
  await marked(fake, controller);
  fake.before = () => 'hang';
  controller.spawned.kill('SIGTERM');
  t.same(await within(controller.spawned.exited, 'it ends', 5_500), { code: 0, signal: null });
});

t.test('settings that cannot be used are each told, with exit code 64', async (t) => {
  const refused = (args: readonly string[]): ReturnType<typeof run> =>
    run(NODE, [BUNDLE, 'controller', ...args], { env: { TIDEGATE_KEEP: 'x' } });
  const { code, stdout } = await refused(['--look-every=1s', '--listen=80']);
  t.equal(code, 64);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: string });
  t.same(
    lines.map(({ key }) => key),
    ['--listen', '--look-every', 'TIDEGATE_KEEP'],
  );
  const none = ['--keep=1', '--kubeconfig=/nowhere'];
  t.match(await refused(none), { code: 1, stdout: /there is no way to a cluster/ });
  t.match(await refused(['--help']), { code: 0, stdout: /^Usage: tidegate controller/ });
  t.match(await run(NODE, [BUNDLE, '--help']), { stdout: /\n {7}tidegate controller / });
});

testWith(['promtool'], 'promtool has nothing to say about its metrics', async (t, { promtool }) => {
  const { fake, flags } = await stageFor(t);
  const controller = await startController(t, fake, flags);
  const check = async (): Promise<unknown> =>
    run(promtool, ['check', 'metrics'], { input: (await controller.metrics()).text });
  const silence = { code: 0, stdout: '', stderr: '' };
  t.same(await check(), silence, 'at its start');
  await marked(fake, controller);
  t.same(await check(), silence, 'at work');
});
