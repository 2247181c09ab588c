/**
 * What is left at the end: all of it is cut, each once, in turns that hold nobody up.
 */
import t from 'tap';
import { CUT_MS_MAX, cutAll } from '../../src/drain/cut.js';
import { CostlyClock, HandClock } from '../peers/clock.js';
import { Traffic } from '../peers/traffic.js';

/** Traffic under a clock by which a connection takes a millisecond to cut. */
function costly(): { clock: CostlyClock; traffic: Traffic } {
  const clock = new CostlyClock();
  clock.isCostly = true;
  return { clock, traffic: new Traffic(clock) };
}

t.test('thousands are cut a few milliseconds a turn, each counted once', (t) => {
  const { clock, traffic } = costly();
  const count = 3_000;
  for (let opened = 0; opened < count; opened += 3) {
    traffic.websocket();
    traffic.stream();
    traffic.connect();
  }
  const done: number[] = [];
  cutAll(clock, traffic.tracker.tunnels(), 'deadline', (work) => void done.push(work));
  t.same(done, [], 'the first turn has not cut them all');
  clock.advance(0);
  t.same(done, [2_000], 'idle ones are no work');
  const sockets = 2 * count;
  t.equal(clock.turns - sockets, Math.ceil(count / CUT_MS_MAX) - 1);
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
  t.equal(tunnels.filter(({ client }) => client.destroyed).length, CUT_MS_MAX);
  t.end();
});

t.test('a connection that ends between two turns is not cut, and not counted', (t) => {
  const { clock, traffic } = costly();
  const tunnels = Array.from({ length: 10 }, () => traffic.websocket());
  const done: number[] = [];
  traffic.tracker.isLate = true;
  cutAll(clock, tunnels, 'deadline', (work) => void done.push(work));
  traffic.end(tunnels[9], 'client');
  t.same(done, [9]);
  t.equal(traffic.tracker.closedBy.websocket.client, 1);
  t.same([traffic.tracker.cut, traffic.tracker.finished], [9, 1]);
  t.end();
});

t.test('requests that wait on one connection are each work that is cut', (t) => {
  const clock = new HandClock();
  const traffic = new Traffic(clock);
  const tunnel = traffic.request(traffic.request(traffic.request()));
  let cut = 0;
  cutAll(clock, [tunnel, traffic.dial()], 'drain', (work) => (cut = work));
  t.equal(cut, 4, 'and a client whose app is not reached waits, too');
  t.end();
});

t.test('where nothing is left, it is done at once', (t) => {
  const clock = new HandClock();
  let cut = -1;
  cutAll(clock, [], 'deadline', (work) => (cut = work));
  t.equal(cut, 0);
  t.equal(clock.pending, 0);
  t.end();
});
