/**
 * What one row of a settings table says, and the names that follow from its key. The rows themselves
 * are in src/settings/table.ts, and the controller's in src/controller/settings.ts.
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
  /** `form` stands for its value in help, like `PATH`. */
  | { readonly type: 'text'; readonly form: string };

export type Setting = Type & {
  /** The default as a user would write it; a sentence, if it depends on another setting. */
  readonly default: string;
  readonly sentence: string;
};

/** By key; the key is the chart value too. */
export type SettingsTable = Readonly<Record<string, Setting>>;

export type KeysOf<Table extends SettingsTable> = keyof Table & string;
/** The keys of those that are of such a type. */
export type KeyOf<Table extends SettingsTable, Form extends Setting['type']> = {
  [K in KeysOf<Table>]: Table[K]['type'] extends Form ? K : never;
}[KeysOf<Table>];
/** The row of a setting of this type. */
export type SettingOf<Form extends Setting['type']> = Setting & { readonly type: Form };
export type ChoiceOf<
  Table extends SettingsTable,
  K extends KeyOf<Table, 'choice'>,
> = Table[K] extends { readonly choices: readonly (infer Choice)[] } ? Choice : never;

export const VARIABLE_PREFIX = 'TIDEGATE_';

/** `gracePeriod` as `--grace-period`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `gracePeriod` as `TIDEGATE_GRACE_PERIOD`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + key.replace(/[A-Z]/g, '_$&').toUpperCase();
}
