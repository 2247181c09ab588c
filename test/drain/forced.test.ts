/**
 * The end by force, at the deadline or now: everybody is said goodbye to, whoever takes it in time
 * has parted, and the rest is cut; at once where nobody is waited for.
 */
import t from 'tap';
import { GRACE_MS, LEFT_LOOK_MS, SAY_ALL_NOW_MS_MAX } from '../../src/drain/forced.js';
import { CostlyClock } from '../peers/clock.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

const DEADLINE_MS = 100_000;

/** A drain without a close window, at its deadline. */
function atDeadline(farewell: number | 'never' | 'none', count = 3): StagedDrain {
  const staged = new StagedDrain({ closeWindowMs: 0 });
  staged.traffic.manners.farewell = farewell;
  for (let opened = 0; opened < count; opened++) staged.traffic.websocket();
  staged.drain.terminate('preStop');
  staged.clock.advance(DEADLINE_MS);
  return staged;
}

t.test('at the deadline everybody is said goodbye to, and may take it', (t) => {
  const { clock, drain, traffic, reports } = atDeadline(100);
  t.equal(traffic.asked.length, 3);
  t.equal(drain.phase, 'draining', 'it is not over yet');
  t.equal(traffic.policy.refusesUpgrades, true);
  clock.advance(100 + LEFT_LOOK_MS);
  t.equal(drain.phase, 'drained');
  t.match(reports, [{ ended: 'deadline', activeAtEnd: 3, farewell: 3, cut: 0 }]);
  t.same([traffic.tracker.total, clock.pending], [0, 0]);
  t.end();
});

