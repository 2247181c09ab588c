/**
 * A drain that is taken back, or asked for more than once, or made final: what each phase makes of
 * it, and that the first budget and the first reason stand.
 */
import t from 'tap';
import type { Timer } from '../../src/clock.js';
import { IDLE_CONFIRM_MS } from '../../src/drain/controller.js';
import { GRACE_MS } from '../../src/drain/forced.js';
import { CostlyClock } from '../peers/clock.js';
import { DRAIN_SETTINGS, drainIn, StagedDrain } from '../peers/drain.js';
import { FAREWELL_LIMIT_MS } from '../peers/traffic.js';

t.test('recalled in serving, there is nothing to take back', (t) => {
  const { drain, told } = drainIn('serving');
  t.equal(drain.recall(), 'not-draining');
  t.equal(drain.phase, 'serving');
  t.same(told, []);
  t.end();
});

for (const phase of ['settling', 'draining', 'drained'] as const) {
  t.test(`recalled: ${phase} → serving, as if it had never been asked`, (t) => {
    const { drain, clock, traffic, told } = drainIn(phase);
    told.length = 0;
    clock.advance(1_000);
    drain.failsReadiness = true;
    t.equal(drain.recall(), 'recalled');
    t.equal(drain.phase, 'serving');
    t.equal(drain.sinceMs, clock.now());
    t.equal(drain.failsReadiness, false);
    t.equal(traffic.tracker.isLate, false);
    t.same([drain.budget, drain.reason], [undefined, undefined]);
    t.equal(clock.pending, 0, 'no timer goes on');
    clock.advance(1_000_000);
    traffic.answer(traffic.request());
    t.equal(drain.phase, 'serving');
    t.same(told, ['recalled']);
    t.equal(traffic.tracker.cut, 0);
    t.equal(drain.recall(), 'not-draining', 'once is enough');
    t.end();
  });
}

t.test('recalled while closing, it is too late and goes on', (t) => {
  const { drain, clock, told } = drainIn('closing');
  t.equal(drain.recall(), 'too-late');
  t.equal(drain.phase, 'closing');
  t.equal(drain.reason, 'by hand');
  clock.advance(100_000);
  t.equal(drain.phase, 'drained');
  t.same(told, ['drained deadline']);
  t.end();
});

t.test('recalled after the deadline, the pod serves again', (t) => {
  const { drain, clock, traffic } = drainIn('closing');
  clock.advance(100_000);
  t.equal(drain.recall(), 'recalled');
  t.equal(drain.phase, 'serving');
  traffic.websocket();
  drain.ask('once more');
  t.equal(drain.budget?.startMs, clock.now(), 'the next drain has a budget of its own');
  clock.advance(10_000);
  t.equal(drain.phase, 'draining');
  t.end();
});

for (const phase of ['settling', 'draining', 'closing', 'drained'] as const) {
  t.test(`asked again in ${phase}, the first budget and the first reason stand`, (t) => {
    const { drain, clock, told } = drainIn(phase);
    const { budget } = drain;
    told.length = 0;
    clock.advance(10);
    drain.ask('someone else');
    drain.terminate('preStop');
    t.equal(drain.phase, phase);
    t.equal(drain.budget, budget);
    t.equal(drain.reason, 'by hand');
    t.same(told, []);
    t.end();
  });

  t.test(`a pod that is terminating in ${phase} cannot be recalled`, (t) => {
    const { drain } = drainIn(phase);
    drain.terminate('preStop');
    t.equal(drain.recall(), 'terminating');
    t.equal(drain.phase, phase);
    t.end();
  });
}

t.test('terminating: serving → settling, and the pod stays ready', (t) => {
  const { drain, told } = drainIn('serving');
  drain.terminate('preStop');
  t.equal(drain.phase, 'settling');
  t.equal(drain.terminating, true);
  t.equal(drain.failsReadiness, false);
  t.same(told, ['began preStop 0']);
  t.end();
});

