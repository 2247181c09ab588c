/**
 * What an informer tells of a list, of the changes after it and of what it missed; and that it goes on
 * whatever fails, and asks no more often than it should.
 */
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { CallError } from '../../src/bounded-call.js';
import { KubernetesError, RefusedError, UnreadableError } from '../../src/kubernetes/fault.js';
import { until } from '../peers/until.js';
import { inform, informed, names, putPod, told as wordsOf, watching } from './informed.js';
import { Told } from './told.js';

const refused = (code: number): RefusedError => new RefusedError(`no ${code}`, code, 'x');
const lost = (failure: 'late' | 'silent' | 'broken'): KubernetesError =>
  new KubernetesError(failure, true, new CallError(failure));
const thrown = (error: Error) => (): never => {
  throw error;
};
const seconds = ({ asked }: Told, what: string): number[] =>
  asked.filter((one) => one.includes(what)).map((one) => Number(one.split(' ')[0]));

t.test('what is there is told, and then each change, in order', async (t) => {
  const here = await informed(t);
  t.equal(here.informer.isSynced, true);
  t.same(wordsOf(here), []);
  const a = putPod(here, 'a');
  putPod(here, 'b');
  putPod(here, 'a', { annotations: { note: 'x' } });
  here.fake.objects.remove('Pod', 'web', 'b');
  await until(() => here.changes.length === 4, 'all is told');
  t.same(wordsOf(here), ['added a', 'added b', 'changed a', 'gone b']);
  t.equal('isMissed' in here.changes[3], false, 'it was told as it went');
  t.match(here.changes[2], { now: { note: 'x' }, before: { note: undefined } });
  t.match(here.informer.get(a.metadata.uid), { name: 'a', note: 'x' });
  t.same(names(here), ['a']);
  await here.informer.stop();
  t.equal(here.clock.pending, 0);
});

t.test('a watch that ends or is cut goes on where it was', async (t) => {
  const here = await informed(t);
  putPod(here, 'a');
  await until(() => here.changes.length === 1, 'it is told');
  here.fake.watches.cut();
  await until(() => here.restarts.length === 1, 'it is cut');
  putPod(here, 'b');
  await watching(here);
  here.clock.advance(2_000);
  here.fake.watches.end();
  putPod(here, 'c');
  await until(() => here.changes.length === 3, 'all is told');
  t.same(wordsOf(here), ['added a', 'added b', 'added c']);
  t.same(here.restarts, ['broken pods', 'ended pods']);
  t.equal(here.fake.asked.filter((asked) => asked === 'list pods').length, 1);
});

t.test('what was missed is found by another list', async (t) => {
  const here = await informed(t);
  for (const name of ['a', 'b', 'c']) putPod(here, name);
  await until(() => here.changes.length === 3, 'they are told');
  here.fake.watches.silence();
  putPod(here, 'a', { labels: { x: 'y' } });
  here.fake.objects.remove('Pod', 'web', 'b');
  here.fake.objects.remove('Pod', 'web', 'c');
  putPod(here, 'c');
  here.fake.objects.forget();
  here.fake.watches.cut();
  await until(() => here.changes.length === 7, 'all is told');
  t.same(wordsOf(here).slice(3), ['gone b', 'gone c', 'changed a', 'added c']);
  t.match(here.changes[3], { type: 'gone', isMissed: true }, 'nobody saw how it went');
  t.same(here.restarts, ['broken pods', 'expired pods']);
});

t.test('what cannot be listed is tried ever less often, and never given up', async (t) => {
  const told = new Told();
  told.listing = thrown(lost('broken'));
  await told.start();
  await told.pass(16);
  t.same(seconds(told, 'list'), [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5]);
  const late = new Told(() => 0.999);
  late.listing = thrown(lost('broken'));
  await late.start();
  await late.pass(40);
  t.same(seconds(late, 'list'), [0, 1, 3, 7, 15, 23, 31, 39], 'by chance up to twice as long');
  told.listing = () => undefined;
  await told.pass(4);
  t.same(told.asked.slice(-2), ['19.5 list', '19.5 watch 1']);
  t.equal(told.faults.length, 7);
  t.equal(told.informer.isSynced, true);
});

