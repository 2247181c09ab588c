/**
 * What is known of the lifetimes of one kind of connection in all colours of a group, bucket by
 * bucket: who ended in it, who outlived it, who is open and in it. Pure.
 */

/** So many connections of this age, or for the sake of speed of about this age. */
export interface Aged {
  readonly seconds: number;
  readonly count: number;
}

/** Of one kind, in one colour of the group. */
export interface Lives {
  /** How many ended, by their lifetime in seconds: up to `to`, which may be Infinity. */
  readonly ended: readonly { readonly to: number; readonly count: number }[];
  /** Those that are still there. */
  readonly open: readonly Aged[];
  /** None of them can be younger, because no new ones have come for so long. */
  readonly youngestSeconds: number;
  /** None can be older: so long its first pod has been there. */
  readonly oldestSeconds: number;
}

export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly ended: number;
  /** Those by colour, with the time ago, in seconds, in which they can have come. */
  readonly came: readonly Came[];
  /** Those known to have outlived it. */
  readonly outlived: number;
  /** Those that are open and in it. */
  readonly open: readonly Aged[];
}

export interface Came {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** Ages nearer to one another than this factor are taken together. */
const CELL = 1.05;

const DAY_SECONDS = 86_400;

/** Thousands of ages as a few hundred, each standing for those near it. */
export function gathered(ages: readonly Aged[]): Aged[] {
  const cells = new Map<number, { seconds: number; count: number }>();
  const youngest = ages.reduce((least, { seconds }) => Math.min(least, seconds), Infinity);
  for (const { seconds, count } of ages) {
    // The youngest last longest where there is a limit: they are told apart best.
    const key = Math.floor(Math.log1p(seconds - youngest) / Math.log(CELL));
    const cell = cells.get(key) ?? { seconds: 0, count: 0 };
    const all = cell.count + count;
    cells.set(key, { seconds: (cell.seconds * cell.count + seconds * count) / all, count: all });
  }
  return [...cells.values()];
}

/** Bounds are those of the first; who has others (another version's) tells nothing. */
export function alike(all: readonly Lives[]): Lives[] {
  const bounds = all.find(({ ended }) => ended.length > 0)?.ended ?? [];
  return all.filter(
    ({ ended }) =>
      ended.length === bounds.length && bounds.every(({ to }) => countAt(ended, to) >= 0),
  );
}

/** They must have the same bounds. */
export function bucketsOf(lives: readonly Lives[]): Bucket[] {
  const ends = (lives[0]?.ended ?? []).map(({ to }) => to).sort((one, other) => one - other);
  const open = lives.flatMap((life) => life.open);
  const longest = Math.max(...lives.map((life) => life.oldestSeconds), 0);
  let atRisk = sum(open.map(({ count }) => count));
  atRisk += sum(lives.flatMap(({ ended }) => ended.map(({ count }) => count)));
  let from = 0;
  return ends.map((end): Bucket => {
    const came = lives.map((life): Came => {
      const { youngestSeconds: last, oldestSeconds: first } = life;
      return { count: countAt(life.ended, end), first, last };
    });
    const ended = sum(came.map(({ count }) => count));
    const inside = open.filter(({ seconds }) => seconds > from && seconds <= end);
    atRisk -= ended + sum(inside.map(({ count }) => count));
    // Nobody outlives the pod, and above the last bound that is all that is known.
    const to = end === Infinity ? Math.max(2 * from, 2 * DAY_SECONDS, longest) : end;
    const bucket = { from, to, ended, came, outlived: Math.max(0, atRisk), open: inside };
    from = end;
    return bucket;
  });
}

/** -1: this bound is unknown there. */
function countAt(ended: Lives['ended'], to: number): number {
  return ended.find((bucket) => bucket.to === to)?.count ?? -1;
}

export function oldestOf(lives: readonly Lives[]): number {
  return lives
    .flatMap(({ open }) => open)
    .reduce((most, { seconds }) => Math.max(most, seconds), 0);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
