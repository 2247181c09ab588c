/** Levels: where each begins, when one is left, and that a load about a boundary stays in one. */
import t from 'tap';
import { LEVELS } from '../../src/controller/contract.js';
import { costOf, isAbove, levelFrom, levelOf } from '../../src/controller/levels.js';

t.test('a level begins at its cost', (t) => {
  const cases = { 0: 'idle', 1: 'few', 9: 'few', 10: 'some', 99: 'some', 100: 'many' };
  const more = { 999: 'many', 1000: 'crowd', 1_000_000: 'crowd' };
  for (const [count, level] of Object.entries({ ...cases, ...more })) {
    t.equal(levelOf(Number(count)), level, count);
  }
  t.same(LEVELS.map(costOf), [0, 1, 10, 100, 1_000]);
  t.end();
});

t.test('a level is reached at its boundary and left well below it', (t) => {
  const cases = [
    [undefined, 7, 'few'],
    ['few', 10, 'some'],
    ['some', 9, 'some'],
    ['some', 8, 'some'],
    ['some', 7, 'few'],
    ['few', 1, 'few'],
    ['few', 0, 'idle'],
    ['crowd', 800, 'crowd'],
    ['crowd', 799, 'many'],
    ['crowd', 3, 'few'],
    ['idle', 5_000, 'crowd'],
    ['many', 80, 'many'],
    ['many', 79, 'some'],
  ] as const;
  for (const [before, count, level] of cases) {
    t.equal(levelFrom(before, count), level, `${before} at ${count}`);
  }
  t.end();
});

t.test('a load that goes up and down by a tenth stays in one level', (t) => {
  for (let mean = 1; mean < 3_000; mean += 1) {
    const [low, high] = [Math.ceil(0.9 * mean), Math.floor(1.1 * mean)];
    const level = levelFrom(undefined, high);
    if (levelFrom(level, low) !== level) t.fail(`${mean} leaves ${level}`);
  }
  t.end();
});

t.test('levels are in order', (t) => {
  LEVELS.forEach((one, at) =>
    LEVELS.forEach((other, below) => t.equal(isAbove(one, other), at > below)),
  );
  t.end();
});
