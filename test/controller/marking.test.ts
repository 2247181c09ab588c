/**
 * Marks as they are written: how often, when, by whom, what becomes of a write that fails, and that
 * rainbow has its own way with the same pods.
 */
import t from 'tap';
import { KubernetesError, missingRight, RefusedError } from '../../src/kubernetes/fault.js';
import { startRainbowGroup } from '../peers/rainbow-group.js';
import { busy as busyStatus } from '../peers/rainbow-stage.js';
import { busy, SAFE, SILENT } from '../peers/rainbow.js';
import { BothAtWork } from './both-at-work.js';
import { LOOK_MS, Markings, numbered } from './markings.js';

const SAID = 'pods is forbidden: User "jane" cannot patch resource "pods"';
const FORBIDDEN = new RefusedError(missingRight('api', SAID, 'patch') ?? '', 403, 'Forbidden');
const REFUSED = new KubernetesError('nothing listens', true);

t.test('a pod is marked when it is looked at first, in one patch', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', busy(50));
  t.equal(stage.stands('one'), 'active some 10 false');
  t.match(stage.written, [{ merge: { metadata: { uid: 'uid-one' } }, writing: { isOnce: true } }]);
  t.same(stage.told, ['one done']);
  await stage.looked('one', busy(51));
  await stage.pass(200_000);
  t.equal(stage.written.length, 1);
  t.equal(stage.clock.pending, 0);
});

t.test('what changes within a minute is written when it is over, as it is then', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.pass(5_000);
  await stage.looked('one', busy(1_000));
  await stage.pass(20_000);
  await stage.looked('one', busy(100));
  t.equal(stage.stands('one'), 'safe idle');
  await stage.pass(34_999, 1_000);
  t.equal(stage.written.length, 1);
  stage.clock.advance(1);
  await stage.settle();
  t.equal(stage.stands('one'), 'active many 100 false');
  t.equal(stage.written[1].atMs, 60_000);
});

t.test('before it is written it is asked once more', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.pass(5_000);
  await stage.looked('one', busy(1_000));
  stage.says = () => busy(3);
  await stage.pass(70_000);
  t.same(stage.hurried, ['uid-one']);
  t.equal(stage.stands('one'), 'active few 1 false');
  t.equal(stage.written.length, 2);
});

t.test('what is as before by then is not written', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.looked('one', busy(1_000));
  await stage.pass(20_000);
  await stage.looked('one', SAFE);
  await stage.pass(60_000);
  t.equal(stage.written.length, 1);
});

t.test('at most twenty are written a second, and eight at once', async (t) => {
  const stage = new Markings();
  for (const name of numbered(100)) stage.put(name);
  for (const name of numbered(100)) stage.look(name, busy(1));
  await stage.pass(6_000, 10);
  t.equal(stage.written.length, 100);
  for (const { atMs } of stage.written) {
    const within = stage.written.filter((one) => one.atMs >= atMs && one.atMs < atMs + 1_000);
    t.ok(within.length <= 20);
  }
  t.same(stage.hurried, []);
  const slow = new Markings();
  let open = (): void => undefined;
  slow.gate = new Promise((resolve) => (open = resolve));
  for (const name of numbered(20)) slow.put(name);
  for (const name of numbered(20)) slow.look(name, busy(1));
  await slow.pass(5_000, 10);
  t.equal(slow.written.length, 8);
  open();
  await slow.pass(5_000, 10);
  t.equal(slow.written.length, 20);
});

t.test('who does not lead writes nothing, and has it all ready', async (t) => {
  const stage = new Markings();
  stage.isLeader = false;
  stage.put('one', { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '7' } });
  await stage.looked('one', busy(50));
  await stage.pass(LOOK_MS);
  t.same([stage.written, stage.foreign], [[], []]);
  stage.isLeader = true;
  await stage.looked('one', busy(50));
  t.equal(stage.stands('one'), 'active some 7 false');
});

t.test('who loses the lead while something waits does not write it', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.looked('one', busy(50));
  stage.isLeader = false;
  await stage.pass(120_000);
  t.equal(stage.written.length, 1);
  t.same(stage.told, ['one done']);
});

t.test('who was not started, or is stopped, does nothing at all', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.looked('one', busy(50));
  stage.marking.stop();
  t.equal(stage.clock.pending, 0);
  await stage.pass(120_000);
  await stage.looked('one', busy(5_000));
  t.equal(stage.written.length, 1);
});