t.test('at the deadline nobody is waited for who was not said goodbye to', (t) => {
  const { clock, drain, traffic, reports } = atDeadline('none');
  traffic.request();
  t.equal(drain.phase, 'drained', 'in the same moment');
  t.match(reports, [{ ended: 'deadline', farewell: 0, cut: 3, tookMs: DEADLINE_MS }]);
  t.equal(traffic.tracker.closedBy.websocket.deadline, 3);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('at the deadline those who do not take it are cut after half a second', (t) => {
  const staged = atDeadline('never');
  staged.clock.advance(GRACE_MS.deadline - 1);
  t.equal(staged.phase, 'draining');
  staged.clock.advance(1);
  t.equal(staged.phase, 'drained');
  t.match(staged.reports, [{ ended: 'deadline', farewell: 0, cut: 3, tookMs: 100_500 }]);
  staged.clock.advance(60_000);
  t.same([staged.reports.length, staged.traffic.tracker.cut], [1, 3], 'once each');
  t.end();
});

t.test('one whose sockets have yet to close has parted all the same', (t) => {
  const { drain, clock, traffic, reports } = drainIn('draining');
  traffic.manners.farewell = GRACE_MS.now;
  const [first] = traffic.tracker.tunnels();
  traffic.end(first);
  traffic.websocket();
  drain.now('SIGTERM');
  traffic.manners.farewell = 'never';
  traffic.websocket().sayFarewell();
  clock.advance(GRACE_MS.now);
  t.match(reports, [{ ended: 'now', farewell: 1, cut: 1 }]);
  t.same([traffic.tracker.farewell, traffic.tracker.cut], [1, 1]);
  t.end();
});

t.test('idle connections are ended with the rest, and are no work', (t) => {
  const { clock, drain, traffic, reports } = drainIn('draining');
  traffic.manners.idleEndMs = 30;
  traffic.connect();
  drain.now('SIGTERM');
  t.equal(traffic.endedIdle.length, 1);
  clock.advance(30);
  t.equal(traffic.tracker.total, 1);
  clock.advance(GRACE_MS.now);
  t.match(reports, [{ ended: 'now', farewell: 0, cut: 1 }]);
  t.end();
});

t.test('now: who takes its goodbye has parted, and it is over as soon as nobody is left', (t) => {
  const { clock, drain, traffic, told, reports } = new StagedDrain();
  traffic.manners.farewell = 60;
  for (let opened = 0; opened < 100; opened++) traffic.websocket();
  drain.now('SIGTERM');
  clock.advance(60 + LEFT_LOOK_MS);
  t.same(told, ['began SIGTERM 100', 'drained now']);
  t.match(reports, [{ farewell: 100, cut: 0, activeAtEnd: 100 }]);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('now: with nobody there it is over at once', (t) => {
  const { drain, told } = new StagedDrain();
  drain.now('SIGTERM');
  t.same(told, ['began SIGTERM 0', 'drained now']);
  t.end();
});

t.test('now: an answer that is whole within the grace has finished', (t) => {
  const { clock, drain, traffic, reports } = new StagedDrain();
  const work = traffic.request();
  drain.now('SIGTERM');
  clock.advance(300);
  traffic.answer(work);
  traffic.end(work);
  clock.advance(LEFT_LOOK_MS);
  t.match(reports, [{ ended: 'now', finished: 1, cut: 0, farewell: 0 }]);
  t.end();
});

t.test('now: a client whose app was never reached is not waited for', (t) => {
  const { clock, drain, traffic, reports } = new StagedDrain();
  traffic.dial();
  drain.now('SIGTERM');
  t.equal(drain.phase, 'drained');
  clock.advance(0);
  t.match(reports, [{ ended: 'now', cut: 1 }]);
  t.equal(traffic.tracker.total, 0);
  t.end();
});

t.test('now: what else comes while it ends changes nothing', (t) => {
  const { clock, drain, traffic, told } = new StagedDrain();
  traffic.manners.farewell = 'never';
  traffic.websocket();
  drain.now('SIGTERM');
  clock.advance(100);
  drain.now('SIGINT');
  drain.terminate('preStop');
  drain.appRefuses();
  traffic.end(traffic.request());
  t.equal(drain.recall(), 'terminating');
  drain.step();
  t.same(told, ['began SIGTERM 1']);
  clock.advance(GRACE_MS.now - 100);
  t.same(told, ['began SIGTERM 1', 'drained now']);
  clock.advance(1_000_000);
  t.equal(told.length, 2);
  t.equal(traffic.asked.length, 1, 'and none is asked twice');
  t.end();
});

t.test('now during the deadline’s own half second changes nothing', (t) => {
  const staged = atDeadline('never');
  staged.clock.advance(100);
  staged.drain.now('SIGTERM');
  staged.clock.advance(GRACE_MS.deadline - 100);
  t.same(staged.told.slice(1), ['drained deadline']);
  staged.clock.advance(10_000);
  t.equal(staged.reports.length, 1);
  t.end();
});

t.test('now in the close window asks those who have not been asked to take it', (t) => {
  const { clock, drain, traffic, reports } = new StagedDrain();
  traffic.manners.farewell = 10;
  for (let opened = 0; opened < 50; opened++) traffic.websocket();
  drain.terminate('preStop');
  clock.advance(85_000);
  const before = traffic.asked.length;
  t.ok(before > 10 && before < 40);
  drain.now('SIGTERM');
  t.equal(traffic.asked.length, 50);
  clock.advance(LEFT_LOOK_MS + 10);
  t.match(reports, [{ ended: 'now', farewell: 50, cut: 0 }]);
  t.equal(clock.pending, 0, 'nothing of the window goes on');
  t.end();
});

t.test('a recall while a drain by hand is ended by its deadline comes too late', (t) => {
  const staged = new StagedDrain({ closeWindowMs: 0 });
  staged.traffic.manners.farewell = 'never';
  staged.traffic.raw();
  staged.drain.ask('by hand');
  staged.clock.advance(DEADLINE_MS);
  staged.traffic.websocket();
  t.equal(staged.drain.recall(), 'too-late');
  staged.clock.advance(GRACE_MS.deadline);
  t.equal(staged.phase, 'drained');
  t.equal(staged.drain.recall(), 'recalled');
  t.end();
});

t.test('goodbyes take turns; when time is short the rest is said in one', (t) => {
  const clock = new CostlyClock();
  const { drain, traffic, reports } = new StagedDrain({}, clock);
  traffic.manners.farewell = 'never';
  for (let opened = 0; opened < 9_000; opened++) traffic.websocket();
  drain.ask('by hand');
  clock.isCostly = true;
  clock.lookMs = 0.1;
  drain.now('SIGTERM');
  const first = traffic.asked.length;
  t.ok(first > 10 && first < 100, `${first} in the first turn`);
  clock.advance(SAY_ALL_NOW_MS_MAX);
  t.equal(traffic.asked.length, 9_000);
  clock.isCostly = false;
  clock.advance(GRACE_MS.now);
  t.match(reports, [{ ended: 'now', cut: 9_000 }]);
  t.equal(traffic.tracker.total, 0);
  t.end();
});
