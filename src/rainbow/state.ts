/**
 * What is remembered of a colour, as the text of its annotation and back, and when a new memory is
 * worth a write. Pure. A text that cannot be read, or was written about another Deployment (one
 * that a manifest was copied from), remembers nothing: then every timer begins anew.
 */
import { createHash } from 'node:crypto';
import { momentOf, momentText } from '../clock.js';
import type { Sample, State } from './contract.js';

export const NO_STATE: State = { wasLive: false, peak: 0, samples: [] };

export const SAMPLES_MAX = 24;
const SAMPLE_GAP_MS = 60_000;
/**
 * So that a colour that empties slowly is not written to at every look: ten minutes, for a run that
 * is a little early, too. Whoever looks more often writes at the colour's own moment of each span:
 * those of a fleet that began in one minute are not all written in one again.
 */
const SAMPLES_WRITTEN_MS = 585_000;
const SAMPLES_SPAN_MS = 570_000;
/** The share by which those that are seldom written come apart. */
const SAMPLES_SPREAD = 0.25;
const PEAK_GROWTH = 1.1;

const MOMENTS = [
  'liveSinceMs',
  'lostTrafficMs',
  'claimedMs',
  'lightlyUsedSinceMs',
  'drainAskedMs',
  'drainedSinceMs',
  'scaledToZeroMs',
] as const satisfies readonly (keyof State)[];
type Moment = (typeof MOMENTS)[number];

/** As in the annotation: `liveSince`. */
const keyOf = (moment: Moment): string => moment.slice(0, -'Ms'.length);

/** The annotation of the Deployment with this uid. */
export function stateText(state: State, uid: string): string {
  const moments = MOMENTS.flatMap((key) => {
    const ms = state[key];
    return ms === undefined ? [] : [[keyOf(key), momentText(ms)]];
  });
  const { wasLive, peak, replicas, liveReplicas } = state;
  const counts = { peak, replicas, liveReplicas };
  const samples = state.samples.map(({ atMs, active }) => [momentText(atMs), active]);
  return JSON.stringify({ uid, wasLive, ...Object.fromEntries(moments), ...counts, samples });
}

/** Moments after `nowMs` are not believed. */
export function readState(text: string | undefined, uid: string, nowMs: number): State {
  const fields = text === undefined ? undefined : fieldsOf(text);
  if (fields === undefined || fields['uid'] !== uid) return NO_STATE;
  const { peak } = fields;
  const moments = MOMENTS.flatMap((key) => {
    const ms = momentIn(fields[keyOf(key)], nowMs);
    return ms === undefined ? [] : [[key, ms]];
  });
  return {
    wasLive: fields['wasLive'] === true,
    ...(Object.fromEntries(moments) as Partial<Record<Moment, number>>),
    peak: isCount(peak) ? peak : 0,
    ...replicasIn('replicas', fields),
    ...replicasIn('liveReplicas', fields),
    samples: thinned(samplesIn(fields['samples'], nowMs)),
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null
      ? (fields as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function momentIn(value: unknown, nowMs: number): number | undefined {
  const ms = typeof value === 'string' ? momentOf(value) : NaN;
  return ms >= 0 && ms <= nowMs ? ms : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function replicasIn(
  key: 'replicas' | 'liveReplicas',
  { [key]: count }: Readonly<Record<string, unknown>>,
): Partial<State> {
  return isCount(count) && count > 0 ? { [key]: count } : {};
}

function samplesIn(value: unknown, nowMs: number): Sample[] {
  const samples: Sample[] = [];
  for (const item of Array.isArray(value) ? (value as readonly unknown[]) : []) {
    const [at, active] = Array.isArray(item) ? (item as readonly unknown[]) : [];
    const atMs = momentIn(at, nowMs);
    const lastMs = samples.at(-1)?.atMs ?? -1;
    if (atMs !== undefined && atMs > lastMs && isCount(active)) samples.push({ atMs, active });
  }
  return samples;
}

/** With one sample more, if it says something new and the last one is not too near. */
export function sampled(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && last.active === sample.active) return samples;
  if (last !== undefined && sample.atMs - last.atMs < SAMPLE_GAP_MS) return samples;
  return thinned([...samples, sample]);
}

/** Those go that stand nearest to the one before; the first and the last stay. */
function thinned(samples: readonly Sample[]): readonly Sample[] {
  const left = [...samples];
  while (left.length > SAMPLES_MAX) {
    const gaps = left.slice(1, -1).map(({ atMs }, at) => atMs - left[at].atMs);
    left.splice(1 + gaps.indexOf(Math.min(...gaps)), 1);
  }
  return left;
}

/**
 * What is to be written on the Deployment with this uid: `after`, or undefined if it says nothing that
 * matters beyond `before`.
 */
export function worthWriting(before: State, after: State, uid: string): State | undefined {
  const changed =
    before.wasLive !== after.wasLive ||
    before.replicas !== after.replicas ||
    before.liveReplicas !== after.liveReplicas ||
    MOMENTS.some((key) => before[key] !== after[key]) ||
    hasGrown(before.peak, after.peak) ||
    haveMoved(before.samples, after.samples, uid);
  return changed ? after : undefined;
}

function hasGrown(before: number, after: number): boolean {
  return after > before && after >= before * PEAK_GROWTH;
}

function haveMoved(before: readonly Sample[], after: readonly Sample[], uid: string): boolean {
  const last = after.at(-1);
  if (last === undefined) return before.length > 0;
  const written = before.at(-1);
  if (written === undefined) return true;
  // Of a long time the few that are kept stand far apart anyway.
  const apartMs = (last.atMs - after[0].atMs) / SAMPLES_MAX;
  const sinceMs = last.atMs - written.atMs;
  const share = shareOf(uid);
  if (sinceMs < apartMs * (1 - share * SAMPLES_SPREAD)) return false;
  const spanOf = (ms: number): number => Math.floor(ms / SAMPLES_SPAN_MS + share);
  return sinceMs >= SAMPLES_WRITTEN_MS || spanOf(last.atMs) !== spanOf(written.atMs);
}

/** From 0 up to 1, its own for each uid. */
function shareOf(uid: string): number {
  return createHash('sha256').update(uid).digest().readUInt32BE() / 2 ** 32;
}
