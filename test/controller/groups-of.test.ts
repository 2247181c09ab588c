/** With `rainbow` off groups grow old for the metrics, and nothing is asked, done or told. */
import t from 'tap';
import { groupsOf } from '../../src/controller/groups-of.js';
import { Tallies } from '../../src/controller/tallies.js';
import { ControllerJournal } from '../../src/journal/controller.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import { NOW_MS } from '../peers/rainbow-group.js';
import { withLive } from './group-town.js';

const LOOKS = { lookEveryMs: 20_000, rainbowEveryMs: 30_000 };

t.test('with rainbow off a colour grows old in memory, and nothing is told', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { wasLive: true });
  town.time.saw(town.fake.now());
  const told: unknown[] = [];
  const groups = groupsOf({
    config: { rainbow: false, dryRun: false, policy: parsePolicy({}), groups: undefined, ...LOOKS },
    ...{ clock: town.hand, api: town.near, known: town.known, may: () => true },
    askPods: () => Promise.reject(new Error('nobody is asked')),
    looks: { of: () => undefined },
    recorder: { tell: (occurrence) => told.push(occurrence) },
    journal: new ControllerJournal((_level, _fields, sentence) => told.push(sentence)),
    ...{ tallies: new Tallies(), looked: () => undefined },
  });
  t.teardown(() => groups.stop());
  groups.start();
  await town.pass(60_000);
  const [{ oldestMs }] = groups.standings();
  await town.pass(600_000);
  t.match(groups.standings(), [{ oldestMs }]);
  t.ok((oldestMs ?? 0) <= NOW_MS + 60_000);
  t.same([told, town.fake.calls], [[], []]);
});
