/**
 * What is due with a group is done as a clean-up would do it, and whatever comes between, a rollback, a
 * promote, a fault or another leader, at whichever call, leaves nobody worse off.
 */
import type { Test } from 'tap';
import t from 'tap';
import { DELETION_COST_ANNOTATION, DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import type { State } from '../../src/rainbow/contract.js';
import { planPromote } from '../../src/rainbow/switch.js';
import { doSwitch } from '../../src/rainbow/switching.js';
import { status } from '../peers/fake-calls.js';
import { HOUR_MS, MINUTE_MS, NOW_MS } from '../peers/rainbow-group.js';
import { busy, NAMESPACE } from '../peers/rainbow-stage.js';
import { type GroupTown, lost, ZERO_DUE, withLive } from './group-town.js';

interface Due {
  readonly state: Partial<State>;
  readonly replicas: number;
  /** What is at work in each of its pods. */
  readonly work: readonly number[];
}

const DUE: Readonly<Record<string, Due>> = {
  drain: { state: lost(60), replicas: 3, work: [3, 4, 5] },
  shrink: { state: lost(5), replicas: 3, work: [3, 0, 0] },
  zero: { state: ZERO_DUE, replicas: 3, work: [0, 0, 0] },
};

function withDue(t: Test, { state, replicas, work }: Due): GroupTown {
  const town = withLive(t);
  town.policy = { keep: '0', lightlyUsed: 'off' };
  town.old('aaa', 90, { ...state, peak: 9 }, { replicas });
  work.forEach((active, at) => {
    if (active > 0) town.says.set(`shop-aaa-1-${at}`, busy(active));
  });
  return town;
}

/** It has all that it had, and nothing is asked of it. */
function isWhole(t: Test, town: GroupTown, replicas: number, where: string): void {
  t.equal(town.replicas('aaa'), replicas, `${where}: replicas`);
  const none = Array.from({ length: replicas }, () => undefined);
  t.same(town.annotationsOf('aaa', DRAIN_ANNOTATION), none, `${where}: drains`);
  t.same(town.annotationsOf('aaa', DELETION_COST_ANNOTATION), none, `${where}: costs`);
  t.match(town.state('aaa'), { wasLive: true, lostTrafficMs: undefined }, `${where}: state`);
}

for (const [kind, due] of Object.entries(DUE)) {
  t.test(`a selector that is moved back at any call of a ${kind} undoes it`, async (t) => {
    const movedAt = async (n: number): Promise<boolean> => {
      const town = withDue(t, due);
      let calls = 0;
      town.fake.before = () => {
        if (++calls === n) town.select('web', 'aaa');
        return undefined;
      };
      town.start();
      await town.pass(20_000);
      if (calls < n) return false;
      isWhole(t, town, due.replicas, `call ${n}`);
      await town.pass(2 * MINUTE_MS);
      isWhole(t, town, due.replicas, `call ${n}, and later`);
      t.equal(town.replicas('live'), 2, 'the other is too young for anything');
      await town.ended();
      return true;
    };
    let n = 1;
    while (await movedAt(n)) n++;
    t.ok(n > 8, `there were ${n} calls`);
  });

  t.test(`a promote by command at any call of a ${kind} succeeds, and undoes it`, async (t) => {
    const promotedAt = async (n: number): Promise<boolean> => {
      const town = withDue(t, due);
      let [calls, isCounting] = [0, true];
      let promoted: Promise<void> | undefined;
      town.fake.before = () => {
        if (isCounting && ++calls === n) {
          isCounting = false;
          promoted = promote(town);
        }
        return undefined;
      };
      town.start();
      await town.pass(40_000);
      if (promoted === undefined) return false;
      await promoted;
      isWhole(t, town, due.replicas, `call ${n}`);
      t.equal(town.selected('web'), 'aaa');
      await town.ended();
      return true;
    };
    let n = 1;
    while (await promotedAt(n)) n++;
    t.ok(n > 8, `there were ${n} calls`);
  });

  t.test(`who leads no more at any call of a ${kind} writes nothing further`, async (t) => {
    const lostAt = async (n: number): Promise<boolean> => {
      const town = withDue(t, due);
      let calls = 0;
      town.fake.before = () => {
        if (++calls === n) town.mayAct = false;
        return undefined;
      };
      const groups = town.start();
      await town.pass(40_000);
      if (calls < n) return false;
      const writes = town.refused.length;
      await town.pass(2 * MINUTE_MS);
      t.equal(town.refused.length, writes, `call ${n}: it is not tried again`);
      t.notOk(town.events.join().includes('RainbowFailed'), `call ${n}: nothing has failed`);
      town.fake.before = () => undefined;
      town.mayAct = true;
      groups.hurry();
      await town.pass(10_000);
      const acted = town.deeds.filter(({ result }) => result === 'done');
      t.ok(acted.length >= 1, `call ${n}: whoever leads then does it at once`);
      await town.ended();
      return true;
    };
    let n = 1;
    while (await lostAt(n)) n++;
    t.ok(n > 8, `there were ${n} calls`);
  });
}

async function promote(town: GroupTown): Promise<void> {
  const wanted = planPromote('aaa', await town.look(), { services: [], force: false });
  await doSwitch(wanted, {
    ...{ api: town.near, look: town.look, clock: town.hand },
    ...{ timeoutMs: 30_000, dryRun: false, tell: () => undefined },
  });
}

t.test('a Service that changes breaks off the rest of what is under way', async (t) => {
  const town = withLive(t);
  for (const colour of ['aaa', 'bbb', 'ccc']) town.old(colour, 60, ZERO_DUE);
  town.fake.after = ({ verb, name }) => {
    if (verb === 'patch' && name === 'shop-aaa') town.select('web', 'bbb');
    return undefined;
  };
  town.start();
  await town.pass(250);
  t.same([town.replicas('aaa'), town.replicas('bbb'), town.replicas('ccc')], [0, 2, 2]);
  await town.pass(5_000);
  t.same([town.replicas('aaa'), town.replicas('bbb'), town.replicas('ccc')], [0, 2, 0]);
  t.same(
    town.told.map(({ reason }) => reason),
    ['RainbowScaledToZero', 'RainbowRestored', 'RainbowScaledToZero'],
  );
});

t.test(
  'whoever writes to Services all the time holds up nothing, and hurries nothing',
  async (t) => {
    const town = withLive(t);
    for (const colour of ['aaa', 'bbb']) town.old(colour, 60, ZERO_DUE);
    town.colour('solo', { group: 'blog', labels: { app: 'blog' } });
    town.service('blog', { app: 'blog', 'tidegate.dev/colour': 'solo' });
    let at = 0;
    const write = (): void => {
      const metadata = { annotations: { leader: String(at++) }, labels: { at: String(at) } };
      town.fake.objects.patch('Service', NAMESPACE, 'web', { metadata });
      const selector = { 'tidegate.dev/colour': at % 2 > 0 ? 'other' : 'solo' };
      town.fake.objects.patch('Service', NAMESPACE, 'blog', { spec: { selector } });
    };
    town.fake.before = ({ verb, name }) => {
      write();
      const isRefused = verb === 'patch' && name === 'shop-bbb';
      return isRefused ? status(422, 'Invalid', 'a policy') : undefined;
    };
    town.start();
    await town.pass(1_000);
    t.equal(town.replicas('aaa'), 0, 'what is under way is not broken off');
    for (let second = 0; second < 200; second++) {
      write();
      await town.pass(1_000);
    }
    const tries = town.fake.calls.filter(
      ({ verb, name }) => verb === 'patch' && name === 'shop-bbb',
    );
    t.equal(tries.length, 3, 'at once, after 30 s and after another minute');
  },
);

t.test('a Service that is new, or gone, is news to those whom it could select', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 1 });
  town.says.set('shop-aaa-1-0', busy(3));
  town.start();
  await town.pass(5_000);
  town.service('second', { app: 'shop', 'tidegate.dev/colour': 'aaa' });
  await town.pass(2_000);
  t.equal(town.replicas('aaa'), 4);
});

