/**
 * Those who wait for the drain: when they are answered, that each is answered once, and that their
 * coming and going changes nothing.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS } from '../../src/drain/controller.js';
import { Waits } from '../../src/drain/waits.js';
import { HandClock } from '../peers/clock.js';
import { drainIn, NOTICE_MS, StagedDrain } from '../peers/drain.js';

/** One who waits; `answers` should come to 1 and stay there. */
class Waiter {
  answers = 0;
  readonly release = (): void => void this.answers++;

  constructor({ waits }: { readonly waits: Waits }) {
    waits.add(this.release);
  }
}

t.test('a wait is answered behind the notice that did not come', (t) => {
  const staged = new StagedDrain();
  const waiter = new Waiter(staged);
  staged.clock.advance(NOTICE_MS - 1);
  t.equal(waiter.answers, 0);
  staged.clock.advance(1);
  t.equal(waiter.answers, 1);
  t.equal(staged.waits.size, 0);
  t.equal(staged.phase, 'serving', 'and nothing was started by it');
  t.equal(staged.drain.terminating, false);
  t.same(staged.told, []);
  t.end();
});

t.test('a notice that may not be late at all has waits answered in the next moment', (t) => {
  const clock = new HandClock();
  const waiter = new Waiter({ waits: new Waits(clock, 0) });
  t.equal(waiter.answers, 0);
  clock.advance(0);
  t.equal(waiter.answers, 1);
  t.end();
});

t.test('a wait is held from the notice to the end of the drain', (t) => {
  const staged = new StagedDrain();
  const work = staged.traffic.websocket();
  const early = new Waiter(staged);
  staged.clock.advance(NOTICE_MS - 1);
  staged.drain.terminate('preStop');
  const late = new Waiter(staged);
  staged.clock.advance(60_000);
  t.same([early.answers, late.answers], [0, 0]);
  staged.traffic.end(work);
  staged.clock.advance(IDLE_CONFIRM_MS);
  t.same([early.answers, late.answers], [1, 1], 'both are answered');
  staged.clock.advance(200_000);
  t.same([early.answers, late.answers], [1, 1], 'once');
  t.end();
});

t.test('a wait is held until the deadline, and answered behind the cut', (t) => {
  const staged = new StagedDrain();
  staged.traffic.websocket();
  staged.drain.terminate('preStop');
  const waiter = new Waiter(staged);
  staged.clock.advance(99_999);
  t.equal(waiter.answers, 0);
  staged.clock.advance(1);
  t.equal(waiter.answers, 1);
  t.end();
});

t.test('a wait in a drain by hand is held for the notice and no longer', (t) => {
  const { waits, clock, drain } = drainIn('draining');
  const waiter = new Waiter({ waits });
  clock.advance(NOTICE_MS);
  t.equal(waiter.answers, 1, 'it is a restart of the app');
  t.equal(drain.phase, 'draining');
  t.end();
});

t.test('a drain by hand that is over answers its waits', (t) => {
  const { waits, clock, traffic } = drainIn('draining');
  const waiter = new Waiter({ waits });
  for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(waiter.answers, 1);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('a wait that is cut and comes again is held as before; the first budget stands', (t) => {
  const staged = new StagedDrain();
  staged.traffic.websocket();
  staged.drain.terminate('preStop');
  const { budget } = staged.drain;
  const first = new Waiter(staged);
  staged.clock.advance(30_000);
  staged.waits.leave(first.release);
  staged.waits.leave(first.release);
  t.equal(staged.phase, 'draining', 'that it has left is no recall');
  staged.clock.advance(5_000);
  staged.drain.terminate('preStop');
  const again = new Waiter(staged);
  t.equal(staged.drain.budget, budget);
  staged.clock.advance(65_000 - 1);
  t.equal(again.answers, 0);
  staged.clock.advance(1);
  t.same([first.answers, again.answers], [0, 1]);
  t.end();
});

t.test('a wait that leaves before the notice leaves no timer', (t) => {
  const staged = new StagedDrain();
  const waiter = new Waiter(staged);
  staged.waits.leave(waiter.release);
  t.equal(staged.clock.pending, 0);
  staged.drain.now('SIGTERM');
  staged.clock.advance(0);
  t.equal(waiter.answers, 0);
  t.end();
});

t.test('a notice that comes when all is drained holds waits for the work that comes later', (t) => {
  const { drain, waits, clock, traffic } = drainIn('drained');
  drain.terminate('preStop');
  const late = traffic.request();
  t.equal(drain.phase, 'draining');
  const waiter = new Waiter({ waits });
  clock.advance(NOTICE_MS + 1);
  t.equal(waiter.answers, 0);
  traffic.answer(late);
  clock.advance(IDLE_CONFIRM_MS);
  t.equal(waiter.answers, 1);
  t.end();
});

t.test('an app that is gone frees who waits for it', (t) => {
  const staged = new StagedDrain();
  staged.drain.terminate('preStop');
  const waiter = new Waiter(staged);
  staged.drain.appRefuses();
  t.equal(waiter.answers, 1);
  t.end();
});

t.test('the SIGTERM is held back as long as the preStop of the sidecar waits', (t) => {
  const staged = new StagedDrain();
  const work = staged.traffic.websocket();
  new Waiter(staged);
  staged.drain.terminate('preStop');
  t.equal(staged.waits.holdsSigterm, false, "the app's own does not");
  let answers = 0;
  const release = (): void => void answers++;
  staged.waits.addNotice(release);
  t.same([staged.waits.holdsSigterm, staged.waits.size], [true, 2]);
  staged.waits.leave(release);
  t.equal(staged.waits.holdsSigterm, false, 'it has left');
  staged.waits.addNotice(release);
  staged.traffic.end(work);
  staged.clock.advance(60_000);
  t.same([answers, staged.waits.holdsSigterm, staged.waits.size], [1, false, 0], 'or is answered');
  t.end();
});

t.test('one who answers late by what another one does is answered once', (t) => {
  const clock = new HandClock();
  const waits = new Waits(clock, NOTICE_MS);
  const other = new Waiter({ waits });
  let answers = 0;
  waits.add(() => {
    answers++;
    waits.releaseAll();
  });
  waits.releaseAll();
  t.same([other.answers, answers, waits.size], [1, 1, 0]);
  t.end();
});
