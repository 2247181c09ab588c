/**
 * Which of the requests that failed were new: their first byte was sent after the app had gone whose
 * end they failed by. The others were with an app when it ended, and crossed its end.
 */
import type { Test } from 'tap';
import type { FailureSample, Report } from '../peers/load/contract.js';
import type { Death } from './deaths.js';

/** An app is told to go, and gone, within that. */
const GOING_MS_MAX = 2_000;
/** A client is told that long after the app's end at the latest. */
const TOLD_MS_MAX = 5_000;
const SHOWN_MAX = 10;

export interface Failed {
  readonly newcomers: readonly FailureSample[];
  readonly crossed: readonly FailureSample[];
}

export function failedOf({ failuresFirst, startedMs }: Report, deaths: readonly Death[]): Failed {
  const isCrossed = ({ sentAtMs, atMs }: FailureSample): boolean =>
    deaths.some(({ goneMs }) => {
      const toldAfterMs = startedMs + atMs - goneMs;
      const wasSentBefore = startedMs + sentAtMs < goneMs;
      return wasSentBefore && toldAfterMs > -GOING_MS_MAX && toldAfterMs < TOLD_MS_MAX;
    });
  return {
    newcomers: failuresFirst.filter((sample) => !isCrossed(sample)),
    crossed: failuresFirst.filter(isCrossed),
  };
}

/** For people: how many of which kind, and for newcomers how long after which end they were sent. */
export function tellFailed(
  t: Test,
  failed: Failed,
  report: Report,
  deaths: readonly Death[],
): void {
  t.comment(`with an app when it ended: ${listed(failed.crossed)}`);
  const before = failed.crossed.map(({ sentAtMs }) => {
    const sentMs = report.startedMs + sentAtMs;
    return Math.min(...deaths.map(({ goneMs }) => goneMs - sentMs).filter((ms) => ms > 0));
  });
  t.comment(`sent so many ms before it was gone: ${before.sort(byLeast).join(', ')}`);
  t.comment(`new: ${listed(failed.newcomers)}`);
  const unseenMs = deaths.map(({ goneMs, seenMs }) => goneMs - seenMs);
  t.comment(`${deaths.length} ends, each seen within ${Math.max(0, ...unseenMs)} ms`);
  for (const { lane, failure, sentAtMs, atMs, detail } of failed.newcomers.slice(0, SHOWN_MAX)) {
    const sentMs = report.startedMs + sentAtMs;
    const [last] = deaths
      .map(({ goneMs }) => goneMs)
      .filter((ms) => ms <= sentMs)
      .sort(byLatest);
    const after = last === undefined ? 'before any end' : `${sentMs - last} ms after an end`;
    t.comment(`${lane} ${failure}: sent ${after}, failed ${atMs - sentAtMs} ms later: ${detail}`);
  }
}

const byLeast = (one: number, other: number): number => one - other;
const byLatest = (one: number, other: number): number => other - one;

/** How many there are of each failure. */
export function causesOf(samples: readonly FailureSample[]): Readonly<Record<string, number>> {
  const causes: Record<string, number> = {};
  for (const { failure } of samples) causes[failure] = (causes[failure] ?? 0) + 1;
  return causes;
}

function listed(samples: readonly FailureSample[]): string {
  const parts = Object.entries(causesOf(samples)).map(([failure, count]) => `${count} ${failure}`);
  return parts.join(', ') || 'none failed';
}