t.test('what starts, goes or is gone is not marked', async (t) => {
  const stage = new Markings();
  stage.put('pending', { phase: 'Pending' });
  stage.put('going');
  await stage.looked('pending', SAFE);
  await stage.looked('going', SAFE);
  await stage.looked('going', busy(5));
  stage.put('going', { isTerminating: true });
  await stage.pass(120_000);
  t.equal(stage.written.length, 1);
  stage.put('gone');
  await stage.looked('gone', SAFE);
  await stage.looked('gone', busy(5));
  stage.objects.remove('Pod', 'web', 'gone');
  await stage.pass(120_000);
  t.equal(stage.written.length, 2);
});

t.test('a pod that is gone, or another one, is passed over in silence', async (t) => {
  const stage = new Markings();
  for (const [code, reason] of [
    [404, 'NotFound'],
    [409, 'Conflict'],
  ] as const) {
    stage.put(reason);
    stage.error = () => new RefusedError('no', code, reason);
    await stage.looked(reason, SAFE);
    t.equal(stage.told.at(-1), `${reason} stopped`);
    await stage.pass(100);
  }
});

t.test('a missing right is tried once a minute, and not by each pod', async (t) => {
  const stage = new Markings();
  const names = numbered(50);
  for (const name of names) stage.put(name);
  stage.put('other', { namespace: 'other' });
  stage.error = (name) => (name === 'other' ? undefined : FORBIDDEN);
  stage.says = () => busy(1);
  stage.rounds(names);
  await stage.pass(10 * 60_000);
  t.ok(stage.written.length <= 11, `${stage.written.length} calls`);
  stage.look('other', busy(1), 'other');
  await stage.settle();
  t.equal(stage.told.at(-1), 'other done');
  stage.error = undefined;
  await stage.pass(150_000);
  const marked = names.filter((name) => stage.stands(name) === 'active few 1 false');
  t.ok(marked.length >= 45, `${marked.length} are marked`);
  await stage.pass(20 * 60_000);
  t.ok(names.every((name) => stage.stands(name) === 'active few 1 false'));
});

t.test('an API server that is not there is tried ever less often, and soon again', async (t) => {
  const stage = new Markings();
  const names = numbered(50);
  for (const name of names) stage.put(name);
  stage.error = () => REFUSED;
  stage.says = () => busy(1);
  stage.rounds(names);
  await stage.pass(120_000);
  t.ok(stage.written.length <= 15, `${stage.written.length} calls`);
  stage.error = undefined;
  await stage.pass(20_000);
  t.ok(names.every((name) => stage.stands(name) === 'active few 1 false'));
});

t.test('what may have been written all the same rests for its minute', async (t) => {
  const stage = new Markings();
  stage.put('one');
  stage.error = () => new RefusedError('it went wrong', 500, 'InternalError');
  await stage.looked('one', SAFE);
  stage.error = undefined;
  await stage.pass(59_000);
  t.equal(stage.written.length, 1);
  await stage.pass(2_000);
  t.equal(stage.stands('one'), 'safe idle');
});

t.test(
  'a pod whose patch is refused is tried ever less often, and the others are not',
  async (t) => {
    const stage = new Markings();
    const names = numbered(3);
    for (const name of names) stage.put(name);
    // An admission policy says so with the code of a missing right.
    const denied = new RefusedError('denied the request: not this one', 403, 'Forbidden');
    stage.error = (name) => (name === 'p0' ? denied : undefined);
    stage.says = () => busy(1);
    stage.rounds(names);
    await stage.pass(LOOK_MS);
    t.equal(stage.stands('p2'), 'active few 1 false');
    await stage.pass(60 * 60_000, 5_000);
    const calls = stage.written.filter(({ name }) => name === 'p0').length;
    t.ok(calls >= 5 && calls <= 8, `${calls} calls`);
  },
);

t.test('an answer that is no pod is a failure like any other', async (t) => {
  const stage = new Markings();
  stage.put('one');
  stage.error = () => new TypeError('broken');
  await stage.looked('one', SAFE);
  t.same(stage.told, ['one failed']);
});

t.test('its own write is known before the watch tells of it', async (t) => {
  const stage = new Markings();
  stage.put('one');
  stage.isWatched = false;
  await stage.looked('one', busy(50));
  await stage.looked('one', busy(50));
  await stage.pass(120_000);
  t.equal(stage.written.length, 1);
});

t.test('somebody else s marks are told of once for each owner', async (t) => {
  const stage = new Markings();
  const annotations = {
    'controller.kubernetes.io/pod-deletion-cost': '7',
    'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true',
  };
  for (const name of ['one', 'two']) {
    stage.put(name, { annotations });
    await stage.looked(name, busy(50));
    t.equal(stage.stands(name), 'active some 7 true');
    await stage.pass(60_000);
  }
  stage.put('three', { annotations, owner: 'other' });
  await stage.looked('three', busy(50));
  t.same(stage.foreign, ['one cost 7', 'one evict true', 'three cost 7', 'three evict true']);
});

