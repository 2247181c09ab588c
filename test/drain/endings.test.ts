/**
 * What a drain ends in which phase, and what it waits for on the way: farewells at the close window,
 * idle connections, late upgrades, and tunnels that are on their way out.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS, WINDOW_LOOK_MS } from '../../src/drain/controller.js';
import { PARTING_MS_MAX } from '../../src/drain/endings.js';
import { drainIn, StagedDrain } from '../peers/drain.js';
import { busiestSecond } from '../peers/rate.js';

const DEADLINE_MS = 100_000;
const SETTLED_MS = 10_000;

t.test('the policy says that a drain is going on, until it is taken back', (t) => {
  const { drain, clock, traffic } = drainIn('serving');
  t.equal(traffic.policy.isDraining, false);
  drain.ask('by hand');
  t.equal(traffic.policy.isDraining, true, 'from the first moment');
  clock.advance(15_000);
  t.equal(drain.phase, 'drained');
  t.equal(traffic.policy.isDraining, true);
  drain.recall();
  t.equal(traffic.policy.isDraining, false);
  t.end();
});

t.test('upgrades are taken until closing', (t) => {
  for (const phase of ['serving', 'settling', 'draining', 'drained'] as const) {
    t.equal(drainIn(phase).traffic.policy.refusesUpgrades, false, phase);
  }
  const { drain, clock, traffic } = drainIn('closing');
  t.equal(traffic.policy.refusesUpgrades, true);
  for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(drain.phase, 'drained');
  t.equal(traffic.policy.refusesUpgrades, true, 'drained, it is as it was');
  drain.recall();
  t.equal(traffic.policy.refusesUpgrades, false);
  t.end();
});

t.test('upgrades are refused from draining on where that is set, but never in settling', (t) => {
  const settings = { lateUpgrades: 'refuse' } as const;
  t.equal(drainIn('settling', settings).traffic.policy.refusesUpgrades, false);
  const { drain, traffic } = drainIn('draining', settings);
  t.equal(traffic.policy.refusesUpgrades, true);
  t.equal(drainIn('drained', settings).traffic.policy.refusesUpgrades, true);
  drain.recall();
  t.equal(traffic.policy.refusesUpgrades, false);
  t.end();
});

for (const count of [1_000, 5_000]) {
  t.test(`${count} WebSockets are said goodbye to in the close window, and none is cut`, (t) => {
    const { drain, clock, traffic, told, reports } = new StagedDrain();
    traffic.manners.farewell = 40;
    for (let opened = 0; opened < count; opened++) traffic.websocket();
    drain.terminate('preStop');
    clock.advance(74_999);
    t.equal(traffic.asked.length, 0);
    clock.advance(1);
    t.equal(drain.phase, 'closing');
    clock.advance(22_500 + 40);
    t.equal(traffic.tracker.activeTotal, 0, '2.5 s before the deadline');
    clock.advance(IDLE_CONFIRM_MS);
    t.same(told, [`began preStop ${count}`, 'drained finished']);
    t.match(reports, [{ farewell: count, finished: 0, cut: 0, activeAtEnd: 0 }]);
    t.equal(traffic.tracker.closedBy.websocket.drain, count);
    const moments = traffic.asked.map(({ atMs }) => atMs);
    const ratio = busiestSecond(moments) / (count / 25);
    t.ok(ratio <= 1.5, `${ratio.toFixed(3)} times the even rate of the whole window`);
    t.equal(clock.pending, 0);
    t.end();
  });
}

t.test('the window opens earlier for as many as would not fit into it', (t) => {
  const { drain, clock, traffic } = new StagedDrain({ closeRate: 100 });
  traffic.manners.farewell = 10;
  for (let opened = 0; opened < 5_000; opened++) traffic.websocket();
  drain.terminate('preStop');
  clock.advance(DEADLINE_MS - 5_000 - 50_000 - 1);
  t.equal(drain.phase, 'draining');
  clock.advance(1);
  t.equal(drain.phase, 'closing');
  clock.advance(50_000 + 10);
  t.equal(traffic.tracker.activeTotal, 0);
  t.ok(busiestSecond(traffic.asked.map(({ atMs }) => atMs)) <= 102);
  t.end();
});

t.test('but not before it has settled, and then the deadline takes the rest', (t) => {
  const { drain, clock, traffic, reports } = new StagedDrain({ closeRate: 10 });
  traffic.manners.farewell = 10;
  for (let opened = 0; opened < 2_000; opened++) traffic.websocket();
  drain.terminate('preStop');
  clock.advance(SETTLED_MS - 1);
  t.equal(traffic.asked.length, 0);
  clock.advance(1);
  t.equal(drain.phase, 'closing');
  clock.advance(DEADLINE_MS);
  const [{ farewell, cut, ended }] = reports;
  t.same([farewell, cut, ended], [2_000, 0, 'deadline'], 'they get theirs then');
  t.end();
});

t.test('many who come while it drains make the window open earlier, too', (t) => {
  const { drain, clock, traffic } = drainIn('draining', { closeRate: 100 });
  clock.advance(30_000);
  for (let opened = 0; opened < 5_000; opened++) traffic.websocket();
  clock.advance(7_500 + WINDOW_LOOK_MS);
  t.equal(drain.phase, 'closing', 'ten seconds in place of forty');
  t.end();
});

t.test('one that takes no goodbye is ended by its limit, and counts as cut', (t) => {
  const staged = new StagedDrain();
  const { drain, clock, traffic } = staged;
  traffic.manners.farewell = 'never';
  traffic.websocket();
  traffic.manners.farewell = 30;
  const last = traffic.websocket();
  drain.terminate('preStop');
  clock.advance(SETTLED_MS + 1);
  traffic.pass(last, 100);
  clock.advance(DEADLINE_MS - SETTLED_MS - 2_000);
  t.match(staged.report, { ended: 'finished', farewell: 1, cut: 1, finished: 0 });
  const { tracker } = traffic;
  t.same([tracker.farewell, tracker.cut, tracker.finished], [1, 1, 0]);
  t.end();
});

t.test('a drain that was taken back says no goodbye', (t) => {
  const { drain, clock, traffic } = drainIn('draining');
  traffic.websocket();
  traffic.answer(traffic.request());
  drain.recall();
  clock.advance(1_000_000);
  t.same([traffic.asked, traffic.endedIdle], [[], []]);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('idle connections are ended when they have been quiet for a while behind settling', (t) => {
  const { drain, clock, traffic, told } = new StagedDrain();
  traffic.answer(traffic.request());
  traffic.connect();
  traffic.websocket();
  drain.ask('by hand');
  clock.advance(SETTLED_MS + 4_999);
  t.same([drain.phase, traffic.endedIdle.length], ['draining', 0]);
  clock.advance(1);
  t.equal(traffic.endedIdle.length, 2);
  t.equal(traffic.tracker.total, 1, 'the socket is at work');
  t.equal(traffic.tracker.farewell + traffic.tracker.finished, 0, 'they were none');
  t.same(told.slice(1), []);
  t.end();
});

t.test('one that has spoken meanwhile gets its time anew', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  const tunnel = traffic.request();
  traffic.answer(tunnel);
  traffic.websocket();
  drain.ask('by hand');
  clock.advance(SETTLED_MS + 3_000);
  traffic.answer(traffic.request(tunnel));
  tunnel.idleSinceMs = clock.now();
  clock.advance(4_999);
  t.equal(traffic.endedIdle.length, 0);
  clock.advance(1_001);
  t.equal(traffic.endedIdle.length, 1, 'within a second of its time');
  t.end();
});

t.test('idle connections are looked after for as long as the drain lasts', (t) => {
  const { clock, traffic } = drainIn('draining');
  clock.advance(40_000);
  traffic.connect();
  clock.advance(6_000);
  t.equal(traffic.endedIdle.length, 1);
  clock.advance(30_000);
  traffic.connect();
  clock.advance(6_000);
  t.equal(traffic.endedIdle.length, 2, 'in closing, too');
  t.end();
});

t.test('drained waits for the idle connections that were there when it settled', (t) => {
  const staged = new StagedDrain();
  staged.traffic.answer(staged.traffic.request());
  staged.drain.terminate('preStop');
  const lateMs = staged.msUntil('drained') - SETTLED_MS - 5_000;
  t.ok(lateMs >= 0 && lateMs <= IDLE_CONFIRM_MS, `${lateMs} ms behind their end`);
  t.equal(staged.drain.verdict().safe, true);
  t.equal(staged.traffic.tracker.total, 0);
  t.end();
});

t.test('without a connection it waits for nothing but settling', (t) => {
  const staged = new StagedDrain();
  staged.drain.terminate('preStop');
  t.equal(staged.msUntil('drained'), SETTLED_MS);
  t.end();
});

t.test('the verdict does not wait for idle connections', (t) => {
  const staged = new StagedDrain();
  staged.traffic.answer(staged.traffic.request());
  staged.drain.terminate('preStop');
  staged.clock.advance(SETTLED_MS);
  t.equal(staged.phase, 'draining');
  t.same(staged.drain.verdict(), { safe: true });
  t.end();
});

t.test('an idle connection that cannot be ended holds it up for a second more', (t) => {
  const staged = new StagedDrain();
  staged.traffic.manners.idleEndMs = 'none';
  staged.traffic.connect();
  staged.drain.terminate('preStop');
  t.ok(staged.msUntil('drained') <= SETTLED_MS + 5_000 + 1_000 + IDLE_CONFIRM_MS);
  t.end();
});

t.test('an idle connection of a client that lingers is waited for, within its limits', (t) => {
  for (const [idleEndMs, waitsMs] of [
    [2_000, 2_000],
    [3_600_000, PARTING_MS_MAX],
  ]) {
    const staged = new StagedDrain();
    staged.traffic.manners.idleEndMs = idleEndMs;
    staged.traffic.connect();
    staged.drain.terminate('preStop');
    staged.clock.advance(SETTLED_MS + 5_000);
    t.equal(staged.phase, 'draining');
    const tookMs = staged.msUntil('drained');
    t.ok(Math.abs(tookMs - waitsMs) <= 2 * IDLE_CONFIRM_MS, `${tookMs} ms`);
  }
  t.end();
});

t.test('a thousand idle connections are ended in turns', (t) => {
  const staged = new StagedDrain();
  for (let opened = 0; opened < 1_000; opened++) staged.traffic.connect();
  staged.drain.terminate('preStop');
  staged.msUntil('drained');
  t.equal(staged.traffic.endedIdle.length, 1_000);
  t.same([staged.traffic.tracker.total, staged.clock.pending], [0, 0]);
  t.end();
});

t.test('an app that refuses does not end the drain while somebody is being ended', (t) => {
  const { drain, clock, traffic, told } = drainIn('closing');
  drain.terminate('preStop');
  const [first] = traffic.tracker.tunnels();
  traffic.end(first);
  traffic.manners.farewell = 3_000;
  const parting = traffic.websocket();
  parting.sayFarewell();
  traffic.fin(parting, 'app');
  drain.appRefuses();
  t.equal(drain.phase, 'closing');
  clock.advance(3_000);
  drain.appRefuses();
  t.same(told, ['drained app-gone']);
  t.end();
});

t.test('who has parted and only lingers holds up no drain whose app is gone', (t) => {
  const { drain, traffic, reports } = drainIn('draining');
  const [first] = traffic.tracker.tunnels();
  traffic.end(first);
  const lingering = traffic.websocket();
  traffic.fin(lingering, 'app');
  Object.defineProperty(lingering, 'isParting', { value: true });
  drain.appRefuses();
  t.equal(drain.phase, 'draining', 'it has yet to answer');
  Object.defineProperty(lingering, 'hasParted', { value: true });
  drain.appRefuses();
  t.match(reports, [{ ended: 'app-gone', finished: 2, farewell: 1, cut: 0 }]);
  t.end();
});
