/**
 * What there is around the program, as this room needs it: handed in by the caller, so that nothing
 * here reads an environment, a clock or a terminal of its own.
 */
import type { Clock } from '../clock.js';
import { KubernetesError } from './fault.js';

export interface Outside {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text, or throws. */
  readonly readText: (path: string) => string;
  readonly clock: Clock;
  /** Somebody sits before a terminal: a plugin may ask for a password. */
  readonly isInteractive: boolean;
}

export function readFile(path: string, { readText }: Pick<Outside, 'readText'>): string {
  try {
    return readText(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new KubernetesError(`${path} cannot be read: ${cause}`);
  }
}

/** Undefined if there is no such file. */
export function readIfThere(path: string, outside: Pick<Outside, 'readText'>): string | undefined {
  try {
    return outside.readText(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return readFile(path, outside);
  }
}
