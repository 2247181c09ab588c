/**
 * The moments of a close window. Each connection has a slot of its own, and a random moment in it:
 * no two clients come back in step, and no second sees more of them than its share. Pure.
 */

const SECOND_MS = 1_000;

/** From 0 to below 1. */
export type Chance = () => number;

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * One moment a connection, in order. Slots are never narrower than `ratePerSecond` allows: where
 * the span is too short for that, the last moments lie behind its end.
 */
export function momentsIn(
  { fromMs, untilMs }: Span,
  count: number,
  ratePerSecond: number,
  random: Chance,
): number[] {
  const slotMs = Math.max((untilMs - fromMs) / count, SECOND_MS / ratePerSecond);
  const moments: number[] = [];
  for (let slot = 0; slot < count; slot++) moments.push(fromMs + (slot + random()) * slotMs);
  return moments;
}

/** Those on which nothing has passed first: they lose least. Random where nothing else decides. */
export function orderOf<T>(quiet: readonly T[], busy: readonly T[], random: Chance): T[] {
  return shuffle([...quiet], random).concat(shuffle([...busy], random));
}

/** Fisher and Yates. */
function shuffle<T>(list: T[], random: Chance): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other], list[last]];
  }
  return list;
}
