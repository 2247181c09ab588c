/**
 * What one row of the settings table says, and the names that follow from its key. The rows
 * themselves are in src/settings/table.ts.
 */
import type { IntegerForm } from './integer.js';

export type Type =
  | { readonly type: 'address'; readonly hostNeeded?: true }
  | {
      readonly type: 'duration';
      readonly minMs?: number;
      readonly maxMs?: number;
      readonly zeroAllowed?: true;
    }
  | ({ readonly type: 'integer' } & IntegerForm)
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'text'; readonly form: 'PATH' | 'FILE' | 'DIR' | 'TOKEN' | 'NAMES' };

export type Setting = Type & {
  /** The default as a user would write it; a sentence, if it depends on another setting. */
  readonly default: string;
  readonly sentence: string;
};

/** By key; the key is the chart value too. */
export type SettingsTable = Readonly<Record<string, Setting>>;

export const VARIABLE_PREFIX = 'TIDEGATE_';

/** `gracePeriod` as `--grace-period`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `gracePeriod` as `TIDEGATE_GRACE_PERIOD`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + key.replace(/[A-Z]/g, '_$&').toUpperCase();
}
