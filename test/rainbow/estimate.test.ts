/**
 * Holds the estimate against what became of it: connections are made up with lifetimes whose law is
 * known, and the time at which the last of a colour ends is looked for in the range.
 */
import t from 'tap';
import {
  type ColourConnections,
  type Estimate,
  estimateColours,
  estimateWords,
} from '../../src/rainbow/estimate.js';
import { Random, seedOf } from '../peers/random.js';

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

/** Pareto's, from a minute on. */
const heavyTail =
  (power: number): Law =>
  (chance) =>
    60 * (1 - chance) ** (-1 / power);
const cutAt =
  (limit: number, mean: number): Law =>
  (chance) =>
    Math.min(limit, exponential(mean)(chance));

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
  t.equal(words(61, 181, 541), 'in about 3h (60m to 9h)');
  t.equal(words(0.5, 3.2, 22), 'in about 3m (30s to 20m)');
  t.equal(words(60.1, 60.2, 60.3), 'in about 60m');
  t.equal(words(300, 5_000, undefined), 'in about 3d (5h at least)');
  t.end();
});

/** Estimates for a colour that has lost its traffic an hour ago, and what became of it. */
function estimates(law: Law, rate: number, times: number): { estimate: Estimate; ms: number }[] {
  return Array.from({ length: times }, (_, at) => {
    const random = new Random(seedOf(9, at));
    const old = live(random, 'old', [16 * HOUR, HOUR], rate, law);
    const now = live(random, 'now', [HOUR, 0], rate, law);
    const all = estimateColours([old.connections, now.connections]);
    return { estimate: all.get('old') as Estimate, ms: old.emptyIn * 1_000 };
  }).filter(({ ms }) => ms > 0);
}

const TIMES = 30;

for (const { name, law, rate, apart } of [
  { name: 'end by chance', law: exponential(HOUR), rate: 0.02, apart: 1.3 },
  { name: 'all live equally long', law: fixed(2 * HOUR), rate: 0.01, apart: 1.02 },
  { name: 'mostly end soon, and some very late', law: heavyTail(1.1), rate: 0.05, apart: 3 },
  { name: 'are cut after two hours', law: cutAt(2 * HOUR, HOUR), rate: 0.02, apart: 1.8 },
]) {
  t.test(`where connections ${name}, eight of ten ranges hold`, (t) => {
    const known = estimates(law, rate, TIMES).filter(({ estimate }) => estimate.known);
    const held = known.filter(({ estimate, ms }) => {
      if (!estimate.known) return false;
      return ms >= estimate.earlyMs && ms <= (estimate.lateMs ?? Infinity);
    });
    t.ok(known.length >= TIMES / 3, `${known.length} are known`);
    // Of 30 made-up groups, 21 are still what chance makes of eight in ten.
    t.ok(held.length >= 0.7 * known.length, `${held.length} of ${known.length} hold`);
    const ratios = known.map(({ estimate, ms }) => (estimate.known ? estimate.middleMs / ms : 0));
    const middle = ratios.toSorted((one, other) => one - other)[ratios.length >> 1];
    t.ok(middle < apart && middle > 1 / apart, `the middle is ${middle} of what it was`);
    t.end();
  });
}

t.test('who was seen to end too seldom, or never so late, has no estimate', (t) => {
  const random = new Random(4);
  const young = live(random, 'old', [600, 60], 0.05, fixed(24 * HOUR));
  const never = estimateColours([young.connections]).get('old');
  t.same(never, { known: false, reason: 'few', kind: 'websocket' });
  const [{ estimate }] = estimates((chance) => (chance < 0.9 ? 60 : 30 * 24 * HOUR), 0.02, 1);
  t.same(estimate, { known: false, reason: 'old' });
  t.end();
});

t.test('where something is not known, there is no estimate', (t) => {
  const { connections } = live(new Random(4), 'old', [9 * HOUR, HOUR], 0.02, exponential(HOUR));
  const reason = (given: Partial<ColourConnections>): string | undefined => {
    const estimate = estimateColours([{ ...connections, ...given }]).get('old');
    return estimate?.known === false ? estimate.reason : undefined;
  };
  t.equal(reason({}), undefined);
  t.equal(reason({ unknownPods: 1 }), 'unknown');
  t.equal(reason({ leases: 1 }), 'leases');
  t.equal(reason({ kinds: {} }), 'unknown', 'nobody has told of what is active');
  const tcp = { ...connections.kinds.websocket, ended: [], open: [] };
  t.equal(reason({ kinds: { ...connections.kinds, tcp } }), 'few');
  t.end();
});

t.test('pods that were not asked are like those that were: more of them last longer', (t) => {
  const { connections } = live(new Random(4), 'old', [9 * HOUR, HOUR], 0.02, exponential(HOUR));
  const middle = (active: number): number => {
    const estimate = estimateColours([{ ...connections, active }]).get('old');
    return estimate?.known === true ? estimate.middleMs : 0;
  };
  t.ok(middle(20 * connections.active) > 1.5 * middle(connections.active));
  t.end();
});

t.test('lifetimes are learned from all colours of the group', (t) => {
  const random = new Random(4);
  const old = live(random, 'old', [9 * HOUR, HOUR], 0.02, exponential(HOUR));
  const fresh = live(random, 'new', [1_800, 60], 0.001, exponential(HOUR));
  t.match(estimateColours([fresh.connections]).get('new'), { known: false, reason: 'few' });
  t.match(estimateColours([old.connections, fresh.connections]).get('new'), { known: true });
  t.end();
});

t.test('buckets of another version tell nothing and disturb nothing', (t) => {
  const { connections } = live(new Random(4), 'old', [9 * HOUR, HOUR], 0.02, exponential(HOUR));
  const { websocket } = connections.kinds;
  const other = { ...websocket, ended: [{ to: 7, count: 9_000 }] };
  const others = { ...connections, colour: 'other', kinds: { websocket: other } };
  const alone = estimateColours([connections]).get('old');
  t.same(estimateColours([connections, others]).get('old'), alone);
  t.end();
});
