/**
 * What the given texts mean, by the rules of the settings table. Faults are collected, not thrown,
 * so that all of them can be told at once.
 */
import { settingFault, type SettingFault, ValueError } from '../errors.js';
import { type Address, parseAddress } from './address.js';
import { formatDuration, parseDuration } from './duration.js';
import type { Given } from './given.js';
import { parseInteger } from './integer.js';
import { parseNames } from './names.js';
import { flagOf } from './setting.js';
import {
  type ChoiceOf,
  type DurationSetting,
  type IntegerSetting,
  type KeyOf,
  type SettingKey,
  SETTINGS,
} from './table.js';

/** Reads texts as values. One that cannot be read is a fault, and its default stands in for it. */
export class Values {
  private readonly given: ReadonlyMap<string, Given>;
  private readonly faults: SettingFault[];
  private readonly refused = new Set<SettingKey>();

  constructor(given: ReadonlyMap<string, Given>, faults: SettingFault[]) {
    this.given = given;
    this.faults = faults;
  }

  isGiven(key: SettingKey): boolean {
    return this.given.has(key);
  }

  /** Whether none of them is a fault already: a second one about the first would help nobody. */
  areGood(...keys: readonly SettingKey[]): boolean {
    return !keys.some((key) => this.refused.has(key));
  }

  /** `reason` is said about what the user wrote for `key`, or about its flag and default. */
  refuse(key: SettingKey, reason: string): void {
    const given = this.given.get(key);
    const value = given?.value ?? SETTINGS[key].default;
    this.refused.add(key);
    this.faults.push(settingFault(given?.source ?? flagOf(key), value, reason));
  }

  address(key: KeyOf<'address'>): Address {
    return this.read(key, parseAddress) ?? parseAddress(SETTINGS[key].default);
  }

  /** Undefined if it is not given. */
  remoteAddress(key: KeyOf<'address'>): Required<Address> | undefined {
    return this.read(key, (text) => {
      const { host, port } = parseAddress(text);
      if (host === undefined) throw new ValueError('needs a host before its port');
      if (port === 0) throw new ValueError('needs a port that is not 0');
      return { host, port };
    });
  }

  /** `fallbackMs` is for a default that depends on other settings. */
  duration(key: KeyOf<'duration'>, fallbackMs?: number): number {
    const setting: DurationSetting = SETTINGS[key];
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

  integer(key: KeyOf<'integer'>): number {
    const setting: IntegerSetting = SETTINGS[key];
    const given = this.read(key, (text) => parseInteger(text, setting));
    return given ?? parseInteger(setting.default, setting);
  }

  choice<K extends KeyOf<'choice'>>(key: K): ChoiceOf<K> {
    const { choices, default: usual } = SETTINGS[key];
    const given = this.read(key, (text) => {
      const found = choices.find((choice) => choice === text);
      if (found === undefined) throw new ValueError(`is not one of ${choices.join(', ')}`);
      return found;
    });
    return given ?? usual;
  }

  /** Undefined if it is not given. */
  text(key: KeyOf<'text'>, form: RegExp, reason: string): string | undefined {
    return this.read(key, (text) => {
      if (!form.test(text)) throw new ValueError(reason);
      return text;
    });
  }

  /** None if it is not given. */
  names(key: KeyOf<'text'>): readonly string[] {
    return this.read(key, parseNames) ?? [];
  }

  private read<T>(key: SettingKey, parse: (text: string) => T): T | undefined {
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
