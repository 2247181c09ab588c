/**
 * Whole numbers, of which each setting allows some. No signs, fractions, exponents or separators:
 * what is written is what is meant.
 */
import { ValueError } from '../errors.js';

/** A number, or all of them from the first to the last. */
export type Allowed = number | readonly [first: number, last: number];

export interface IntegerForm {
  readonly allowed: readonly Allowed[];
  /** It counts what happens in a second, and may be written so: `1000/s`. */
  readonly perSecond?: true;
}

/** The number that `text` means, or a ValueError that says which are allowed. */
export function parseInteger(text: string, form: IntegerForm): number {
  const digits = form.perSecond === true ? text.replace(/\/s$/, '') : text;
  const number = /^\d+$/.test(digits) ? Number(digits) : NaN;
  if (form.allowed.some((allowed) => isAmong(number, allowed))) return number;
  const rate = form.perSecond === true ? ', with or without /s' : '';
  throw new ValueError(`is not ${formatAllowed(form)}${rate}`);
}

function isAmong(number: number, allowed: Allowed): boolean {
  if (typeof allowed === 'number') return number === allowed;
  return number >= allowed[0] && number <= allowed[1];
}

/** `a whole number from 1 to 10`, or `one of 1, 2, 5 to 10`. */
export function formatAllowed({ allowed }: IntegerForm): string {
  const parts = allowed.map((one) => (typeof one === 'number' ? String(one) : one.join(' to ')));
  const list = parts.join(', ');
  return parts.length === 1 ? `a whole number from ${list}` : `one of ${list}`;
}
