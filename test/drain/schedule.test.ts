/**
 * The moments of a close window: one a connection, each in a slot of its own, and no second with
 * many more of them than its share; who comes first, and who by chance.
 */
import t from 'tap';
import { type Chance, momentsIn, orderOf } from '../../src/drain/schedule.js';
import { Random } from '../peers/random.js';
import { busiestSecond } from '../peers/rate.js';

const SEEDS = 40;
const RATIO_MAX = 1.5;
const NO_CAP = 1_000_000;
const CHANCES = 1 << 24;

function chance(seed: number): Chance {
  const random = new Random(seed);
  return () => random.int(CHANCES) / CHANCES;
}

for (const count of [1_000, 5_000, 9_000]) {
  for (const windowMs of [5_000, 20_000, 60_000, 120_000]) {
    t.test(`${count} in ${windowMs} ms: no second has 1.5 times its share`, (t) => {
      const span = { fromMs: 7_000, untilMs: 7_000 + windowMs };
      const even = (count * 1_000) / windowMs;
      let most = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const moments = momentsIn(span, count, NO_CAP, chance(seed));
        most = Math.max(most, busiestSecond(moments));
        t.equal(moments.length, count);
        t.ok(moments[0] >= span.fromMs && (moments.at(-1) ?? 0) < span.untilMs, 'all within it');
      }
      t.ok(
        most / even <= RATIO_MAX,
        `${most} a second, ${(most / even).toFixed(3)} times the share`,
      );
      t.end();
    });
  }
}

t.test('chances that agree to be the worst make it no worse than that', (t) => {
  for (const windowMs of [5_000, 120_000]) {
    const span = { fromMs: 0, untilMs: windowMs };
    let slot = 0;
    const late = Math.floor(500 - 1_000_000 / windowMs / 2);
    const worst = momentsIn(span, 1_000, NO_CAP, () => (slot++ < late ? 0.999_999 : 0));
    const ratio = busiestSecond(worst) / (1_000_000 / windowMs);
    t.ok(ratio <= RATIO_MAX, `${ratio.toFixed(3)} times the share in ${windowMs} ms`);
  }
  t.end();
});

t.test('each moment lies in its own slot, and anywhere in it', (t) => {
  const shares: number[] = [];
  const random = chance(3);
  const moments = momentsIn({ fromMs: 100, untilMs: 10_100 }, 1_000, NO_CAP, random);
  for (const [slot, moment] of moments.entries()) {
    const share = (moment - 100) / 10 - slot;
    t.ok(share >= -1e-9 && share < 1, `slot ${slot}`);
    shares.push(share);
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  t.ok(Math.abs(mean - 0.5) < 0.05, `a mean of ${mean}`);
  t.ok(Math.min(...shares) < 0.05 && Math.max(...shares) > 0.95);
  t.end();
});

t.test('a window that is too short for the rate is left behind, at that rate', (t) => {
  const moments = momentsIn({ fromMs: 0, untilMs: 2_000 }, 5_000, 1_000, chance(1));
  const last = moments.at(-1) ?? 0;
  t.ok(last > 4_900 && last < 5_000, `the last one at ${last} ms`);
  t.ok(busiestSecond(moments) <= 1_002, 'and no second has more, but for its edges');
  const over = momentsIn({ fromMs: 2_000, untilMs: 2_000 }, 10, 100, chance(1));
  t.ok((over.at(-1) ?? 0) <= 2_100, 'where no time is left, it is the rate alone');
  t.end();
});

t.test('where there is nobody, there is no moment', (t) => {
  t.same(momentsIn({ fromMs: 0, untilMs: 1_000 }, 0, 1_000, chance(1)), []);
  t.end();
});

t.test('the quiet come first, and nobody is left out or comes twice', (t) => {
  const all = Array.from({ length: 1_000 }, (_, one) => one);
  const isQuiet = (one: number): boolean => one % 3 === 0;
  const busy = all.filter((one) => !isQuiet(one));
  const order = orderOf(all.filter(isQuiet), busy, chance(5));
  t.ok(order.slice(0, 334).every((one) => one % 3 === 0));
  t.ok(order.slice(334).every((one) => one % 3 !== 0));
  t.same(
    order.toSorted((one, other) => one - other),
    all,
  );
  t.end();
});

t.test('every order is as likely as any other', (t) => {
  const random = chance(11);
  const seen = new Map<string, number>();
  for (let times = 0; times < 6_000; times++) {
    const order = orderOf(['a', 'b', 'c'], [], random).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  t.equal(seen.size, 6);
  for (const [order, times] of seen) t.ok(times > 880 && times < 1_120, `${order} ${times} times`);
  t.end();
});