t.test('a right that is missing costs its colour longer waits, and others nothing', async (t) => {
  const town = withLive(t);
  const atZero = { ...lost(40), scaledToZeroMs: NOW_MS - 25 * HOUR_MS };
  town.old('aaa', 90, atZero, { replicas: 0 });
  town.fake.denied.add('delete deployments.apps');
  town.start();
  await town.pass(10 * MINUTE_MS);
  const tries = (): number => town.fake.asked.filter((one) => one.startsWith('delete')).length;
  t.equal(tries(), 5, 'after 30 s, 1, 2 and 4 minutes');
  t.same(town.events.length, 5);
  t.equal(new Set(town.told.map(({ key }) => key)).size, 1, 'all of them the same');
  t.match(town.events[0], /^RainbowFailed: .* delete: failed: .* takes the verb delete on/);
  t.same(town.news, ['delete failed'], 'and news only once');
  town.old('bbb', 60, { ...lost(5), drainedSinceMs: NOW_MS - HOUR_MS });
  await town.pass(30_000);
  t.equal(town.replicas('bbb'), 0);
  town.fake.denied.clear();
  await town.pass(5 * MINUTE_MS);
  t.equal(town.deployment('aaa'), undefined);
});

t.test('what is refused to be given back is tried again within 15 seconds', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 0 });
  town.select('web', 'aaa');
  town.fake.before = ({ verb }) => (verb === 'patch' ? status(403, 'Forbidden', 'no') : undefined);
  town.start();
  await town.pass(7 * MINUTE_MS);
  t.equal(town.replicas('aaa'), 0);
  town.fake.before = () => undefined;
  await town.pass(16_000);
  t.equal(town.replicas('aaa'), 4);
});

