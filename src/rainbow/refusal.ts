/**
 * What was asked for and is not done on purpose: the sentence says what stands against it and what
 * to do. Nothing has failed, so that nobody need try again.
 */
import { KubernetesError } from '../kubernetes/fault.js';

export class Refusal extends Error {}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** What was begun and did not come out as it should; the sentence says where things stand. */
export class Unfinished extends Error {}

/** The object is another one by now, or has been changed. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === 409;
}

export function isNotFound(error: unknown): boolean {
  return codeOf(error) === 404;
}

function codeOf(error: unknown): unknown {
  return error instanceof KubernetesError && 'code' in error ? error.code : undefined;
}
