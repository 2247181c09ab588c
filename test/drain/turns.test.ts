/**
 * Thousands of things in turns: each once and in order, a few milliseconds at a time, and all that
 * is left in one turn where time is short.
 */
import t from 'tap';
import { inTurns, TURN_ITEMS_MIN, TURN_MS_MAX } from '../../src/drain/turns.js';
import { CostlyClock, HandClock } from '../peers/clock.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, one) => one);

t.test('each is dealt with once, in order, and then it is done', (t) => {
  const clock = new CostlyClock();
  clock.isCostly = true;
  const seen: number[] = [];
  let done = 0;
  inTurns(
    clock,
    numbers(1_000),
    (one) => void seen.push(one),
    () => done++,
  );
  t.equal(seen.length, TURN_ITEMS_MIN + TURN_MS_MAX, 'the first turn');
  clock.advance(0);
  t.same([seen, done], [numbers(1_000), 1]);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('from a moment on the rest is done in one turn', (t) => {
  const clock = new CostlyClock();
  clock.isCostly = true;
  const seen: number[] = [];
  const from = clock.now() + 20;
  inTurns(
    clock,
    numbers(10_000),
    (one) => void seen.push(one),
    () => undefined,
    from,
  );
  clock.advance(0);
  t.equal(seen.length, 10_000);
  t.ok(clock.turns < 20, `${clock.turns} turns`);
  t.end();
});

t.test('what comes while it goes on is not dealt with', (t) => {
  const items = new Set([1, 2]);
  let seen = 0;
  inTurns(
    new HandClock(),
    items,
    () => {
      seen++;
      items.add(items.size + 1);
    },
    () => undefined,
  );
  t.equal(seen, 2);
  t.end();
});

t.test('where there is nothing, it is done at once', (t) => {
  let done = false;
  inTurns(
    new HandClock(),
    [],
    () => undefined,
    () => (done = true),
  );
  t.ok(done);
  t.end();
});