t.test('a group that cannot be looked at gives back within 15 seconds', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 0 });
  town.select('web', 'aaa');
  let tries = 0;
  town.fake.before = ({ verb, resource }) => {
    if (verb !== 'list' || resource !== 'deployments.apps') return undefined;
    tries++;
    return status(403, 'Forbidden', 'no');
  };
  town.start();
  await town.pass(7 * MINUTE_MS);
  t.ok(tries > 25 && tries < 35, `${tries} tries in seven minutes`);
  town.fake.before = () => undefined;
  await town.pass(16_000);
  t.equal(town.replicas('aaa'), 4);
});

t.test('what is given back waits for no pod that has not been asked yet', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 1 });
  town.old('bbb', 60, ZERO_DUE);
  town.select('web', 'aaa');
  town.unseen.add('shop-bbb-1-0');
  town.start();
  await town.pass(5_000);
  t.equal(town.replicas('aaa'), 4);
  t.equal(town.replicas('bbb'), 2, 'and nothing else is done');
});

t.test('after an API server that was away it goes on within half a minute', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.fake.before = () => status(503, 'ServiceUnavailable', 'it starts');
  town.start();
  await town.pass(10 * MINUTE_MS);
  t.equal(town.said.length, 1);
  t.match(town.said[0], /^shop is unknown: /);
  town.fake.before = () => undefined;
  await town.pass(16_000);
  t.equal(town.replicas('aaa'), 0);
});

t.test('what fails again and again ends a sweep after three', async (t) => {
  const town = withLive(t);
  for (const colour of ['aaa', 'bbb', 'ccc', 'ddd']) town.old(colour, 60, ZERO_DUE);
  town.fake.before = ({ verb }) =>
    verb === 'patch' ? status(500, 'InternalError', 'no') : undefined;
  town.start();
  await town.pass(1_000);
  t.equal(town.events.filter((one) => one.startsWith('RainbowFailed')).length, 3);
  t.equal(town.writes.length, 3);
  town.fake.before = () => undefined;
  await town.pass(16_000);
  t.same(
    ['aaa', 'bbb', 'ccc', 'ddd'].map((colour) => town.replicas(colour)),
    [0, 0, 0, 0],
  );
});

t.test('only the pods of what is due are asked, and what is asked is what counts', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE, { replicas: 1 });
  const drainedSinceMs = NOW_MS - MINUTE_MS;
  const samples = [{ atMs: drainedSinceMs, active: 0 }];
  town.old('bbb', 60, { ...lost(5), drainedSinceMs, samples }, { replicas: 1 });
  const { answering } = town.fake;
  town.fake.answering = (pod, path, call) =>
    pod.metadata.name === 'shop-aaa-1-0'
      ? { status: 200, body: busy(2) }
      : answering(pod, path, call);
  town.start({ policy: { lightlyUsed: 'off' } });
  await town.pass(1_000);
  t.equal(town.replicas('aaa'), 1, 'by then it is at work');
  const asked = new Set(
    town.fake.calls
      .filter(({ resource }) => resource === 'pods/proxy')
      .map(({ name }) => name.split(':')[0]),
  );
  t.same([...asked], ['shop-aaa-1-0']);
  t.equal(town.state('aaa').drainedSinceMs, undefined, 'and that is remembered');
});
