/**
 * What was asked for and is not done on purpose: the sentence says what stands against it and what
 * to do. Nothing has failed, so that nobody need try again.
 */
export class Refusal extends Error {}

/** What is named is not there: a fault, whoever finds it, and nothing to be said yes to later. */
export class NotThere extends Refusal {}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** What was begun and did not come out as it should; the sentence says where things stand. */
export class Unfinished extends Error {}