t.test('a drain by hand makes a pod unready that stays, and none that is terminating', (t) => {
  const byHand = new StagedDrain().drain;
  byHand.ask('by hand', true);
  t.equal(byHand.failsReadiness, true);
  byHand.ask('by hand', false);
  t.equal(byHand.failsReadiness, true, 'who asks again takes nothing back');
  const kept = new StagedDrain().drain;
  kept.ask('by hand', false);
  t.equal(kept.failsReadiness, false);
  kept.ask('by hand', true);
  t.equal(kept.failsReadiness, true);
  const ending = new StagedDrain().drain;
  ending.terminate('preStop');
  ending.ask('by hand', true);
  t.equal(ending.failsReadiness, false);
  t.end();
});

for (const phase of ['serving', 'settling', 'draining', 'closing'] as const) {
  t.test(`now in ${phase}: who takes a goodbye has it, the rest is cut, and it is over`, (t) => {
    const { drain, clock, traffic, reports, told } = drainIn(phase);
    traffic.manners.farewell = 10;
    const polite = traffic.websocket();
    traffic.manners.farewell = 'never';
    const deaf = traffic.websocket();
    traffic.request();
    const idle = traffic.connect();
    told.length = 0;
    drain.now('SIGTERM');
    clock.advance(10);
    t.same([polite.isOver, idle.isOver, deaf.isOver], [true, true, false]);
    clock.advance(GRACE_MS.now - 11);
    t.same(reports, [], 'the others have their time');
    t.not(drain.phase, 'drained');
    clock.advance(1);
    t.equal(drain.phase, 'drained');
    t.equal(traffic.tracker.total, 0);
    const work = phase === 'serving' ? 2 : 3; // the one that holds the phase cannot be told
    t.match(reports, [{ ended: 'now', farewell: 1, cut: work, activeAtEnd: work + 1 }]);
    t.equal(traffic.tracker.closedBy.http1.drain, 1);
    t.same(told.slice(-1), ['drained now']);
    t.equal(drain.recall(), 'terminating');
    clock.advance(FAREWELL_LIMIT_MS);
    t.equal(clock.pending, 0);
    drain.now('SIGTERM');
    t.equal(reports.length, 1, 'a second time changes nothing');
    t.end();
  });
}

t.test('now in drained: idle connections go, too', (t) => {
  const { drain, clock, traffic } = drainIn('drained');
  traffic.connect();
  t.equal(drain.phase, 'drained', 'who has only come asks for nothing yet');
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(drain.phase, 'drained');
  drain.now('SIGTERM');
  clock.advance(0);
  t.equal(traffic.tracker.total, 0);
  t.equal(drain.phase, 'drained');
  t.end();
});

/** Cutting takes several turns of the event loop, and time passes between them. */
class SlowClock extends CostlyClock {
  override after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    return super.after(Math.max(1, ms), act, arg);
  }
}

t.test('whose own limit is up while others are being cut is counted among them', (t) => {
  const clock = new SlowClock();
  const staged = new StagedDrain({ closeWindowMs: 0 }, clock);
  const { drain, traffic, reports } = staged;
  traffic.manners.farewell = 'never';
  const deaf = Array.from({ length: 100 }, () => traffic.websocket());
  drain.ask('by hand');
  const cutMs = DRAIN_SETTINGS.deadlineMs + GRACE_MS.deadline;
  clock.advance(cutMs - FAREWELL_LIMIT_MS + 1);
  for (const tunnel of deaf) tunnel.sayFarewell();
  clock.advance(FAREWELL_LIMIT_MS - 2);
  t.equal(traffic.tracker.cut, 0);
  clock.isCostly = true;
  clock.advance(1_000);
  t.ok(traffic.tracker.closedBy.websocket.deadline > 0, 'some are cut');
  t.ok(traffic.tracker.closedBy.websocket.drain > 0, 'some by their own limit');
  t.match(reports, [{ ended: 'deadline', activeAtEnd: 100, farewell: 0, cut: 100 }]);
  t.end();
});
