/**
 * Groups are looked after on a cluster in memory: each at its time and soon after a change, none before
 * enough is known, and nothing is written where nothing has changed.
 */
import t from 'tap';
import { RAINBOW_LABEL } from '../../src/kubernetes/keys.js';
import { status } from '../peers/fake-calls.js';
import { HOUR_MS, MINUTE_MS, NOW_MS } from '../peers/rainbow-group.js';
import { busy, NAMESPACE } from '../peers/rainbow-stage.js';
import { groupTown, lost, ZERO_DUE, withLive } from './group-town.js';

t.test('what is due is done at once, and told of', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE, { replicas: 3 });
  town.start();
  await town.pass(1_000);
  t.equal(town.replicas('aaa'), 0);
  t.same(town.events, [
    'RainbowScaledToZero: Colour aaa of group shop: scale to zero from 3: all its pods have been safe for 11m',
  ]);
  t.match(town.told[0].regarding, { kind: 'Deployment', namespace: 'web', name: 'shop-aaa' });
  t.match(town.deeds, [{ group: 'shop', colour: 'aaa', action: 'zero', result: 'done' }]);
});

t.test('what falls due is done at the next look', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), drainedSinceMs: NOW_MS - 9.8 * MINUTE_MS });
  town.start();
  await town.pass(29_000);
  t.equal(town.replicas('aaa'), 2);
  await town.pass(2_000);
  t.equal(town.replicas('aaa'), 0);
});

t.test('three colours are deployed and promoted; the old ones burn down and go', async (t) => {
  const town = groupTown(t);
  const policy = { keep: '0', minAge: '2m', drainedFor: '1m', deleteAfter: '5m' };
  town.old('one', 0, {}, { replicas: 3 });
  town.select('web', 'one');
  town.start({ policy });
  await town.pass(40_000);
  t.match(town.state('one'), { wasLive: true });
  town.old('two', 0);
  await town.pass(40_000);
  t.same(town.events, [], 'a colour that waits for its promote is left alone');
  town.says.set('shop-one-1-0', busy(5));
  town.says.set('shop-one-1-1', busy(1));
  town.select('web', 'two');
  await town.pass(100_000);
  t.equal(town.replicas('one'), 3, 'it is too young');
  await town.pass(60_000);
  t.equal(town.replicas('one'), 2, 'the idle pod goes');
  town.says.delete('shop-one-1-1');
  await town.pass(60_000);
  t.equal(town.replicas('one'), 1);
  town.says.clear();
  await town.pass(120_000);
  t.equal(town.replicas('one'), 0);
  town.old('three', 0);
  town.select('web', 'three');
  await town.pass(6 * MINUTE_MS);
  t.equal(town.deployment('one'), undefined);
  t.equal(town.replicas('two'), 0);
  await town.pass(6 * MINUTE_MS);
  t.equal(town.deployment('two'), undefined);
  t.equal(town.replicas('three'), 2);
  t.same(
    town.told.map(({ reason, regarding }) => `${reason} ${regarding.name}`),
    [
      'RainbowShrunk shop-one',
      'RainbowShrunk shop-one',
      'RainbowScaledToZero shop-one',
      'RainbowScaledToZero shop-two',
      'RainbowDeleted shop-one',
      'RainbowDeleted shop-two',
    ],
  );
  t.same(town.said, []);
});

t.test('a Service that selects an old colour again gives it back what it had', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 1 });
  town.says.set('shop-aaa-1-0', busy(3));
  town.start();
  await town.pass(10_000);
  town.select('web', 'aaa');
  await town.pass(1_000);
  t.equal(town.replicas('aaa'), 1);
  await town.pass(1_000);
  t.equal(town.replicas('aaa'), 4, 'within two seconds');
  t.same(town.events, [
    'RainbowRestored: Colour aaa of group shop: restore: 4 replicas: Service web selects it again',
  ]);
});

t.test(
  'what is known too late does nothing wrong: the cluster itself is asked first',
  async (t) => {
    const town = withLive(t);
    town.old('aaa', 60, ZERO_DUE);
    const groups = town.made();
    for (const store of town.stores) store.isFrozen = true;
    town.select('web', 'aaa');
    groups.start();
    await town.pass(5 * MINUTE_MS);
    t.equal(town.replicas('aaa'), 2);
    t.match(town.state('aaa'), { lostTrafficMs: undefined, wasLive: true }, 'it is given back');
  },
);

t.test('a pause that is set or lifted counts at once', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  const pause = (value: string | null): void => {
    const metadata = { annotations: { 'tidegate.dev/rainbow-pause': value } };
    town.fake.objects.patch('Service', NAMESPACE, 'web', { metadata });
  };
  pause('true');
  town.start();
  await town.pass(60_000);
  t.equal(town.replicas('aaa'), 2);
  pause('false');
  await town.pass(2_000);
  t.equal(town.replicas('aaa'), 0);
});

t.test('only the groups that are named are looked after, and none without a name', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.colour('nameless', { metadata: { labels: { [RAINBOW_LABEL]: '' } } });
  const other = town.start({ parts: { names: ['blog'] } });
  await town.pass(60_000);
  t.same(town.writes, []);
  t.same(other.standings(), []);
  await other.stop();
  const groups = town.start();
  await town.pass(1_000);
  t.same(
    groups.standings().map(({ group }) => group),
    ['shop'],
  );
});

t.test('nothing is done before all that is kept was listed', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  const groups = town.made();
  const [store] = town.stores;
  store.isSynced = false;
  groups.start();
  await town.pass(120_000);
  t.same(town.fake.calls, []);
  store.isSynced = true;
  await town.pass(30_000);
  t.equal(town.replicas('aaa'), 0);
});