t.test('who may not list is tried every half minute at the least', async (t) => {
  const told = new Told(() => 0.999);
  told.listing = thrown(refused(403));
  await told.start();
  await told.pass(121);
  t.same(seconds(told, 'list'), [0, 1, 3, 7, 15, 31, 61, 91, 121]);
  t.equal(told.informer.isSynced, false);
  told.listing = () => undefined;
  await told.pass(30);
  t.equal(told.informer.isSynced, true);
});

t.test('who may list and not watch lists every half minute, until it may', async (t) => {
  const told = new Told(() => 0.999);
  told.there = [{ uid: 'a', version: '1' }];
  told.watching = thrown(refused(403));
  await told.start();
  await told.pass(10);
  told.there = [{ uid: 'b', version: '2' }];
  await told.pass(80);
  t.same(seconds(told, 'list'), [0, 30, 60, 90]);
  t.same(told.changes, ['added a 1', 'gone a 1', 'added b 2']);
  t.same(seconds(told, 'watch'), [0, 1, 3, 7, 15, 30, 60, 90], 'tried again now and then');
  told.watching = () => new Promise(() => undefined);
  await told.pass(500);
  t.equal(seconds(told, 'list').length, 5);
  t.equal(seconds(told, 'watch').at(-1), 120);
  t.ok(told.restarts.every((why) => why === 'refused'));
});

t.test('what an API server refuses while it starts is soon tried again', async (t) => {
  const told = new Told(() => 0.999);
  told.watching = thrown(lost('broken'));
  await told.start();
  await told.pass(40);
  told.watching = thrown(refused(403));
  await told.pass(10);
  told.watching = () => new Promise(() => undefined);
  await told.pass(4);
  const [last, now] = seconds(told, 'watch').slice(-2);
  t.ok(now - last <= 4, `${last} ${now}`);
});

t.test('a watch that works begins again at once, one that does not later', async (t) => {
  const told = new Told();
  let ends: (error?: Error) => void = () => undefined;
  told.watching = () =>
    new Promise((resolve, reject) => (ends = (error) => (error ? reject(error) : resolve())));
  await told.start();
  const over = async (error?: Error): Promise<void> => {
    ends(error);
    await setImmediate();
  };
  await told.pass(1);
  await over();
  await told.tell('BOOKMARK', { uid: '', version: '7' });
  await over();
  await told.pass(120);
  await over(lost('silent'));
  t.same(told.asked, ['0 list', '0 watch 1', '1 watch 1', '1.5 watch 7', '121 watch 7']);
  await over();
  t.equal(told.asked.length, 5, 'it has ended at once, and told nothing');
  await told.pass(0.9);
  await over();
  await told.pass(1);
  t.same(seconds(told, 'watch').slice(4), [121.5, 122.9]);
  t.same(told.restarts, ['ended', 'ended', 'silent', 'ended', 'ended']);
  t.same(told.faults, [], 'none of it is a fault');
});

t.test(
  'streams that are cut after an event each are begun twice a second at the most',
  async (t) => {
    const told = new Told();
    let version = 1;
    told.watching = (hear) => {
      version += 1;
      hear({ type: 'BOOKMARK', object: {}, resourceVersion: String(version) });
    };
    await told.start();
    await told.pass(10);
    const begun = seconds(told, 'watch').length;
    t.ok(begun >= 15 && begun <= 21, String(begun));
    t.equal(told.asked.at(-1)?.split(' ').at(-1), String(version - 1), 'each from where it was');
  },
);

t.test('it knows when it has heard something last: a list, a change, a bookmark', async (t) => {
  const told = new Told();
  t.equal(told.informer.heardMs, undefined);
  told.listing = thrown(lost('broken'));
  await told.start();
  t.equal(told.informer.heardMs, undefined);
  told.listing = (): void => undefined;
  await told.pass(1);
  t.equal(told.informer.heardMs, 500);
  await told.pass(9);
  await told.tell('ADDED', { uid: 'a', version: '2' });
  t.equal(told.informer.heardMs, 10_000);
  await told.pass(10);
  await told.tell('BOOKMARK', { uid: '', version: '3' });
  t.equal(told.informer.heardMs, 20_000);
  told.watching = thrown(lost('broken'));
  told.listing = thrown(lost('broken'));
  await told.pass(900);
  t.equal(told.informer.heardMs, 20_000, 'what fails tells nothing');
});

t.test('an object that cannot be read is told as that, with its name', async (t) => {
  const here = await inform(t, () => {
    throw new KubernetesError('it has no spec');
  });
  here.informer.start();
  await watching(here);
  putPod(here, 'a');
  await until(() => here.faults.length > 0, 'it is told');
  t.type(here.faults[0], UnreadableError);
  t.match(here.faults[0], { object: 'pods web/a', message: 'it has no spec' });
});

