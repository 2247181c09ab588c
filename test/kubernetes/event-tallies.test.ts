/**
 * What happens again and again is counted on one Event, by whoever leads.
 */
import t from 'tap';
import type { Stored } from '../peers/fake-objects.js';
import { isCount, Stage } from './replicas.js';

t.test('what happens again and again is told ten times, and then counted', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  for (let at = 0; at < 120; at++) {
    one.tell(`p-${at}`);
    await stage.passes(1_000);
  }
  const counted = stage.kept.filter(({ message }) => /^\(combined/.test(String(message)));
  t.equal(stage.kept.length, 11);
  t.equal(counted.length, 1);
  const { length } = one.api.calls;
  t.ok(length <= 13, String(length));
  await stage.passes(60_000);
  t.match(
    stage.kept.find(({ count }) => count !== 1),
    {
      count: 110,
      message: '(combined from similar events): p-119 is over',
      firstTimestamp: '2024-01-01T00:00:10Z',
      lastTimestamp: '2024-01-01T00:01:59Z',
    },
  );
});

t.test(
  'a standby that counts tells what is a minute old at most, and all of it at once',
  async (t) => {
    const stage = new Stage();
    const [one, two] = [stage.replica(), stage.replica()];
    two.mayTell = false;
    for (let at = 0; at < 12; at++) for (const replica of [one, two]) replica.tell(`p-${at}`);
    await stage.passes(5_000);
    t.match(stage.kept.find(isCount), { count: 2 });
    await stage.passes(60_000);
    t.equal(stage.clock.pending, 0, 'nobody waits for what is too old');
    one.mayTell = false;
    for (let at = 12; at < 15; at++) two.tell(`p-${at}`);
    two.mayTell = true;
    await stage.passes(2_000);
    t.match(stage.kept.find(isCount), { count: 5 });
    t.same(two.told, ['counted']);
    await stage.passes(100_000);
    t.equal(stage.clock.pending, 0);
    t.equal(one.api.calls.length + two.api.calls.length, 14);
  },
);

t.test('what counts waits its turn', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  for (let at = 0; at < 12; at++) one.tell(`p-${at}`);
  await stage.passes(100);
  one.tell('other', { reason: 'DrainCut' });
  await stage.passes(5_000);
  t.same(one.told, [...Array<string>(10).fill('made'), 'counted', 'made']);
  one.tell('late');
  one.tell('stopped', { reason: 'DrainCut' });
  one.events.stop();
  one.tell('stopped, too', { reason: 'DrainCut' });
  await stage.passes(100_000);
  t.equal(one.told.length, 12, 'who stops tells nothing more');
  t.equal(stage.clock.pending, 0);
});

t.test('what a new leader has counted along goes on where the old one was', async (t) => {
  const stage = new Stage();
  const [one, two] = [stage.replica(), stage.replica()];
  two.mayTell = false;
  const both = (key: string): void => [one, two].forEach((replica) => replica.tell(key));
  for (let at = 0; at < 30; at++) both(`p-${at}`);
  await stage.passes(90_000);
  const count = (): Stored | undefined => stage.kept.find(isCount);
  t.match(count(), { count: 20, message: '(combined from similar events): p-29 is over' });
  one.mayTell = false;
  two.mayTell = true;
  both('p-30');
  await stage.passes(70_000);
  t.equal(stage.kept.length, 11);
  t.match(count(), { count: 21, message: '(combined from similar events): p-30 is over' });
  const three = stage.replica();
  for (let at = 40; at < 51; at++) three.tell(`p-${at}`);
  await stage.passes(10_000);
  t.equal(stage.kept.length, 21, 'one that has just started knows of none, and tells ten more');
  t.match(count(), { count: 21, message: '(combined from similar events): p-50 is over' });
  three.tell('p-51');
  await stage.passes(70_000);
  t.match(count(), { count: 22 });
});

t.test('an Event that counts is changed once a minute, and made again if it is gone', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  const tellEachSecond = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at++) {
      one.tell(`p-${at}`);
      await stage.passes(1_000);
    }
  };
  await tellEachSecond(0, 300);
  const changes = one.api.calls.filter(({ verb }) => verb === 'patch');
  t.equal(changes.length, 4);
  t.same(
    changes.map(({ atMs }) => Math.round((atMs - changes[0].atMs) / 1_000)),
    [0, 60, 120, 180],
  );
  const { metadata } = stage.kept.find(isCount) as Stored;
  stage.api.objects.remove('Event', 'web', metadata.name);
  await tellEachSecond(300, 310);
  await stage.passes(70_000);
  t.match(stage.kept.find(isCount), { metadata: { name: metadata.name }, count: 300 });
  t.notOk(one.told.includes('gone'));
  await stage.passes(600_000);
  one.tell('p-310');
  await stage.passes(1_000);
  t.match(stage.kept.at(-1) && stage.kept.filter(isCount).length, 1, 'a new span, ten more');
});
