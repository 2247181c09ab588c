/**
 * What is left at the end: all of it is cut, each once, in turns that hold nobody up.
 */
import t from 'tap';
import { CUT_ALL_NOW_MS_MAX, cutAll, cutIn } from '../../src/drain/cut.js';
import { TURN_ITEMS_MIN, TURN_MS_MAX } from '../../src/drain/turns.js';
import { CostlyClock, HandClock } from '../peers/clock.js';
import { Traffic } from '../peers/traffic.js';

/** What a turn cuts where a look at the clock takes a millisecond: the least, and a few more. */
const SLOW_TURN = TURN_ITEMS_MIN + TURN_MS_MAX;

/** Traffic under a clock by which a look at it takes a millisecond. */
function costly(): { clock: CostlyClock; traffic: Traffic } {
  const clock = new CostlyClock();
  clock.isCostly = true;
  return { clock, traffic: new Traffic(clock) };
}

t.test('thousands are cut a few a turn, each counted once', (t) => {
  const { clock, traffic } = costly();
  const count = 3_000;
  for (let opened = 0; opened < count; opened += 3) {
    traffic.websocket();
    traffic.stream();
    traffic.connect();
  }
  const done: number[] = [];
  traffic.tracker.isLate = true;
  cutAll(
    clock,
    traffic.tracker.tunnels(),
    'deadline',
    () => void done.push(cutIn(traffic.tracker)),
  );
  t.same(done, [], 'the first turn has not cut them all');
  clock.advance(0);
  t.same(done, [2_000], 'idle ones are no work');
  const sockets = 2 * count;
  t.equal(clock.turns - sockets, Math.ceil(count / SLOW_TURN) - 1);
  t.equal(traffic.tracker.total, 0);
  const { closedBy } = traffic.tracker;
  t.same(
    [closedBy.websocket.deadline, closedBy.sse.deadline, closedBy.tcp.deadline],
    [1_000, 1_000, 1_000],
  );
  t.end();
});

t.test('what lets others do their work between two turns is a timer, not a loop', (t) => {
  const { clock, traffic } = costly();
  for (let opened = 0; opened < 100; opened++) traffic.websocket();
  cutAll(clock, traffic.tracker.tunnels(), 'drain', () => undefined);
  const tunnels = [...traffic.tracker.tunnels()];
  t.equal(tunnels.filter(({ client }) => client.destroyed).length, SLOW_TURN);
  t.end();
});

t.test('a turn that is quick cuts more, for a few milliseconds', (t) => {
  const { clock, traffic } = costly();
  clock.lookMs = 0.01;
  for (let opened = 0; opened < 1_000; opened++) traffic.websocket();
  const beganMs = clock.now();
  cutAll(clock, traffic.tracker.tunnels(), 'deadline', () => undefined);
  const tookMs = clock.now() - beganMs;
  t.ok(tookMs > TURN_MS_MAX && tookMs < TURN_MS_MAX + 0.1, `a turn of ${tookMs} ms`);
  const cut = [...traffic.tracker.tunnels()].filter(({ client }) => client.destroyed).length;
  t.ok(cut > TURN_ITEMS_MIN && cut < 1_000, `it has cut ${cut}`);
  t.end();
});

t.test('where the process has to end, the rest is cut in one turn when time is short', (t) => {
  const { clock, traffic } = costly();
  for (let opened = 0; opened < 2_000; opened++) traffic.websocket();
  const done: number[] = [];
  traffic.tracker.isLate = true;
  cutAll(clock, traffic.tracker.tunnels(), 'drain', () => void done.push(cutIn(traffic.tracker)));
  const sockets = 2 * 2_000;
  clock.advance(0);
  t.same(done, [2_000]);
  const turns = clock.turns - sockets;
  t.ok(turns > 1 && turns <= CUT_ALL_NOW_MS_MAX / TURN_MS_MAX, `after ${turns} turns`);
  t.end();
});

t.test('a connection that ends between two turns is not cut, and not counted', (t) => {
  const { clock, traffic } = costly();
  const tunnels = Array.from({ length: 10 * SLOW_TURN }, () => traffic.websocket());
  const done: number[] = [];
  traffic.tracker.isLate = true;
  cutAll(clock, tunnels, 'deadline', () => void done.push(cutIn(traffic.tracker)));
  traffic.end(tunnels[10 * SLOW_TURN - 1], 'client');
  clock.advance(0);
  t.same(done, [10 * SLOW_TURN - 1]);
  t.equal(traffic.tracker.closedBy.websocket.client, 1);
  t.same([traffic.tracker.cut, traffic.tracker.finished], [10 * SLOW_TURN - 1, 1]);
  t.end();
});

t.test('requests that wait on one connection are each work that is cut', (t) => {
  const clock = new HandClock();
  const traffic = new Traffic(clock);
  traffic.tracker.isLate = true;
  const tunnel = traffic.request(traffic.request(traffic.request()));
  let cut = 0;
  cutAll(clock, [tunnel, traffic.dial()], 'drain', () => (cut = cutIn(traffic.tracker)));
  t.equal(cut, 4, 'and a client whose app is not reached waits, too');
  t.end();
});

t.test('where nothing is left, it is done at once', (t) => {
  const clock = new HandClock();
  let done = 0;
  cutAll(clock, [], 'deadline', () => done++);
  t.equal(done, 1);
  t.equal(clock.pending, 0);
  t.end();
});
