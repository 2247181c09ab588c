/**
 * What an informer keeps and tells: of a list, of the changes after it, and of what it missed.
 */
import t from 'tap';
import { until } from '../peers/until.js';
import { informed, names, putPod, told, watching } from './informed.js';

t.test('what is there is told, and then each change, in order', async (t) => {
  const here = await informed(t);
  t.equal(here.informer.isSynced, true);
  t.same(told(here), []);
  const a = putPod(here, 'a');
  putPod(here, 'b');
  putPod(here, 'a', { annotations: { note: 'x' } });
  here.fake.objects.remove('Pod', 'web', 'b');
  await until(() => here.changes.length === 4, 'all is told');
  t.same(told(here), ['added a', 'added b', 'changed a', 'gone b']);
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
  t.same(told(here), ['added a', 'added b', 'added c']);
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
  t.same(told(here).slice(3), ['gone b', 'gone c', 'changed a', 'added c']);
  t.match(here.changes[3], { type: 'gone', isMissed: true }, 'nobody saw how it went');
  t.same(here.restarts, ['broken pods', 'expired pods']);
});
