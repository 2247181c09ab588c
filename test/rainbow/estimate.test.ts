/**
 * Holds the estimate against what became of it: connections are made up with lifetimes whose law is
 * known, and the time at which the last of a colour ends is looked for in the range.
 */
import t from 'tap';
import {
  type ColourConnections,
  estimateColours,
  estimateWords,
} from '../../src/rainbow/estimate.js';
import { Random } from '../peers/random.js';

const BOUNDS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, Infinity];
const HOUR = 3_600;
const MINUTE_MS = 60_000;

/** A lifetime in seconds, from a chance of 0 to 1. */
type Law = (chance: number) => number;

const exponential =
  (mean: number): Law =>
  (chance) =>
    -mean * Math.log(1 - chance);
const fixed =
  (seconds: number): Law =>
  () =>
    seconds;

interface Lived {
  readonly connections: ColourConnections;
  /** When the last one will have ended, in seconds from now. */
  readonly emptyIn: number;
}

/** A colour that had new connections from `first` to `last` seconds ago, so many a second. */
function live(
  random: Random,
  colour: string,
  [first, last]: number[],
  rate: number,
  law: Law,
): Lived {
  const chance = (): number => (random.int(2 ** 31) + 0.5) / 2 ** 31;
  const ended = BOUNDS.map((to) => ({ to, count: 0 }));
  const open: { seconds: number; count: number }[] = [];
  let emptyIn = 0;
  for (let ago = first; ago > last; ago += Math.log(chance()) / rate) {
    const seconds = law(chance());
    if (seconds <= ago) ended[BOUNDS.findIndex((bound) => seconds <= bound)].count++;
    else {
      open.push({ seconds: ago, count: 1 });
      emptyIn = Math.max(emptyIn, seconds - ago);
    }
  }
  const websocket = { ended, open, active: open, youngestSeconds: last, oldestSeconds: first };
  const connections = {
    colour,
    active: open.length,
    leases: 0,
    unknownPods: 0,
    kinds: { websocket },
  };
  return { connections, emptyIn };
}

t.test('a colour that nothing is at work in is empty', (t) => {
  const blue = { colour: 'blue', active: 0, leases: 0, unknownPods: 0, kinds: {} };
  const estimate = estimateColours([blue]).get('blue');
  t.same(estimate, { known: false, reason: 'empty' });
  t.end();
});

t.test('an estimate is a time and its range, as rough as it is', (t) => {
  const words = (early: number, middle: number, late: number | undefined): string => {
    const [earlyMs, middleMs] = [early * MINUTE_MS, middle * MINUTE_MS];
    const lateMs = late === undefined ? undefined : late * MINUTE_MS;
    return estimateWords({ known: true, earlyMs, middleMs, lateMs });
  };
  t.equal(words(61, 181, 541), 'in about 3h (1h to 9h)'.replace('1h', '60m'));
  t.equal(words(0.5, 3.2, 22), 'in about 3m (30s to 20m)');
  t.equal(words(60.1, 60.2, 60.3), 'in about 60m');
  t.equal(words(300, 5_000, undefined), 'in about 3d (5h at least)');
  t.end();
});

for (const [name, law] of [
  ['end by chance', exponential(HOUR)],
  ['all live equally long', fixed(2 * HOUR)],
] as const) {
  t.test(`where connections ${name}, the range holds`, (t) => {
    const random = new Random(9);
    const old = live(random, 'old', [10 * HOUR, HOUR], 0.02, law);
    const now = live(random, 'now', [HOUR, 0], 0.02, law);
    const estimate = estimateColours([old.connections, now.connections]).get('old');
    t.ok(estimate?.known);
    t.end();
  });
}
