/**
 * The drain driven through every transition of its table, by a clock that a test moves and by
 * traffic that it stages: what is due when, what changes nothing, and what is told of it.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS, SETTLE_LOOK_MS } from '../../src/drain/controller.js';
import { GRACE_MS } from '../../src/drain/forced.js';
import { type Phase, PHASES } from '../../src/drain/phase.js';
import { CostlyClock } from '../peers/clock.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

t.test('asked: serving → settling', (t) => {
  const { drain, clock, traffic, told } = new StagedDrain();
  clock.advance(500);
  traffic.websocket();
  drain.ask('by hand');
  t.equal(drain.phase, 'settling');
  t.equal(drain.sinceMs, 500);
  t.equal(drain.reason, 'by hand');
  t.equal(drain.budget?.startMs, 500);
  t.equal(traffic.tracker.isLate, true);
  t.same(told, ['began by hand 1']);
  t.end();
});

t.test(
  'settled: settling → draining once settleMin is over, if nobody came for settleQuiet',
  (t) => {
    const { drain, clock, traffic } = new StagedDrain();
    traffic.websocket();
    drain.ask('by hand');
    clock.advance(9_999);
    t.equal(drain.phase, 'settling');
    clock.advance(1);
    t.equal(drain.phase, 'draining');
    t.equal(drain.sinceMs, 10_000);
    t.end();
  },
);

t.test('settling goes on for settleQuiet after the last one who came', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  drain.ask('by hand');
  clock.advance(8_000);
  traffic.answer(traffic.request());
  clock.advance(5_000 - 1);
  t.equal(drain.phase, 'settling', 'though settleMin is over');
  clock.advance(2 * SETTLE_LOOK_MS);
  t.equal(drain.phase, 'draining');
  t.end();
});

t.test('settling ends at settleMax, however many keep coming', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  drain.ask('by hand');
  for (let ms = 0; ms < 20_000; ms += 1_000) {
    t.equal(drain.phase, 'settling', `${ms} ms`);
    traffic.request();
    clock.advance(1_000);
  }
  t.equal(drain.phase, 'draining');
  t.equal(drain.sinceMs, 20_000);
  t.end();
});

t.test('requests of a connection that was there before count as coming, too', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  const early = traffic.request();
  traffic.answer(early);
  drain.ask('by hand');
  clock.advance(9_000);
  traffic.answer(traffic.request(early));
  clock.advance(4_000);
  t.equal(drain.phase, 'settling');
  t.end();
});

t.test('without work settling lasts as long: balancers have yet to hear of it', (t) => {
  const staged = new StagedDrain();
  staged.drain.ask('by hand');
  t.equal(staged.msUntil('drained'), 10_000);
  t.end();
});

t.test('settling may take no time at all', (t) => {
  const none = { settleMinMs: 0, settleQuietMs: 0, settleMaxMs: 0 };
  const staged = new StagedDrain(none);
  staged.clock.advance(1_000);
  staged.drain.ask('by hand');
  t.equal(staged.phase, 'drained');
  t.same(staged.told, ['began by hand 0', 'drained finished']);
  t.end();
});

t.test('window: draining → closing when the deadline is as near as closeWindow', (t) => {
  const { drain, clock } = drainIn('draining');
  clock.advance(65_000 - 1);
  t.equal(drain.phase, 'draining');
  clock.advance(1);
  t.equal(drain.phase, 'closing');
  t.equal(drain.sinceMs, 75_000);
  t.end();
});

for (const phase of ['draining', 'closing'] as const) {
  t.test(`idle: ${phase} → drained when nothing has been active for a moment`, (t) => {
    const { drain, clock, traffic, told } = drainIn(phase);
    clock.advance(500);
    for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
    clock.advance(IDLE_CONFIRM_MS - 1);
    t.equal(drain.phase, phase, 'bytes may be there that nobody has read');
    clock.advance(1);
    t.equal(drain.phase, 'drained');
    t.same(told, ['drained finished']);
    t.equal(clock.pending, 0, 'no timer is left');
    t.end();
  });

  t.test(`${phase} goes on if something comes within that moment`, (t) => {
    const { drain, clock, traffic } = drainIn(phase);
    for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
    clock.advance(IDLE_CONFIRM_MS - 1);
    const next = traffic.request();
    clock.advance(1_000);
    t.equal(drain.phase, phase);
    traffic.answer(next);
    clock.advance(IDLE_CONFIRM_MS);
    t.equal(drain.phase, 'drained');
    t.end();
  });
}

t.test('idle connections that came since it settled hold nothing up', (t) => {
  const { drain, clock, traffic } = drainIn('draining');
  clock.advance(1);
  traffic.connect();
  traffic.answer(traffic.request());
  for (const tunnel of traffic.tracker.tunnels()) {
    if (tunnel.kind === 'websocket') traffic.end(tunnel);
  }
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(drain.phase, 'drained');
  t.equal(traffic.tracker.total, 2, 'and are kept');
  t.end();
});

t.test('settling: work that ends early ends nothing', (t) => {
  const { drain, clock, traffic } = drainIn('settling');
  for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
  clock.advance(9_000);
  t.equal(drain.phase, 'settling');
  t.end();
});

t.test('deadline: closing → drained, what is left is cut and counted', (t) => {
  const { drain, clock, traffic, reports, told } = drainIn('closing');
  traffic.request(traffic.request());
  traffic.manners.idleEndMs = 'none';
  traffic.connect();
  clock.advance(100_000 - clock.now() - 1);
  t.equal(drain.phase, 'closing');
  t.equal(traffic.tracker.total, 3);
  clock.advance(1);
  t.equal(drain.phase, 'drained');
  t.same(told, ['drained deadline']);
  const { activeAtStart, activeAtEnd, cut, finished, tookMs } = reports[0];
  t.same([activeAtStart, activeAtEnd, cut, finished], [1, 2, 3, 0]);
  t.equal(tookMs, 100_000);
  t.equal(traffic.tracker.cut, 3, 'a socket and two requests; the idle connection was no work');
  t.equal(traffic.tracker.total, 0);
  const { closedBy } = traffic.tracker;
  t.same([closedBy.websocket.deadline, closedBy.http1.deadline, closedBy.tcp.deadline], [1, 1, 1]);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('deadline: draining → drained where there is no close window', (t) => {
  const staged = new StagedDrain({ closeWindowMs: 0 });
  staged.traffic.websocket();
  staged.drain.ask('by hand');
  staged.clock.advance(99_999);
  t.equal(staged.phase, 'draining');
  staged.clock.advance(1);
  t.equal(staged.phase, 'drained');
  t.equal(staged.report?.cut, 1);
  t.end();
});

t.test('deadline: settling → drained where settling lasts as long as the budget', (t) => {
  const staged = new StagedDrain({ settleMinMs: 100_000, settleMaxMs: 100_000 });
  staged.drain.ask('by hand');
  t.equal(staged.msUntil('drained'), 100_000);
  t.same(staged.told, ['began by hand 0', 'drained deadline']);
  t.end();
});

t.test('a deadline within the moment that confirms idleness ends the drain once', (t) => {
  const { drain, clock, traffic, told, reports } = drainIn('closing');
  clock.advance(100_000 - clock.now() - 5);
  for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
  t.equal(drain.phase, 'closing');
  clock.advance(5);
  t.equal(drain.phase, 'drained');
  clock.advance(1_000);
  t.same(told, ['drained deadline']);
  t.match(reports, [{ finished: 1, activeAtEnd: 0, cut: 0 }]);
  t.end();
});

t.test('a deadline that has much to cut takes its turns; the drain is over behind them', (t) => {
  const clock = new CostlyClock();
  const staged = new StagedDrain({}, clock);
  staged.drain.ask('by hand');
  for (let count = 0; count < 50; count++) staged.traffic.websocket();
  clock.advance(99_999);
  clock.turns = 0;
  clock.isCostly = true;
  clock.advance(1);
  clock.isCostly = false;
  t.equal(staged.phase, 'drained');
  t.ok(clock.turns > 10, `${clock.turns} turns`);
  t.equal(staged.report?.cut, 50);
  t.same(staged.told, ['began by hand 0', 'drained deadline']);
  clock.advance(1_000);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('work: drained → draining when something comes while there is time', (t) => {
  const { drain, clock, traffic, told } = drainIn('drained');
  clock.advance(5_000);
  const late = traffic.request();
  t.equal(drain.phase, 'draining');
  traffic.answer(late);
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(drain.phase, 'drained');
  t.same(told, ['drained finished'], 'it is told again, with new numbers');
  t.end();
});

t.test('work that comes in the close window leads through draining to closing', (t) => {
  const { drain, clock, traffic } = drainIn('drained');
  clock.advance(80_000 - clock.now());
  traffic.request();
  t.equal(drain.phase, 'closing');
  clock.advance(20_000);
  t.equal(drain.phase, 'drained');
  t.end();
});

t.test('work that comes after the deadline changes nothing: the budget is spent', (t) => {
  const { drain, clock, traffic, told } = drainIn('drained');
  clock.advance(200_000);
  traffic.request();
  t.equal(drain.phase, 'drained');
  clock.advance(1_000);
  t.same([traffic.tracker.total, told], [1, []], 'it is not cut, and nothing is told');
  t.equal(drain.verdict().safe, false, 'but is no less at work');
  t.end();
});

t.test('work that comes after a forced end changes nothing', (t) => {
  const { drain, clock, traffic, told } = drainIn('draining');
  drain.now('SIGTERM');
  clock.advance(0);
  traffic.request();
  clock.advance(GRACE_MS.now);
  t.equal(drain.phase, 'drained');
  t.same(told, ['drained now']);
  t.end();
});

t.test('a clock that moves on by itself changes no phase of a pod that serves', (t) => {
  const { drain, clock, traffic, told } = new StagedDrain();
  traffic.answer(traffic.request());
  clock.advance(1_000_000);
  drain.step();
  t.equal(drain.phase, 'serving');
  t.same(told, []);
  t.equal(clock.pending, 0, 'and costs no timer');
  t.end();
});

t.test('each phase can be staged', (t) => {
  t.same(
    PHASES.map((phase: Phase) => drainIn(phase).phase),
    PHASES,
  );
  t.end();
});
