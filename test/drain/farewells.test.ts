/**
 * The close window in action, under a clock driven by hand: how evenly goodbyes are spread, what a
 * slow event loop does to that, who gets one, and what becomes of those who come late.
 */
import t, { type Test } from 'tap';
import { Farewells, LAG_MS_MAX, NEWCOMER_LOOK_MS } from '../../src/drain/farewells.js';
import { HandClock } from '../peers/clock.js';
import { Random } from '../peers/random.js';
import { busiestSecond } from '../peers/rate.js';
import { type Moment, Traffic } from '../peers/traffic.js';

const RATIO_MAX = 1.5;
const CHANCES = 1 << 24;

/** A clock whose timers come late: what is due while it stands still happens behind that. */
class StallingClock extends HandClock {
  private stalledMs = 0;

  override now(): number {
    return super.now() + this.stalledMs;
  }

  stall(ms: number): void {
    this.stalledMs += ms;
  }
}

class Window {
  readonly clock = new StallingClock();
  readonly traffic = new Traffic(this.clock);
  readonly farewells: Farewells;

  constructor(seed = 1, ratePerSecond = 1_000) {
    const random = new Random(seed);
    const chance = (): number => random.int(CHANCES) / CHANCES;
    this.farewells = new Farewells(this.clock, this.traffic.tracker, ratePerSecond, chance);
    this.traffic.manners.farewell = 5;
  }

  /** Opens `count` WebSockets, and the window for `ms` from now. */
  open(count: number, ms: number, reserveMs = ms / 10): void {
    for (let opened = 0; opened < count; opened++) this.traffic.websocket();
    this.farewells.settled();
    const untilMs = this.clock.now() + ms;
    this.farewells.open({ untilMs, deadlineMs: untilMs + reserveMs });
  }

  get moments(): number[] {
    return this.traffic.asked.map(({ atMs }) => atMs);
  }

  isEven(t: Test, evenRate: number): void {
    const ratio = busiestSecond(this.moments) / evenRate;
    t.ok(ratio <= RATIO_MAX, `the busiest second has ${ratio.toFixed(3)} times the even rate`);
  }
}

const tunnelsOf = (moments: readonly Moment[]): unknown[] => moments.map(({ tunnel }) => tunnel);

for (const count of [1_000, 5_000]) {
  for (const ms of [5_000, 30_000, 120_000]) {
    t.test(`${count} WebSockets are spread evenly over ${ms} ms`, (t) => {
      for (let seed = 1; seed <= 3; seed++) {
        const window = new Window(seed);
        window.open(count, ms);
        window.clock.advance(ms);
        t.equal(window.traffic.asked.length, count);
        t.equal(new Set(tunnelsOf(window.traffic.asked)).size, count, 'each once');
        window.isEven(t, (count * 1_000) / ms);
        window.clock.advance(10);
        t.equal(window.traffic.tracker.total, 0);
        window.farewells.stop();
        t.equal(window.clock.pending, 0);
      }
      t.end();
    });
  }
}

t.test('more than the rate allows take longer than the window', (t) => {
  const window = new Window(1, 1_000);
  window.open(9_000, 5_000);
  window.clock.advance(5_000);
  t.ok(Math.abs(window.moments.length - 5_000) <= 2, `${window.moments.length} of 9000`);
  window.clock.advance(4_000);
  t.equal(window.moments.length, 9_000);
  t.ok(busiestSecond(window.moments) <= 1_002);
  t.end();
});

for (const stallMs of [50, 95, 300, 1_000, 3_000]) {
  t.test(`an event loop that stands still for ${stallMs} ms makes no burst`, (t) => {
    const window = new Window(stallMs);
    window.open(1_000, 30_000);
    window.clock.advance(10_000);
    window.clock.stall(stallMs);
    window.clock.advance(30_000 - stallMs);
    t.equal(window.moments.length, 1_000);
    window.isEven(t, 1_000 / 30);
    t.end();
  });
}

t.test('an event loop that is late again and again goes on all the same', (t) => {
  const window = new Window(4);
  window.open(5_000, 60_000);
  for (let ms = 0; ms < 60_000; ms += 1_000) {
    window.clock.advance(700);
    window.clock.stall(300);
  }
  t.ok(window.moments.length > 4_700, `${window.moments.length} are said in the window`);
  window.isEven(t, 5_000 / 60);
  window.clock.advance(6_000);
  t.equal(window.moments.length, 5_000, 'and the rest before the deadline');
  t.end();
});

t.test('one that is always late says a part of its plan each time', (t) => {
  const window = new Window(4);
  window.open(1_000, 10_000);
  for (let ticks = 0; ticks < 30; ticks++) {
    window.clock.stall(4 * LAG_MS_MAX);
    window.clock.advance(20);
  }
  t.ok(window.moments.length > 500, `${window.moments.length} are said`);
  t.end();
});

