/**
 * When a colour will be empty: its connections end as those of its group have ended before, each at
 * a chance that depends on its age and kind. Pure. It is true for a colour that gets no new ones,
 * and holds only as long as clients go on as they did; so it comes with its range, or not at all.
 */
import { type Aged, gathered, type Lives } from './lifetimes/buckets.js';
import { type Curve, hazardAt } from './lifetimes/curve.js';
import { learnLifetimes, type Lifetimes } from './lifetimes.js';

/** What is known of the connections of one colour. */
export interface ColourConnections {
  readonly colour: string;
  /** In all of its pods. */
  readonly active: number;
  readonly leases: number;
  /** Pods of which nothing is known, because they did not answer. */
  readonly unknownPods: number;
  /** By kind. */
  readonly kinds: Readonly<Record<string, KindConnections>>;
}

export interface KindConnections extends Lives {
  /** Those of `open` that are at work: the others stand in nobody's way. */
  readonly active: readonly Aged[];
}

export type Estimate =
  /** From now on; `lateMs` undefined: nobody can tell. Each is 1 in 10 to be missed. */
  | {
      readonly known: true;
      readonly middleMs: number;
      readonly earlyMs: number;
      readonly lateMs: number | undefined;
    }
  | { readonly known: false; readonly reason: NoEstimate; readonly kind?: string };

/**
 * `empty`: nothing is at work any more. `unknown`: some pods did not tell. `leases`: nobody knows
 * how long they are held. `few`: hardly any of the kind has ended yet. `old`: what is left is so
 * old that nobody has been seen to end at that age.
 */
export const NO_ESTIMATES = ['empty', 'unknown', 'leases', 'few', 'old'] as const;
export type NoEstimate = (typeof NO_ESTIMATES)[number];

const ENDED_MIN = 10;
/** What was never seen is not guessed at beyond so many times what was. */
const BEYOND_MAX = 3;
const SECONDS_MAX = 10 * 365 * 86_400;
const ROUNDS = 20;

/** One for each colour, in their order: they learn from one another. */
export function estimateColours(colours: readonly ColourConnections[]): Map<string, Estimate> {
  const kinds = new Set(colours.flatMap((colour) => Object.keys(colour.kinds)));
  const learned = new Map<string, Lifetimes>();
  for (const kind of kinds) {
    const lives = colours.flatMap((colour) =>
      Object.hasOwn(colour.kinds, kind) ? [colour.kinds[kind]] : [],
    );
    const lifetimes = learnLifetimes(lives);
    if (lifetimes !== undefined) learned.set(kind, lifetimes);
  }
  return new Map(colours.map((colour) => [colour.colour, estimateOf(colour, learned)]));
}

function estimateOf(colour: ColourConnections, learned: ReadonlyMap<string, Lifetimes>): Estimate {
  if (colour.unknownPods > 0) return { known: false, reason: 'unknown' };
  if (colour.leases > 0) return { known: false, reason: 'leases' };
  if (colour.active === 0) return { known: false, reason: 'empty' };
  const listed = Object.values(colour.kinds).flatMap(({ active }) => active);
  const known = listed.reduce((total, { count }) => total + count, 0);
  if (known === 0) return { known: false, reason: 'unknown' };
  const parts: Part[] = [];
  for (const [kind, { active }] of Object.entries(colour.kinds)) {
    if (active.length === 0) continue;
    const lifetimes = learned.get(kind);
    if (lifetimes === undefined || lifetimes.ended < ENDED_MIN) {
      return { known: false, reason: 'few', kind };
    }
    // Those of pods that were not asked are like those of pods that were.
    parts.push({ active: gathered(active), lifetimes, weight: colour.active / known });
  }
  return rangeOf(parts);
}

/** Connections of one kind. */
interface Part {
  readonly active: readonly Aged[];
  readonly lifetimes: Lifetimes;
  readonly weight: number;
}

function rangeOf(parts: readonly Part[]): Estimate {
  const [early, middle, late] = [0.1, 0.5, 0.9].map((chance) => 1_000 * whenEmpty(parts, chance));
  const horizonMs = 1_000 * horizonOf(parts);
  if (middle > horizonMs) return { known: false, reason: 'old' };
  const lateMs = late > horizonMs ? undefined : late;
  return { known: true, middleMs: middle, earlyMs: early, lateMs };
}

function horizonOf(parts: readonly Part[]): number {
  return Math.max(...parts.map(({ lifetimes }) => BEYOND_MAX * lifetimes.seenSeconds));
}

/** The time after which it is empty with this chance. */
function whenEmpty(parts: readonly Part[], chance: number): number {
  let [low, high] = [1, SECONDS_MAX];
  for (let round = 0; round < ROUNDS; round++) {
    const middle = Math.sqrt(low * high);
    if (chanceOfEmpty(parts, middle) < chance) low = middle;
    else high = middle;
  }
  return high;
}

/** The kinds have nothing to do with one another. */
function chanceOfEmpty(parts: readonly Part[], seconds: number): number {
  return parts.reduce((chance, part) => chance * chanceOfOne(part, seconds), 1);
}

function chanceOfOne({ active, lifetimes, weight }: Part, seconds: number): number {
  let chance = 0;
  let weights = 0;
  for (const curve of lifetimes.curves) {
    chance += curve.weight * Math.exp(weight * logOfAllEnded(active, curve, seconds));
    weights += curve.weight;
  }
  return chance / weights;
}

function logOfAllEnded(active: readonly Aged[], curve: Curve, seconds: number): number {
  let log = 0;
  for (const { seconds: age, count } of active) {
    const survives = Math.exp(hazardAt(curve, age) - hazardAt(curve, age + seconds));
    log += count * Math.log1p(-Math.min(1, survives));
  }
  return log;
}

const NO_ESTIMATE_WORDS: Readonly<Record<NoEstimate, string>> = {
  empty: 'empty',
  unknown: 'no estimate: not all of its pods say what they have open',
  leases: 'no estimate: nobody knows how long its leases are held',
  few: 'no estimate: too few connections of the group have ended so far',
  old: 'no estimate: none of the group has been seen to end at such an age',
};

/** `in about 3h (1h to 9h)`, or why nothing can be said. */
export function estimateWords(estimate: Estimate): string {
  if (!estimate.known) {
    const words = NO_ESTIMATE_WORDS[estimate.reason];
    return estimate.kind === undefined
      ? words
      : words.replace('connections', `${estimate.kind} connections`);
  }
  const { middleMs, earlyMs, lateMs } = estimate;
  const about = `in about ${roughly(middleMs)}`;
  if (lateMs === undefined) return `${about} (${roughly(earlyMs)} at least)`;
  const [from, to] = [roughly(earlyMs), roughly(lateMs)];
  return from === to ? about : `${about} (${from} to ${to})`;
}

/** No more exact than a guess is: 40s, 25m, 90m, 9h, 50h, 4d. */
function roughly(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 90) return `${10 * Math.max(1, Math.round(seconds / 10))}s`;
  const minutes = seconds / 60;
  if (minutes < 20) return `${Math.round(minutes)}m`;
  if (minutes < 115) return `${5 * Math.round(minutes / 5)}m`;
  const hours = minutes / 60;
  if (hours < 71) return `${Math.round(hours)}h`;
  return `${Math.round(hours / 24)}d`;
}
