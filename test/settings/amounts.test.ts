/** Spans and counts as people read them. */
import t from 'tap';
import { count, span } from '../../src/settings/amounts.js';

const SPANS: readonly (readonly [seconds: number, words: string])[] = [
  [0, '0s'],
  [0.9, '0s'],
  [59, '59s'],
  [60, '1m'],
  [3_599, '59m59s'],
  [11_520, '3h12m'],
  [3_612, '1h'],
  [90_000, '1d1h'],
  [-5, '0s'],
  [NaN, '0s'],
];

for (const [seconds, words] of SPANS) {
  t.test(`${seconds} seconds are ${words}`, (t) => {
    t.equal(span(seconds), words);
    t.end();
  });
}

t.test('large counts have commas', (t) => {
  t.same([0, 999, 1_000, 1_234_567].map(count), ['0', '999', '1,000', '1,234,567']);
  t.end();
});