t.test('and once for a Deployment, whatever ReplicaSets it has had', async (t) => {
  const stage = new Markings();
  const annotations = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' };
  for (const owner of ['rs1', 'rs2']) {
    stage.deployments.set(owner, 'shop');
    stage.put(owner, { annotations, owner });
    await stage.looked(owner, SAFE);
  }
  t.same(stage.foreign, ['rs1 evict true']);
});

t.test('of more owners than are remembered nothing is told', (t) => {
  const stage = new Markings();
  const annotations = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' };
  const names = numbered(1_005);
  for (const name of names) stage.put(name, { annotations, owner: `rs-${name}` });
  for (let round = 0; round < 2; round += 1) for (const name of names) stage.look(name, SAFE);
  t.equal(stage.foreign.length, 1_000);
  t.end();
});

t.test('what nearly all pods seem to have at once is written on none', async (t) => {
  const stage = new Markings();
  const names = numbered(20);
  for (const name of names) stage.put(name);
  stage.put('never');
  stage.says = (name) => (name === 'never' ? SILENT : busy(50));
  stage.rounds([...names, 'never']);
  await stage.pass(2 * LOOK_MS);
  t.equal(stage.stands('never'), 'unreachable 1 false', 'it has never answered');
  const before = stage.written.length;
  stage.says = () => SILENT;
  await stage.pass(10 * 60_000);
  t.equal(stage.written.length, before);
  t.same(stage.blind, [true]);
  stage.says = (name) => (name === 'p0' ? busy(500) : SILENT);
  await stage.pass(2 * LOOK_MS);
  t.equal(stage.stands('p0'), 'active many 100 false', 'whoever answers is heard');
  stage.says = (name) => (name === 'p1' ? SILENT : busy(50));
  await stage.pass(3 * LOOK_MS);
  t.same(stage.blind, [true, false]);
  t.equal(stage.stands('p1'), 'unreachable some 10 false');
});

t.test('pods that go one after another are not reached, each of them', async (t) => {
  const stage = new Markings();
  const names = numbered(5);
  for (const name of names) stage.put(name);
  const silent = new Set<string>();
  stage.says = (name) => (silent.has(name) ? SILENT : busy(50));
  stage.rounds(names);
  await stage.pass(2 * LOOK_MS);
  for (const name of names) {
    silent.add(name);
    await stage.pass(4 * LOOK_MS);
  }
  t.same(stage.blind, []);
  t.ok(names.every((name) => stage.stands(name) === 'unreachable some 10 false'));
});

t.test('what somebody changes is put right at the next look', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', SAFE);
  await stage.pass(60_000);
  const labels = { 'tidegate.dev/safe-to-delete': 'false' };
  stage.objects.patch('Pod', 'web', 'one', { metadata: { labels } });
  await stage.looked('one', SAFE);
  t.equal(stage.pod('one').marks.safe, 'true');
});

t.test('what is switched off is taken away', async (t) => {
  const on = new Markings();
  on.put('one');
  await on.looked('one', busy(50));
  const off = new Markings({ deletionCost: false, safeToEvict: 'off' });
  const { labels, annotations } = on.objects.get('Pod', 'web', 'one').metadata;
  off.put('one', { labels, annotations } as object);
  await off.looked('one', busy(50));
  t.equal(off.stands('one'), 'active some');
});

t.test(
  'where marks are off all that is ours is taken away, and nothing else is written',
  async (t) => {
    const on = new Markings();
    const names = numbered(60);
    const theirs = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' };
    for (const name of names) on.put(name, name === 'p0' ? { annotations: theirs } : {});
    for (const name of names) on.look(name, busy(50));
    await on.pass(10_000);
    const off = new Markings({ marks: false });
    off.isLeader = false;
    for (const name of names) {
      const { labels, annotations } = on.objects.get('Pod', 'web', name).metadata;
      off.put(name, { labels, annotations } as object);
    }
    await off.pass(5_000);
    t.equal(off.written.length, 0);
    off.isLeader = true;
    off.marking.hurry();
    await off.pass(1_000, 10);
    t.ok(off.written.length <= 21, `${off.written.length} in a second`);
    await off.pass(5_000, 10);
    for (const name of names) {
      const { labels, annotations } = off.objects.get('Pod', 'web', name).metadata;
      t.same({ ...labels, ...annotations }, name === 'p0' ? theirs : {}, name);
    }
    off.says = () => busy(5);
    off.rounds(names);
    await off.pass(120_000);
    t.equal(off.written.length, 60);
    // Another one, which an older replica has marked.
    off.put('late', { labels: { 'tidegate.dev/safe-to-delete': 'true' } });
    await off.settle();
    t.same(off.objects.get('Pod', 'web', 'late').metadata.labels, {});
    t.equal(off.clock.pending, 60, 'the rounds alone');
  },
);

