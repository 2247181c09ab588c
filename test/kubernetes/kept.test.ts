/**
 * What is kept and told: each change once, each step from the one before it, and in the end what there
 * is, on a cluster where everything happens; no fault of one object is another's.
 */
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { PODS } from '../../src/kubernetes/api.js';
import { type Change, Informer } from '../../src/kubernetes/informer.js';
import { Kept } from '../../src/kubernetes/kept.js';
import { status } from '../peers/fake-calls.js';
import type { FakeCluster } from '../peers/fake-cluster.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';
import { until } from '../peers/until.js';
import { start } from './fake-api.js';
import { type Item, readItem } from './informed.js';
import { Told } from './told.js';

const SEED = seedOfRun(20_26);
const RUNS = 4;
const CHANGES = 1_500;
const LABELS = [{ app: 'x' }, { app: 'x', colour: 'red' }, { app: 'y' }, {}];

/** What those who listen have been told of, by the changes alone. */
class Replay {
  readonly items = new Map<string, Item>();
  readonly wrongs: string[] = [];

  hear(change: Change<Item>): void {
    const one = change.type === 'gone' ? change.last : change.now;
    const known = this.items.get(one.uid);
    if ((known === undefined) !== (change.type === 'added')) this.wrong(change);
    if (change.type === 'gone') {
      this.items.delete(one.uid);
      return;
    }
    if (known?.version === one.version || known !== change.before) this.wrong(change);
    const names = [...this.items.values()].filter(({ uid }) => uid !== one.uid);
    if (names.some(({ name }) => name === one.name)) this.wrong(change);
    this.items.set(one.uid, one);
  }

  private wrong(change: Change<Item>): void {
    this.wrongs.push(JSON.stringify(change));
  }
}

function changeOne(fake: FakeCluster, random: Random): void {
  const name = `p-${random.int(40)}`;
  const namespace = random.once(10) ? 'other' : 'web';
  const { uid } = fake.objects.find('Pod', namespace, name)?.metadata ?? {};
  const metadata = { name, namespace, labels: random.pick(LABELS) };
  if (uid === undefined) fake.objects.put({ kind: 'Pod', metadata });
  else if (random.once(3)) fake.objects.remove('Pod', namespace, name);
  // In its place, without a delete that anybody waits for.
  else if (random.once(6)) fake.objects.put({ kind: 'Pod', metadata });
  else
    fake.objects.patch('Pod', namespace, name, {
      metadata: { labels: random.pick(LABELS), annotations: { note: String(random.int(99)) } },
    });
}

function disturb(fake: FakeCluster, random: Random): void {
  const { watches } = fake;
  const act = random.pick<() => void>([
    () => watches.cut(),
    () => watches.end(),
    () => watches.outdate(),
    () => watches.bookmark(),
    () => fake.objects.forget(),
    () => fake.expire(),
    () => (watches.pieceBytes = random.pick([0, 1, 5, 100])),
    () => watches.silence(),
  ]);
  act();
}

t.test("one object that cannot be read is no other's fault, and is not gone", async (t) => {
  const told = new Told(undefined, (object) => {
    const item = readItem(object);
    if (Number(item.version) % 10 === 9) throw new Error(`bad ${item.version}`);
    return Number(item.version) % 10 === 8 ? undefined : item;
  });
  told.there = [
    { uid: 'a', version: '1' },
    { uid: 'b', version: '9' },
    { uid: 'c', version: '8' },
  ];
  await told.start();
  t.same(told.changes.splice(0), ['added a 1']);
  await told.tell('MODIFIED', { uid: 'a', version: '19' });
  await told.tell('MODIFIED', { uid: 'b', version: '20' });
  t.equal(told.informer.get('a')?.version, '1');
  await told.tell('DELETED', { uid: 'a', version: '29' });
  await told.tell('MODIFIED', { uid: 'b', version: '28' });
  t.same(told.changes, ['added b 20', 'gone a 1', 'gone b 20']);
  told.hear({ type: 'ADDED', object: null, resourceVersion: '30' });
  t.same(told.faults.splice(0), [
    ...['bad 9', 'bad 19', 'bad 29'],
    'it has no name, uid or resourceVersion',
  ]);
});