t.test('where watches are no good for whatever reason, lists are', async (t) => {
  const told = new Told();
  told.watching = async (): Promise<void> => {
    const startMs = told.clock.now();
    await new Promise<void>((resolve) => told.clock.after(10_000, resolve));
    t.equal(told.clock.now() - startMs, 10_000);
    throw lost('late');
  };
  await told.start();
  await told.pass(200);
  t.ok(seconds(told, 'list').length >= 4, String(seconds(told, 'list')));
  t.ok(seconds(told, 'list').length <= 7);
});

t.test('what is too old is listed anew, and that again not at once', async (t) => {
  const told = new Told();
  told.there = [{ uid: 'a', version: '1' }];
  told.watching = thrown(refused(410));
  await told.start();
  await told.pass(8);
  t.same(seconds(told, 'list'), [0, 0.5, 1.5, 3.5, 7.5]);
  t.same(told.changes, ['added a 1']);
  t.same(told.faults, []);
  t.ok(told.restarts.every((why) => why === 'expired'));
});

t.test('every ten minutes it is listed anew, and what was lost is found', async (t) => {
  const told = new Told(() => 0.5);
  told.there = [
    { uid: 'a', version: '1' },
    { uid: 'b', version: '2' },
  ];
  await told.start();
  told.there = [
    { uid: 'b', version: '3' },
    { uid: 'c', version: '4' },
  ];
  told.version = '4';
  await told.pass(601);
  t.same(told.asked, ['0 list', '0 watch 1', '600 list', '600 watch 4']);
  t.same(told.changes.slice(2), ['gone a 1', 'changed b 3 after 2', 'added c 4']);
  t.same(told.restarts, ['resync']);
  t.same(told.timeouts, [290, 290]);
  told.listing = thrown(lost('broken'));
  await told.pass(601);
  t.same(told.asked.slice(4), ['1200 list', '1200 watch 4'], 'the watch is as good as ever');
  t.same(told.faults, ['broken']);
  await told.pass(30);
  t.equal(told.asked.at(-2), '1230 list');
});

t.test('times are jittered', async (t) => {
  const resyncs: number[] = [];
  for (const chance of [0, 0.999]) {
    const told = await new Told(() => chance).start();
    await told.pass(640);
    t.equal(told.timeouts[0], chance === 0 ? 280 : 300);
    resyncs.push(seconds(told, 'list')[1]);
  }
  t.same(resyncs, [570, 630]);
});

t.test('a fault in a listener costs that call alone', async (t) => {
  const told = new Told();
  told.informer.onChange(() => thrown(new Error('oh'))());
  const others: string[] = [];
  told.informer.onChange(({ type }) => others.push(type));
  await told.start();
  await told.tell('ADDED', { uid: 'a', version: '2' });
  await told.tell('MODIFIED', { uid: 'a', version: '3' });
  t.same(others, ['added', 'changed']);
  t.same(told.faults, ['oh', 'oh']);
  t.same(told.restarts, []);
});

t.test('stopped, nothing of it is left, wherever it was', async (t) => {
  const left = async (told: Told): Promise<void> => {
    await told.informer.stop();
    t.equal(told.clock.pending, 0);
    const { length } = told.asked;
    told.clock.advance(1_000_000);
    await told.pass(1);
    t.equal(told.asked.length, length);
    t.same(told.faults, []);
  };
  const never = new Told();
  await left(never);
  never.informer.start();
  await left(never);
  await left(await new Told().start());
  const waiting = new Told();
  waiting.watching = thrown(refused(410));
  await left(await waiting.start());
  const listing = new Told();
  let answer: () => void = () => undefined;
  listing.listing = () => new Promise<void>((resolve) => (answer = resolve));
  listing.there = [{ uid: 'a', version: '1' }];
  await listing.start();
  const stopped = left(listing);
  answer();
  await stopped;
  t.same(listing.changes, []);
  const hearing = new Told();
  hearing.informer.onChange(() => void hearing.informer.stop());
  await hearing.start();
  await hearing.tell('ADDED', { uid: 'a', version: '2' });
  await hearing.tell('ADDED', { uid: 'b', version: '3' });
  t.same(hearing.changes, ['added a 2']);
  await left(hearing);
});
