/**
 * Where a word still stands in an object: a new colour made from another one may call itself by the
 * other's name in places that only its owner understands. Pure; nothing is changed.
 */
import { isFields } from './objects.js';

/** Places that are told; the rest is counted. */
const TOLD_MAX = 5;

/** Where it begins as a word of its own, in whatever case. */
export function wordsAt(text: string, word: string): readonly number[] {
  const [lower, wanted] = [text.toLowerCase(), word.toLowerCase()];
  const isWord = (at: number): boolean =>
    !/[a-z0-9]/.test(lower.charAt(at - 1)) && !/[a-z0-9]/.test(lower.charAt(at + wanted.length));
  const starts: number[] = [];
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + 1)) {
    starts.push(at);
  }
  return starts.filter(isWord);
}

/** Places as people find them, `containers[app].env[COLOUR].value`; empty: nowhere. */
export function mentions(value: unknown, word: string): readonly string[] {
  if (typeof value === 'string') return wordsAt(value, word).length === 0 ? [] : [''];
  const inner = (key: string, one: unknown): readonly string[] =>
    mentions(one, word).map((path) => key + path);
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown, at) => inner(`[${nameIn(one) ?? at}]`, one));
  }
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => inner(`.${key}`, one));
}

function nameIn(item: unknown): string | undefined {
  const name = isFields(item) ? item['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

export function placesWords(places: readonly string[]): string {
  const told = places.slice(0, TOLD_MAX).map((path) => path.replace(/^\./, ''));
  const rest = places.length - told.length;
  return told.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
