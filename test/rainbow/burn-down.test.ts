/**
 * The line of blocks: the newest at the right, the most of all full, and nothing where nothing was.
 */
import t from 'tap';
import { burnDown } from '../../src/rainbow/burn-down.js';

const at = (...amounts: readonly number[]): { atMs: number; active: number }[] =>
  amounts.map((active, index) => ({ atMs: index * 100, active }));

t.test('it falls as what is at work falls', (t) => {
  t.equal(burnDown(at(80, 70, 60, 50, 40, 30, 20, 10, 0), 0, 800, 8), '▇▆▅▄▃▂▁·');
  t.equal(burnDown(at(8, 8, 8), 0, 800, 4), '████');
  t.end();
});

t.test('a sample holds until the next one', (t) => {
  t.equal(
    burnDown(
      [
        { atMs: 0, active: 4 },
        { atMs: 790, active: 1 },
      ],
      0,
      800,
      4,
    ),
    '███▂',
  );
  t.end();
});

t.test('what nobody has looked at is blank, and what is empty is a point', (t) => {
  t.equal(burnDown([{ atMs: 500, active: 4 }], 0, 800, 4), '  ██');
  t.equal(burnDown(at(0, 0), 0, 800, 4), '····');
  t.equal(burnDown([], 0, 800, 4), '    ');
  t.end();
});

t.test('one of very many is still a block', (t) => {
  t.equal(
    burnDown(
      [
        { atMs: 0, active: 10_000 },
        { atMs: 700, active: 1 },
      ],
      0,
      800,
      2,
    ),
    '█▁',
  );
  t.end();
});

t.test('a time of no length shows its newest sample', (t) => {
  t.equal(burnDown([{ atMs: 5, active: 2 }], 5, 5, 3), '███');
  t.end();
});
