/**
 * What the given texts mean, by the rules of a settings table. Faults are collected, not thrown,
 * so that all of them can be told at once.
 */
import { settingFault, type SettingFault, ValueError } from '../errors.js';
import { type Address, parseAddress } from './address.js';
import { formatDuration, parseDuration } from './duration.js';
import type { Given } from './given.js';
import { parseInteger } from './integer.js';
import { parseNames } from './names.js';
import {
  type ChoiceOf,
  flagOf,
  type KeyOf,
  type KeysOf,
  type Setting,
  type SettingOf,
  type SettingsTable,
} from './setting.js';

/** Reads texts as values. One that cannot be read is a fault, and its default stands in for it. */
export class Values<Table extends SettingsTable> {
  private readonly table: Table;
  private readonly given: ReadonlyMap<string, Given>;
  private readonly faults: SettingFault[];
  private readonly refused = new Set<string>();

  constructor(table: Table, given: ReadonlyMap<string, Given>, faults: SettingFault[]) {
    this.table = table;
    this.given = given;
    this.faults = faults;
  }

  isGiven(key: KeysOf<Table>): boolean {
    return this.given.has(key);
  }

  /** Whether none of them is a fault already: a second one about the first would help nobody. */
  areGood(...keys: readonly KeysOf<Table>[]): boolean {
    return !keys.some((key) => this.refused.has(key));
  }

  /** `reason` is said about what the user wrote for `key`, or about its flag and default. */
  refuse(key: KeysOf<Table>, reason: string): void {
    const given = this.given.get(key);
    const value = given?.value ?? this.table[key].default;
    this.refused.add(key);
    this.faults.push(settingFault(given?.source ?? flagOf(key), value, reason));
  }

  address(key: KeyOf<Table, 'address'>): Address {
    return this.read(key, parseAddress) ?? parseAddress(this.table[key].default);
  }

  /** Undefined if it is not given. */
  remoteAddress(key: KeyOf<Table, 'address'>): Required<Address> | undefined {
    return this.read(key, (text) => {
      const { host, port } = parseAddress(text);
      if (host === undefined) throw new ValueError('needs a host before its port');
      if (port === 0) throw new ValueError('needs a port that is not 0');
      return { host, port };
    });
  }

  /** `fallbackMs` is for a default that depends on other settings. */
  duration(key: KeyOf<Table, 'duration'>, fallbackMs?: number): number {
    const setting = this.row<'duration'>(key);
    const given = this.read(key, (text) => {
      const ms = parseDuration(text);
      if (setting.zeroAllowed === true && ms === 0) return ms;
      const { minMs = 0, maxMs = Infinity } = setting;
      if (ms < minMs) throw new ValueError(`is shorter than ${formatDuration(minMs)}`);
      if (ms > maxMs) throw new ValueError(`is longer than ${formatDuration(maxMs)}`);
      return ms;
    });
    return given ?? fallbackMs ?? parseDuration(setting.default);
  }

  integer(key: KeyOf<Table, 'integer'>): number {
    const setting = this.row<'integer'>(key);
    return this.integerIfGiven(key) ?? parseInteger(setting.default, setting);
  }

  integerIfGiven(key: KeyOf<Table, 'integer'>): number | undefined {
    const setting = this.row<'integer'>(key);
    return this.read(key, (text) => parseInteger(text, setting));
  }

  choice<K extends KeyOf<Table, 'choice'>>(key: K): ChoiceOf<Table, K> {
    const { choices, default: usual } = this.row<'choice'>(key);
    const given = this.read(key, (text) => {
      if (!choices.includes(text)) throw new ValueError(`is not one of ${choices.join(', ')}`);
      return text;
    });
    return (given ?? usual) as ChoiceOf<Table, K>;
  }

  /** Undefined if it is not given. */
  text(key: KeyOf<Table, 'text'>, form: RegExp, reason: string): string | undefined {
    return this.read(key, (text) => {
      if (!form.test(text)) throw new ValueError(reason);
      return text;
    });
  }

  /** None if it is not given. */
  names(key: KeyOf<Table, 'text'>): readonly string[] {
    return this.read(key, parseNames) ?? [];
  }

  /** What `parse` makes of the text; undefined if it is not given. */
  other<T>(key: KeyOf<Table, 'text'>, parse: (text: string) => T): T | undefined {
    return this.read(key, parse);
  }

  /** As it was written; undefined if it is not given. */
  raw(key: KeysOf<Table>): Given | undefined {
    return this.given.get(key);
  }

  private row<Form extends Setting['type']>(key: KeyOf<Table, Form>): SettingOf<Form> {
    return this.table[key] as SettingOf<Form>;
  }

  private read<T>(key: KeysOf<Table>, parse: (text: string) => T): T | undefined {
    const given = this.given.get(key);
    if (given === undefined) return undefined;
    try {
      return parse(given.value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.refuse(key, given.value === '' ? 'needs a value' : error.message);
      return undefined;
    }
  }
}