t.test('who begins to lead writes what has changed since, and waits for no look', async (t) => {
  const stage = new Markings();
  const names = numbered(100);
  for (const name of names) stage.put(name);
  stage.says = () => SAFE;
  stage.rounds(names);
  await stage.pass(LOOK_MS);
  // Nobody leads for as long as a Lease takes to lapse.
  stage.isLeader = false;
  stage.says = (name) => (Number(name.slice(1)) % 2 === 0 ? busy(50) : SAFE);
  await stage.pass(60_000);
  t.equal(stage.written.length, 100);
  stage.isLeader = true;
  stage.marking.hurry();
  const leadsMs = stage.clock.now();
  await stage.pass(4_000, 10);
  t.equal(stage.written.length, 150);
  const after = stage.written.slice(100).map(({ atMs }) => atMs - leadsMs);
  t.ok(after.filter((ms) => ms < 1_000).length <= 20);
  t.equal(stage.stands('p0'), 'active some 10 false');
  t.equal(stage.stands('p1'), 'safe idle');
});

t.test('that it says nothing is written after two looks, and its cost stays', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', busy(50));
  await stage.pass(60_000);
  await stage.looked('one', SILENT);
  t.equal(stage.written.length, 1);
  await stage.pass(LOOK_MS);
  await stage.looked('one', SILENT);
  t.equal(stage.stands('one'), 'unreachable some 10 false');
});

t.test('one look that is heard of twice is one', async (t) => {
  const stage = new Markings();
  stage.put('one');
  await stage.looked('one', busy(50));
  await stage.pass(60_000);
  await stage.looked('one', busy(2));
  for (let count = 0; count < 5; count += 1) stage.marking.looked(stage.pod('one'));
  await stage.settle();
  t.equal(stage.written.length, 1);
});

t.test('rainbow and marks have the same pods, and come to rest', async (t) => {
  const group = await startRainbowGroup(t);
  group.policy = { keep: '0', minAge: '1m', drainedFor: '100h' };
  group.old('aaa', 30, { wasLive: true }, { replicas: 2 });
  group.old('bbb', 20, { wasLive: true }, { replicas: 4 });
  group.select('web', 'bbb');
  const both = new BothAtWork(group);
  const [first, second, third] = group.podsOf('bbb').map(({ metadata }) => metadata.name);
  group.says.set(first, busyStatus(20));
  group.says.set(second, busyStatus(1));
  group.says.set(third, busyStatus(400));
  await both.rounds(4);
  t.same(both.costs('bbb'), ['10', '1', '100', undefined]);
  t.same(await both.rounds(5), [], 'a live colour is left as it is');

  group.select('web', 'aaa');
  await both.rounds(6);
  t.equal(group.replicas('bbb'), 3);
  t.same(both.costs('bbb'), ['10', '1', '100'], 'only the idle one has gone');
  t.same(await both.rounds(5), [], 'an old colour that burns is left as it is');

  group.says.delete(first);
  group.says.delete(third);
  await both.rounds(6);
  t.equal(group.replicas('bbb'), 1);
  t.same(
    group.podsOf('bbb').map(({ metadata }) => metadata.name),
    [second],
  );
  t.same(await both.rounds(5), []);

  group.select('web', 'bbb');
  await both.rounds(6);
  t.equal(group.replicas('bbb'), 4);
  t.same(await both.rounds(5), [], 'after a rollback, too');
  t.same(both.foreign, []);
});

t.test('costs that rainbow left on pods that stay are no hindrance to either', async (t) => {
  const group = await startRainbowGroup(t);
  group.policy = { keep: '0', minAge: '1m', drainedFor: '100h' };
  const annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-2147483647' };
  group.old('aaa', 30, { wasLive: true }, { replicas: 1 });
  group.old('bbb', 20, {}, { replicas: 3, pod: () => ({ metadata: { annotations } }) });
  group.select('web', 'bbb');
  const both = new BothAtWork(group);
  group.says.set(group.podsOf('bbb')[0].metadata.name, busyStatus(5));
  await both.rounds(4);
  t.same(both.costs('bbb'), ['1', undefined, undefined]);
  t.same(await both.rounds(5), []);
  t.same(both.foreign, []);
});