t.test('a round counts as one when each group of it could be looked at', async (t) => {
  const town = withLive(t);
  const groups = town.made();
  const [store] = town.stores;
  store.isSynced = false;
  groups.start();
  await town.pass(120_000);
  t.equal(town.looks, 0, 'nothing is known');
  store.isSynced = true;
  await town.pass(30_000);
  t.ok(town.looks > 0);
  town.old('aaa', 60, ZERO_DUE);
  town.fake.before = () => status(503, 'ServiceUnavailable', 'it starts');
  await town.pass(5_000);
  const { looks } = town;
  await town.pass(120_000);
  t.equal(town.looks, looks, 'what is due cannot be done');
  town.fake.before = () => undefined;
  await town.pass(30_000);
  t.ok(town.looks > looks);
});

t.test('nothing is done before each pod was asked, or could have been', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.unseen.add('shop-aaa-1-1');
  town.start();
  await town.pass(30_000);
  t.same(town.fake.calls, []);
  town.unseen.clear();
  await town.pass(2_000);
  t.equal(town.replicas('aaa'), 0, 'soon after the last of them was');
});

t.test('a pod that nobody else asks is asked here', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.unseen.add('shop-aaa-1-1');
  town.start();
  await town.pass(42_000);
  t.equal(town.replicas('aaa'), 0);
});

t.test('whoever does not lead looks, and does nothing; then it does all at once', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.mayAct = false;
  const groups = town.start();
  await town.pass(120_000);
  t.same(town.fake.calls, []);
  t.same(town.told, []);
  t.match(groups.standings(), [{ colours: { live: 1, drained: 1 } }]);
  town.mayAct = true;
  groups.hurry();
  await town.pass(250);
  t.equal(town.replicas('aaa'), 0);
});

t.test('after it was stopped it looks at nothing', async (t) => {
  const town = withLive(t);
  const groups = town.start();
  await town.pass(1_000);
  await groups.stop();
  town.fake.calls.length = 0;
  town.old('aaa', 60, ZERO_DUE);
  groups.hurry();
  await town.pass(120_000);
  t.same(town.fake.calls, []);
  t.equal(town.hand.pending, 0);
});

t.test('a group that is gone is forgotten', async (t) => {
  const town = withLive(t);
  const groups = town.start();
  await town.pass(1_000);
  t.equal(groups.standings().length, 1);
  town.fake.objects.remove('Deployment', NAMESPACE, 'shop-live');
  await town.pass(2_000);
  t.same(groups.standings(), []);
});

t.test('two groups of a namespace are swept one after the other', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.colour('solo', { group: 'blog' });
  town.service('blog', { app: 'blog', 'tidegate.dev/colour': 'solo' });
  const busyWith = new Set<string>();
  let most = 0;
  town.fake.before = async ({ verb, resource, path }) => {
    if (verb !== 'list' || resource !== 'deployments.apps') return undefined;
    const group = /rainbow%3D(\w+)/.exec(path)?.[1] ?? '';
    busyWith.add(group);
    most = Math.max(most, busyWith.size);
    await new Promise((resolve) => setImmediate(resolve));
    busyWith.delete(group);
    return undefined;
  };
  town.start();
  await town.pass(5_000);
  t.equal(most, 1);
  t.equal(town.replicas('aaa'), 0);
});

t.test('at a load that goes up and down forty colours take four writes a minute', async (t) => {
  const town = withLive(t);
  const names = Array.from({ length: 40 }, (_, at) => `c${at}`);
  for (const name of names) town.old(name, 5, { ...lost(2), peak: 200 }, { replicas: 1 });
  const load = (): void => {
    for (const name of [...names, 'live']) {
      town.says.set(`shop-${name}-1-0`, busy(60 + Math.floor(Math.random() * 60)));
    }
  };
  load();
  town.start({ policy: { maxAge: 'off' } });
  await town.pass(60_000);
  const first = town.writes.length;
  for (let minute = 0; minute < 60; minute += 0.5) {
    load();
    await town.pass(30_000);
  }
  const perMinute = (town.writes.length - first) / 60;
  // A moment of 570 s for each, and twelve for the Lease: below the 20 a minute of all that is written.
  t.ok(perMinute <= 5, `${perMinute} writes a minute`);
  t.ok(perMinute > 0, 'samples are written all the same');
  t.comment(`${perMinute} writes a minute`);
});

t.test(
  'colours that are hardly used at every other look are not written to each time',
  async (t) => {
    const town = withLive(t);
    const names = Array.from({ length: 10 }, (_, at) => `c${at}`);
    for (const name of names) town.old(name, 5, { ...lost(2), peak: 200 }, { replicas: 1 });
    const load = (isLight: boolean): void => {
      for (const name of names) town.says.set(`shop-${name}-1-0`, busy(isLight ? 1 : 9));
    };
    load(false);
    town.start();
    await town.pass(60_000);
    const first = town.writes.length;
    for (let look = 0; look < 120; look++) {
      load(look % 3 > 0);
      await town.pass(30_000);
    }
    const perMinute = (town.writes.length - first) / 60;
    t.ok(perMinute <= 2, `${perMinute} writes a minute`);
  },
);

t.test('where nothing changes nothing is asked of the API server', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, lost(5), { replicas: 1 });
  town.says.set('shop-aaa-1-0', busy(3));
  town.start();
  await town.pass(2 * MINUTE_MS);
  town.fake.calls.length = 0;
  await town.pass(HOUR_MS);
  t.same(town.fake.asked, []);
  t.ok(town.looks >= 120, `${town.looks} looks`);
});
