/**
 * What is done to a Lease from outside, and how it is given away: nobody leads by what was not
 * meant, and nothing is taken from whoever holds it by now.
 */
import t from 'tap';
import { only, Stage, writes } from './candidates.js';
import { settled } from './memory-api.js';

t.test('a Lease that is deleted is made again by its holder, and by nobody else', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  const two = stage.started('two');
  await stage.passes(6_000);
  for (let times = 0; times < 5; times++) {
    stage.first.objects.remove('Lease', 'web', 'tidegate');
    await stage.passes(5_500);
    t.match(stage.spec, { holderIdentity: 'one' });
  }
  t.same([one.heard, two.heard], [[true], []]);
  one.api.fate = () => ({ fault: 'hangs' });
  stage.first.objects.remove('Lease', 'web', 'tidegate');
  await stage.passes(11_900);
  t.equal(stage.lease, undefined, 'it may still be acting');
  await stage.passes(2_500);
  t.equal(two.leadership.isLeader, true);
});

t.test('what others write on it disturbs nobody; who is named there instead leads', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  const two = stage.started('two');
  for (let at = 0; at < 20; at++) {
    await stage.passes(1_000);
    stage.edit({ metadata: { annotations: { at: String(at) } } });
  }
  t.same([one.heard, two.heard], [[true], []]);
  stage.edit({ spec: { holderIdentity: 'somebody' } });
  await stage.passes(6_000);
  t.same([one.heard, two.heard], [[true, false], []], 'it stops at its next renewal');
  await stage.passes(11_000);
  t.equal(
    one.leadership.isLeader || two.leadership.isLeader,
    true,
    'who never renews is no holder',
  );
  const { leadership } = one.leadership.isLeader ? one : two;
  stage.edit({ spec: { holderIdentity: '' } });
  await stage.passes(6_000);
  t.equal(leadership.isLeader, false, 'somebody wants another one');
  t.match(stage.spec, { holderIdentity: '' });
  await stage.passes(9_000);
  t.equal(one.leadership.isLeader !== two.leadership.isLeader, true);
});

t.test('a dead holder is outlived though somebody writes on its Lease all the time', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  const two = stage.started('two');
  one.api.fate = () => ({ fault: 'hangs' });
  for (let at = 0; at < 15; at++) {
    await stage.passes(1_000);
    stage.edit({ metadata: { annotations: { at: String(at) } } });
  }
  t.equal(two.leadership.isLeader, true);
});

t.test('what another version has written is waited for as long as it says', async (t) => {
  const stage = new Stage();
  const other = stage.started('other');
  await settled();
  await other.leadership.stop();
  const spec = { holderIdentity: 'newer', renewTime: 'then', leaseDurationSeconds: 30 };
  stage.edit({ spec });
  const one = stage.started('one');
  await stage.passes(29_900);
  t.equal(one.leadership.isLeader, false);
  await stage.passes(2_500);
  t.equal(one.leadership.isLeader, true);
  await one.leadership.stop();
  stage.edit({ spec: { ...spec, leaseDurationSeconds: 1_000_000 } });
  const two = stage.started('two');
  await stage.passes(62_500);
  t.equal(two.leadership.isLeader, true, 'and not for ever');
});

t.test('who stops gives it away, and the next leads at its next look', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  const two = stage.started('two');
  await stage.passes(20_000);
  await one.leadership.stop();
  t.same(one.heard, [true, false]);
  t.match(stage.spec, { holderIdentity: '', leaseDurationSeconds: 1 });
  await stage.passes(2_500);
  t.equal(two.leadership.isLeader, true);
  t.match(stage.spec, { holderIdentity: 'two', leaseTransitions: 1, leaseDurationSeconds: 12 });
  const { length } = one.api.calls;
  await stage.passes(30_000);
  t.equal(one.api.calls.length, length, 'who has stopped asks no more');
});

t.test('who stops in the middle of a try does not lead, and leaves nothing behind', async (t) => {
  const stage = new Stage();
  const [one, two] = [stage.candidate('one'), stage.candidate('two')];
  one.api.fate = only('create', { thereMs: 300, backMs: 300 });
  one.leadership.start();
  await stage.passes(100);
  const stopped = one.leadership.stop();
  await stage.passes(1_000);
  await stopped;
  t.same(one.heard, []);
  t.match(stage.spec, { holderIdentity: '' });
  two.api.fate = only('get', { backMs: 300 });
  two.leadership.start();
  await stage.passes(100);
  const { length } = writes(two);
  const alsoStopped = two.leadership.stop();
  await stage.passes(1_000);
  await alsoStopped;
  t.equal(writes(two).length, length, 'what it has read is not acted on any more');
});

t.test('who stops and does not know whether it has it looks, and gives it away', async (t) => {
  const stage = new Stage();
  const one = stage.candidate('one');
  one.api.fate = only('create', { fault: 'unanswered' });
  one.leadership.start();
  await settled();
  t.match(stage.spec, { holderIdentity: 'one' });
  t.equal(one.leadership.isLeader, false);
  await one.leadership.stop();
  t.match(stage.spec, { holderIdentity: '' });
  const two = stage.candidate('two');
  two.api.fate = ({ atMs }) => (atMs < 1_000 ? { fault: 'unanswered' } : {});
  two.leadership.start();
  await stage.passes(3_000);
  t.same(two.heard, [true], 'who goes on leads as soon as it has an answer');
});

t.test('a release takes nothing from others, and takes its time at most', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await stage.passes(1_000);
  stage.edit({ spec: { holderIdentity: 'two' } });
  await one.leadership.stop();
  t.match(stage.spec, { holderIdentity: 'two' });
  t.same(one.faults, []);
  const three = stage.candidate('three');
  await three.leadership.stop();
  t.same(three.api.calls, [], 'who has never started has nothing to give');
  stage.first.objects.remove('Lease', 'web', 'tidegate');
  const four = stage.started('four');
  await settled();
  four.api.fate = () => ({ fault: 'hangs' });
  const fromMs = stage.clock.now();
  let isOver = false;
  void four.leadership.stop().then(() => (isOver = true));
  t.equal(four.leadership.isLeader, false, 'at once');
  while (!isOver) await stage.passes(100);
  t.equal(stage.clock.now() - fromMs, 3_000);
  stage.first.objects.remove('Lease', 'web', 'tidegate');
  const five = stage.started('five');
  await settled();
  stage.edit({ metadata: { annotations: { note: 'x' } } });
  await five.leadership.stop();
  t.match(stage.spec, { holderIdentity: '' }, 'though it was changed meanwhile');
});
