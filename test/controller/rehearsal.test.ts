/**
 * A dry run of a group: what would be done is told once, time runs on in memory, and nothing is ever
 * written.
 */
import t from 'tap';
import { stateText } from '../../src/rainbow/state.js';
import { HOUR_MS, MINUTE_MS, NOW_MS } from '../peers/rainbow-group.js';
import { busy, NAMESPACE } from '../peers/rainbow-stage.js';
import { lost, ZERO_DUE, withLive } from './group-town.js';

const DRY = { dryRun: true };

t.test('what would be done is told once, and nothing is written or asked', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE, { replicas: 3 });
  town.old('bbb', 90, { ...lost(60) }, { replicas: 2 });
  for (const at of [0, 1]) town.says.set(`shop-bbb-1-${at}`, busy(4));
  town.old('ccc', 90, { ...lost(40), scaledToZeroMs: NOW_MS - 25 * HOUR_MS }, { replicas: 0 });
  town.start(DRY);
  await town.pass(HOUR_MS);
  t.same(town.fake.calls, []);
  t.same(
    town.events.sort().map((event) => event.replace(/.*of group shop: in a dry run /, '')),
    [
      'nothing is done; else: scale to zero from 3: all its pods have been safe for 11m',
      'nothing is done; else: ask 1 pod to drain: it has had no traffic for 2d12h',
      'nothing is done; else: delete: it has been at zero for 1d1h',
    ].map((words) => words.replace('1 pod', 'shop-bbb-1-0')),
  );
  t.same(new Set(town.told.map(({ reason }) => reason)), new Set(['RainbowPlanned']));
  t.same(town.deeds.map(({ action, result }) => `${action} ${result}`).sort(), [
    'delete planned',
    'drain planned',
    'zero planned',
  ]);
});

t.test('time runs on in memory, from traffic to zero', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { wasLive: true, liveSinceMs: NOW_MS - HOUR_MS });
  const groups = town.start({ ...DRY, policy: { minAge: '30m', drainedFor: '45m' } });
  await town.pass(44 * MINUTE_MS);
  t.same(town.told, []);
  t.match(groups.standings(), [{ oldestMs: NOW_MS, colours: { drained: 1 } }]);
  await town.pass(2 * MINUTE_MS);
  t.match(town.events, [/scale to zero from 2: all its pods have been safe for 45m/]);
  t.same(town.writes, []);
});

t.test('another plan is told of, too', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, lost(5), { replicas: 4 });
  for (const at of [0, 1]) town.says.set(`shop-aaa-1-${at}`, busy(3));
  town.start({ ...DRY, policy: { lightlyUsed: 'off' } });
  await town.pass(MINUTE_MS);
  t.match(town.events, [/shrink from 4 to 2 replicas/]);
  town.says.delete('shop-aaa-1-1');
  await town.pass(MINUTE_MS);
  t.match(town.events, [/to 2 replicas/, /to 1 replica/]);
  town.says.clear();
  await town.pass(15 * MINUTE_MS);
  t.match(town.events.slice(2), [/scale to zero from 4/]);
});

t.test('what somebody else remembers of a colour counts, and not what was made up', async (t) => {
  const town = withLive(t);
  const { metadata } = town.old('aaa', 60, lost(5));
  const groups = town.start({ ...DRY, policy: { drainedFor: '10m' } });
  await town.pass(9 * MINUTE_MS);
  const state = { wasLive: true, lostTrafficMs: NOW_MS, peak: 0, samples: [] };
  town.fake.objects.patch('Deployment', NAMESPACE, 'shop-aaa', {
    metadata: { annotations: { 'tidegate.dev/rainbow-state': stateText(state, metadata.uid) } },
  });
  await town.pass(10 * MINUTE_MS);
  t.same(town.told, []);
  t.match(groups.standings(), [{ oldestMs: NOW_MS }]);
});

t.test('that it would be given back is told once, and stays so', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), replicas: 4 }, { replicas: 1 });
  town.select('web', 'aaa');
  town.start(DRY);
  await town.pass(10 * MINUTE_MS);
  t.match(town.events, [
    /RainbowPlanned: .* else: restore: 4 replicas: Service web selects it again/,
  ]);
  t.same(town.writes, []);
});

t.test('whoever does not lead tells nothing', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.mayAct = false;
  const groups = town.start(DRY);
  await town.pass(2 * MINUTE_MS);
  t.same(town.told, []);
  town.mayAct = true;
  groups.hurry();
  await town.pass(250);
  t.equal(town.told.length, 1);
});