t.test('those on which nothing has passed since settling come first', (t) => {
  const window = new Window();
  const { traffic, clock, farewells } = window;
  const busy = [1, 2, 3].map(() => traffic.websocket());
  const quiet = [1, 2, 3].map(() => traffic.stream());
  for (const tunnel of [...busy, ...quiet]) traffic.pass(tunnel, 1_000);
  farewells.settled();
  for (const tunnel of busy) traffic.pass(tunnel, 6);
  farewells.open({ untilMs: 6_000, deadlineMs: 7_000 });
  clock.advance(3_000);
  t.same(new Set(tunnelsOf(traffic.asked)), new Set(quiet));
  clock.advance(3_000);
  t.equal(traffic.asked.length, 6);
  t.end();
});

t.test('who can be said goodbye to is: sockets, streams and raw connections', (t) => {
  const { traffic, clock, farewells } = new Window();
  const raw = traffic.raw();
  const tls = traffic.connect();
  tls.carries('tls');
  const told = [traffic.websocket(), traffic.stream(), raw, tls];
  traffic.request();
  traffic.answer(traffic.request());
  traffic.connect();
  traffic.dial();
  farewells.open({ untilMs: 5_000, deadlineMs: 6_000 });
  clock.advance(5_000);
  t.same(new Set(tunnelsOf(traffic.asked)), new Set(told), 'HTTP ends with its answers');
  t.end();
});

t.test('one that has ended by itself before its moment is not asked', (t) => {
  const window = new Window();
  window.open(100, 10_000);
  const { traffic, clock } = window;
  for (const tunnel of [...traffic.tracker.tunnels()].slice(0, 60)) traffic.end(tunnel);
  clock.advance(10_000);
  t.equal(traffic.asked.length, 40);
  t.end();
});

t.test('those who come while the window is open get their moments in what is left of it', (t) => {
  const window = new Window();
  const { traffic, clock } = window;
  window.open(1_000, 60_000);
  clock.advance(30_000);
  const late = Array.from({ length: 100 }, () => traffic.stream());
  clock.advance(NEWCOMER_LOOK_MS);
  t.ok(traffic.asked.length < 540, 'nobody is hurried');
  clock.advance(29_000);
  const asked = new Set(tunnelsOf(traffic.asked));
  t.ok(late.every((tunnel) => asked.has(tunnel)));
  t.equal(asked.size, 1_100);
  t.equal(traffic.asked.length, 1_100, 'each once');
  const moments = traffic.asked.filter(({ tunnel }) => late.some((one) => one === tunnel));
  const spreadMs = moments[99].atMs - moments[0].atMs;
  t.ok(spreadMs > 4_000, `behind the quiet ones, they are spread over ${spreadMs} ms`);
  window.isEven(t, 1_000 / 60);
  t.end();
});

t.test('those who come behind the plan get half of what is left', (t) => {
  const window = new Window();
  window.open(10, 5_000, 4_000);
  const { traffic, clock } = window;
  clock.advance(5_000);
  t.equal(traffic.asked.length, 10);
  for (let count = 0; count < 10; count++) traffic.raw();
  clock.advance(NEWCOMER_LOOK_MS + 2_000);
  t.equal(traffic.asked.length, 20);
  t.end();
});

t.test('a window over nobody costs a look a second, and none when it is closed', (t) => {
  const window = new Window();
  window.open(0, 5_000);
  t.equal(window.clock.pending, 1);
  window.clock.advance(60_000);
  t.equal(window.clock.pending, 1);
  window.farewells.stop();
  t.equal(window.clock.pending, 0);
  t.end();
});

t.test('a window that is open goes on when it is opened again', (t) => {
  const window = new Window();
  window.open(100, 10_000);
  window.clock.advance(5_000);
  window.farewells.open({ untilMs: 60_000, deadlineMs: 60_000 });
  window.clock.advance(5_000);
  t.equal(window.moments.length, 100);
  t.end();
});

t.test('a window that is closed asks nobody any more, and may be opened anew', (t) => {
  const window = new Window();
  window.open(100, 10_000);
  window.clock.advance(5_000);
  window.farewells.stop();
  const before = window.moments.length;
  window.clock.advance(60_000);
  t.equal(window.moments.length, before);
  const untilMs = window.clock.now() + 1_000;
  window.farewells.open({ untilMs, deadlineMs: untilMs });
  window.clock.advance(1_000);
  t.equal(window.moments.length, 100);
  t.end();
});

t.test('those who never take it are asked once', (t) => {
  const window = new Window();
  window.traffic.manners.farewell = 'none';
  window.open(20, 10_000);
  window.clock.advance(11_000);
  t.equal(window.moments.length, 20);
  t.end();
});
