/**
 * A histogram as plain numbers.
 */
import t from 'tap';
import { Buckets } from '../src/buckets.js';

t.test('a value falls into the first bucket whose bound is not below it', (t) => {
  const buckets = new Buckets([1, 5, 10]);
  for (const value of [0, 1, 1.001, 5, 9, 10, 10.5, 1e9]) buckets.observe(value);
  t.same(buckets.counts, [2, 2, 2, 2]);
  t.equal(buckets.sum, 0 + 1 + 1.001 + 5 + 9 + 10 + 10.5 + 1e9);
  t.end();
});

t.test('without a value everything is 0, and without bounds there is one bucket', (t) => {
  t.same(new Buckets([1, 2]).counts, [0, 0, 0]);
  const all = new Buckets([]);
  all.observe(3);
  t.same([all.counts, all.sum], [[1], 3]);
  t.end();
});
