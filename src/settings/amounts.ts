/**
 * Amounts as people read them: whole spans of time by their two largest units, large counts with
 * commas. Pure; what has to be read back as it was is in duration.ts.
 */

const SPAN_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** The two largest units, rounded down: 3h12m. */
export function span(seconds: number): string {
  // Also for what is no number, or would have been in the future.
  let rest = seconds > 0 ? Math.floor(seconds) : 0;
  const first = SPAN_UNITS.findIndex(([, size]) => rest >= size);
  if (first === -1) return '0s';
  let text = '';
  for (const [unit, size] of SPAN_UNITS.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}

/** 9001 as 9,001. */
export function count(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ',');
}
