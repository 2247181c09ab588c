/**
 * What was written for each option, on the command line or in a variable that stands in for it, and
 * what it means: the same for every command. What cannot be used is a fault, told once for each
 * option with what was written.
 */
import { parseArgs } from 'node:util';
import { settingFault, type SettingFault, ValueError } from '../errors.js';
import { flagOf } from '../settings/setting.js';

/** How an option is written. */
export interface OptionForm {
  readonly letter?: string;
  /** What stands for its value; without it, it is a switch. */
  readonly form?: string;
  /** What of the environment stands in for it. */
  readonly variable?: string;
  /** May be given more than once. */
  readonly repeats?: true;
}

export type OptionForms<K extends string> = readonly (readonly [K, OptionForm])[];

/** One value, and how the user wrote its option or variable; a switch has an empty one. */
export interface Given {
  readonly source: string;
  readonly value: string;
}

/** Never empty; longer than one for an option that repeats alone. */
export type GivenByOption<K extends string> = Map<K, Given[]>;

export interface Words<K extends string> {
  readonly words: GivenByOption<K>;
  /** Those that belong to no option, in their order. */
  readonly places: readonly string[];
}

export function readVariables<K extends string>(
  options: OptionForms<K>,
  variables: Readonly<Record<string, string | undefined>>,
): GivenByOption<K> {
  const given: GivenByOption<K> = new Map();
  for (const [key, { variable: source = '' }] of options) {
    const value = variables[source];
    if (value !== undefined) given.set(key, [{ source, value }]);
  }
  return given;
}

/** What stands on the command line of `command`; beside its options at most `placesMax` words. */
export function readWords<K extends string>(
  forms: OptionForms<K>,
  argv: readonly string[],
  command: string,
  faults: SettingFault[],
  placesMax = 0,
): Words<K> {
  const options = forms.map(([key, form]) => ({ key, name: flagOf(key).slice(2), ...form }));
  const words: GivenByOption<K> = new Map();
  const places: string[] = [];
  const fault = (source: string, value: string, reason: string): void => {
    faults.push(settingFault(source, value, reason));
  };
  let strangerAt = Number.NaN;
  for (const token of tokensOf(forms, argv)) {
    if (token.kind !== 'option') {
      // What follows an unknown option was meant as its value: one fault, not two.
      if (token.index === strangerAt + 1) continue;
      const word = token.kind === 'positional' ? token.value : '--';
      if (token.kind === 'positional' && places.length < placesMax) places.push(word);
      else fault(word, '', 'is not expected here');
      continue;
    }
    const { rawName: source, inlineValue: isAttached = false } = token;
    // `-o=json` means what `-ojson` does.
    const value = (token.value ?? '').replace(source.startsWith('--') ? '' : /^=/, '');
    const option = options.find(({ name }) => name === token.name);
    if (option === undefined) {
      fault(source, value, `is no option of ${command}`);
      if (!isAttached) strangerAt = token.index;
      continue;
    }
    const { key, form, repeats = false } = option;
    const before = words.get(key) ?? [];
    if (before.length > 0 && !repeats) fault(source, value, 'is given twice');
    else if (form === undefined && isAttached) fault(source, value, 'takes no value');
    else if (!isAttached && /^-./.test(value)) {
      fault(source, value, 'is an option; attach a value with =');
    } else words.set(key, [...before, { source, value }]);
  }
  return { words, places };
}

type ParseOptions = Record<string, { type: 'boolean' | 'string'; short?: string }>;
/** If it were strict, it would throw at the first fault. */
interface Parsing {
  args: string[];
  options: ParseOptions;
  strict: false;
  tokens: true;
}

/** The words as Node tells them apart. */
export function tokensOf(
  forms: OptionForms<string>,
  argv: readonly string[],
): ReturnType<typeof parseArgs<Parsing>>['tokens'] {
  const options: ParseOptions = {};
  for (const [key, { letter, form }] of forms) {
    const short = letter === undefined ? {} : { short: letter };
    options[flagOf(key).slice(2)] = { type: form === undefined ? 'boolean' : 'string', ...short };
  }
  return parseArgs({ args: [...argv], options, strict: false, tokens: true }).tokens;
}

/** Given texts as values; a fault is told once for each option. */
export class Values<K extends string> {
  private readonly given: ReadonlyMap<K, readonly Given[]>;
  private readonly faults: SettingFault[];
  private readonly refused = new Set<K>();

  constructor(given: ReadonlyMap<K, readonly Given[]>, faults: SettingFault[]) {
    this.given = given;
    this.faults = faults;
  }

  has(key: K): boolean {
    return this.given.has(key);
  }

  refuse(key: K, reason: string): void {
    const [given = { source: flagOf(key), value: '' }] = this.given.get(key) ?? [];
    this.refuseOne(key, given, reason);
  }

  choice<C extends string>(key: K, choices: readonly C[]): C | undefined {
    return this.read(key, (text) => {
      const found = choices.find((choice) => choice === text);
      if (found === undefined) throw new ValueError(`is not one of ${choices.join(', ')}`);
      return found;
    });
  }

  /** Undefined if it is not given, or refused. */
  read<T>(key: K, parse: (text: string) => T): T | undefined {
    return this.readAll(key, parse)[0];
  }

  /** Each that is given; those that are refused are left out. */
  readAll<T>(key: K, parse: (text: string) => T): T[] {
    return (this.given.get(key) ?? []).flatMap((given) => {
      try {
        if (given.value === '') throw new ValueError('needs a value');
        return [parse(given.value)];
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        this.refuseOne(key, given, error.message);
        return [];
      }
    });
  }

  private refuseOne(key: K, { source, value }: Given, reason: string): void {
    if (this.refused.has(key)) return;
    this.refused.add(key);
    this.faults.push(settingFault(source, value, reason));
  }
}
