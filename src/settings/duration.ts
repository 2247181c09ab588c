/**
 * Durations as people write them: a number and a unit, or several of them (`1m30s`). A bare number
 * is refused, because nobody can see whether it means seconds or milliseconds.
 */
import { TIMER_MS_MAX } from '../clock.js';
import { ValueError } from '../errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const WHOLE = /^(?:\d+(?:\.\d+)?h)?(?:\d+(?:\.\d+)?m)?(?:\d+(?:\.\d+)?s)?(?:\d+ms)?$/;

/** The milliseconds that `text` means, or a ValueError. No timer runs for more than the default. */
export function parseDuration(text: string, msMax = TIMER_MS_MAX): number {
  if (text === '0') return 0;
  if (/^\d+(\.\d+)?$/.test(text)) {
    throw new ValueError(`needs a unit: ms, s, m or h, as in ${text}s`);
  }
  if (text === '' || !WHOLE.test(text)) {
    throw new ValueError('is not a duration like 500ms, 30s, 10m, 1m30s or 2h');
  }
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNIT_MS[unit];
  ms = Math.round(ms);
  if (ms > msMax) throw new ValueError(`is longer than ${formatDuration(msMax)}`);
  return ms;
}

/** The shortest way to write `ms` that `parseDuration` reads as the same. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text === '' ? '0s' : text;
}
