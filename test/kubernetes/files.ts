/**
 * What there is around the program, made up: files, variables, a clock that is driven by hand.
 */
import type { Outside } from '../../src/kubernetes/outside.js';
import { HandClock } from '../peers/clock.js';

export class Files implements Outside {
  readonly clock = new HandClock();
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** By path; a test may change them. */
  readonly texts: Map<string, string>;
  readonly isInteractive = false;

  constructor(
    texts: Readonly<Record<string, string>>,
    variables: Readonly<Record<string, string | undefined>> = {},
  ) {
    this.texts = new Map(Object.entries(texts));
    this.variables = variables;
  }

  readonly readText = (path: string): string => {
    const text = this.texts.get(path);
    if (text !== undefined) return text;
    const error: NodeJS.ErrnoException = new Error(`ENOENT: no such file, open '${path}'`);
    error.code = 'ENOENT';
    throw error;
  };
}
