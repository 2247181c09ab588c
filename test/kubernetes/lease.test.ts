/**
 * Who leads: taken when free, renewed, lost by the clock alone, and told.
 */
import t from 'tap';
import { DEADLINE_MS } from '../../src/kubernetes/lease.js';
import { only, Stage, writes } from './candidates.js';
import { refused, settled } from './memory-api.js';

t.test('who comes first makes the Lease, leads, and renews it every 5 seconds', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  t.equal(one.leadership.isLeader, true);
  t.same(one.heard, [true]);
  t.same(stage.spec, {
    holderIdentity: 'one',
    leaseDurationSeconds: 12,
    acquireTime: '2024-01-01T00:00:00.000000Z',
    renewTime: '2024-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  });
  await stage.passes(60_000);
  t.equal(writes(one).length, 13);
  t.match(stage.spec, {
    acquireTime: '2024-01-01T00:00:00.000000Z',
    renewTime: '2024-01-01T00:01:00.000000Z',
    leaseTransitions: 0,
  });
  t.same([one.heard, one.faults], [[true], []]);
  t.equal(one.api.calls.filter(({ verb }) => verb === 'get').length, 1, 'and reads no more');
});

t.test('who comes second waits, writes nothing, and leads once the first is dead', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  const two = stage.started('two');
  await stage.passes(59_000);
  t.equal(two.leadership.isLeader, false);
  t.equal(writes(two).length, 1, 'it has tried to make it at the same moment');
  one.api.fate = () => ({ fault: 'hangs' });
  const diedMs = stage.clock.now();
  while (!two.leadership.isLeader) await stage.passes(100);
  const afterMs = stage.clock.now() - diedMs;
  t.ok(afterMs > 7_000 && afterMs < 15_000, `${afterMs} ms`);
  t.match(stage.spec, { holderIdentity: 'two', leaseTransitions: 1 });
  t.equal(one.leadership.isLeader, false);
  t.same(one.heard, [true, false]);
  t.equal(stage.spec['acquireTime'], stage.spec['renewTime']);
});

t.test('a leader stops by the clock, though no timer has run and no call is over', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await stage.passes(4_000);
  one.api.fate = () => ({ fault: 'hangs' });
  // As after a pause of the machine: it is later, and nothing has run yet.
  const now = stage.clock.now.bind(stage.clock);
  stage.clock.now = () => now() + DEADLINE_MS - 4_001;
  t.equal(one.leadership.isLeader, true);
  stage.clock.now = () => now() + DEADLINE_MS - 4_000;
  t.equal(one.leadership.isLeader, false);
  t.same(one.heard, [true], 'nobody could tell it yet');
});

t.test('who stops gives it away, or leaves it to lapse', async (t) => {
  for (const isGivenAway of [true, false]) {
    const stage = new Stage();
    const one = stage.started('one');
    await stage.passes(7_000);
    const written = writes(one).length;
    const stopping = one.leadership.stop(isGivenAway);
    await stage.passes(4_000);
    await stopping;
    t.equal(one.leadership.isLeader, false);
    t.same(one.heard, [true, false]);
    t.equal(stage.spec['holderIdentity'], isGivenAway ? '' : 'one');
    t.equal(writes(one).length - written, Number(isGivenAway));
  }
});

t.test('a missing right is told once, and tried slowly until it is there', async (t) => {
  const stage = new Stage();
  const one = stage.candidate('one');
  one.api.fate = only('create', { fault: refused(403, 'Forbidden', 'not for you') });
  one.leadership.start();
  await stage.passes(60_000);
  t.same(one.faults, ['not for you']);
  t.ok(writes(one).length <= 7, String(writes(one).length));
  one.api.fate = () => ({});
  await stage.passes(12_000);
  t.same(one.heard, [true]);
});

t.test('a renewal that fails is repeated within the deadline', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await stage.passes(4_000);
  one.api.fate = ({ atMs }) => (atMs < 8_000 ? { fault: refused(503, 'x', 'not now') } : {});
  await stage.passes(30_000);
  t.same([one.heard, one.faults], [[true], ['not now']]);
});

t.test('there are 3 seconds between the end of one who is cut off and the next', async (t) => {
  for (const offsetMs of [0, 700, 1_400, 2_100]) {
    const stage = new Stage();
    const one = stage.started('one');
    await stage.passes(offsetMs);
    const two = stage.started('two');
    await stage.passes(20_000 - offsetMs);
    one.api.fate = () => ({ fault: 'hangs' });
    while (one.leadership.isLeader) await stage.passes(100);
    t.same(one.heard, [true, false]);
    const endMs = stage.clock.now();
    while (!two.leadership.isLeader) await stage.passes(100);
    const gapMs = stage.clock.now() - endMs;
    t.ok(gapMs >= 3_000 && gapMs <= 5_500, `${gapMs} ms`);
  }
});

t.test('an answer that comes late counts from when it was asked for', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  one.api.fate = only('patch', { backMs: 3_500 });
  await stage.passes(60_000);
  t.same(one.heard, [true], 'slow is good enough');
  t.same(one.faults, []);
  const two = stage.started('two');
  one.api.fate = only('patch', { thereMs: 500, backMs: 9_000 });
  await stage.passes(30_000);
  t.equal(one.heard.at(1), false, 'too slow is not');
  t.equal(one.leadership.isLeader, false);
  t.equal(two.leadership.isLeader, true);
});

t.test('an answer that others have overtaken tells nothing any more', async (t) => {
  const stage = new Stage();
  const one = stage.candidate('one');
  one.api.fate = ({ atMs }) => (atMs === 0 ? { backMs: 4_500 } : {});
  one.leadership.start();
  await stage.passes(4_000);
  t.same(one.heard, [true]);
  await stage.passes(2_500);
  t.same(
    one.api.calls.map(({ verb }) => verb),
    ['get', 'get', 'create'],
    'that there was none is not acted on',
  );
  one.api.fate = ({ atMs }) => (atMs < 8_000 ? { backMs: 3_500 } : {});
  await stage.passes(1_000);
  t.equal(one.api.calls.length, 4, 'it is renewed, and nobody has said so yet');
  stage.edit({ spec: { holderIdentity: 'somebody' } });
  await stage.passes(2_500);
  t.equal(one.leadership.isLeader, false);
  await stage.passes(3_000);
  t.same(one.heard, [true, false], 'that it was renewed before');
});

t.test('a namespace that is not there is told, and waited for', async (t) => {
  const stage = new Stage();
  const one = stage.candidate('one');
  one.api.fate = only('create', { fault: refused(404, 'NotFound', 'no namespace web') });
  one.leadership.start();
  await stage.passes(10_000);
  t.same(one.faults, ['no namespace web']);
  one.api.fate = () => ({});
  await stage.passes(2_500);
  t.same(one.heard, [true]);
});