t.test('what was told is not told twice, and a name may be taken by another', async (t) => {
  const told = await new Told().start();
  await told.tell('ADDED', { uid: 'a', version: '2' });
  await told.tell('ADDED', { uid: 'a', version: '2' });
  await told.tell('MODIFIED', { uid: 'a', version: '3' });
  await told.tell('ADDED', { uid: 'a2', name: 'a', version: '4' });
  await told.tell('DELETED', { uid: 'a', version: '5' });
  await told.tell('DELETED', { uid: 'a2', name: 'a', version: '6' });
  const all = ['added a 2', 'changed a 3 after 2', 'gone a 3', 'added a2 4', 'gone a2 6'];
  t.same(told.changes, all);
});

t.test('the objects of a namespace are known apart from the rest', (t) => {
  const changes: string[] = [];
  const kept = new Kept<Item>(({ type }) => void changes.push(type));
  const put = (uid: string, namespace: string, version = '1'): void => {
    const item = { uid, namespace, name: uid, labels: {}, note: undefined, version };
    kept.put({ uid, key: `${namespace}/${uid}`, version, item, isRead: true });
  };
  put('a', 'web');
  put('b', 'blog');
  put('a', 'web', '2');
  const all = (namespace?: string): string[] =>
    [...kept.items(namespace)].map(({ uid, version }) => `${uid} ${version}`);
  t.same(all(), ['a 2', 'b 1']);
  t.same(all('web'), ['a 2']);
  t.same(all('blog'), ['b 1']);
  kept.drop('a');
  t.same([all('web'), all('none')], [[], []]);
  t.same(changes, ['added', 'added', 'changed', 'gone']);
  t.end();
});

t.test('whatever happens, nothing is lost and nothing is told twice', async (t) => {
  for (let run = 0; run < RUNS; run += 1) {
    const seed = seedOf(SEED, run);
    const random = new Random(seed);
    const { fake, api, clock } = await start(t);
    const labelSelector = run % 2 === 0 ? '' : 'app=x';
    const replay = new Replay();
    const whys = new Set<string>();
    const informer = new Informer<Item>({
      ...{ api, clock, resource: PODS, read: readItem },
      scope: { namespace: 'web', labelSelector },
      random: () => random.int(1_000) / 1_000,
      restarted: (why) => whys.add(why),
    });
    informer.onChange((change) => replay.hear(change));
    fake.before = () =>
      random.once(8)
        ? random.pick(['kill' as const, status(503, 'x', 'y'), status(429, 'TooManyRequests', 'z')])
        : undefined;
    for (let at = 0; at < 250; at += 1) {
      fake.objects.put({
        kind: 'Pod',
        metadata: { name: `q-${at}`, namespace: 'web', labels: LABELS[0] },
      });
    }
    informer.start();
    for (let at = 0; at < CHANGES; at += 1) {
      changeOne(fake, random);
      if (random.once(15)) disturb(fake, random);
      while (random.once(2)) await setImmediate();
      // What is silent is left for it, and what is old is listed anew.
      if (random.once(200)) clock.advance(200_000);
    }
    fake.before = () => undefined;
    fake.watches.silence();
    fake.watches.cut();
    const there = (): string[] =>
      fake.objects
        .list('Pod', 'web', labelSelector)
        .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
        .sort();
    const kept = (items: Iterable<Item>): string[] =>
      [...items].map(({ uid, version }) => `${uid} ${version}`).sort();
    const isSame = (): boolean => kept(informer.items()).join() === there().join();
    await until(isSame, `seed ${seed}: all is known`);
    t.same(kept(replay.items.values()), there(), `seed ${seed}: what was told comes to the same`);
    t.same(replay.wrongs, [], `seed ${seed}: each step from the one before it`);
    t.ok(whys.has('broken') && whys.has('expired') && whys.has('ended'), [...whys].join());
    await informer.stop();
    t.equal(clock.pending, 0);
  }
});
