/**
 * The words of a command line as options with their values: `--key value`, `--key=value`,
 * `-k value`, `-kvalue`, and letters of switches in one word. Not yet what the values mean.
 */
import type { SettingFault } from '../errors.js';
import { flagOf } from '../settings/setting.js';
import type { Command, Option, OptionKey } from './options.js';

/** One option, and how the user wrote it; a switch has an empty value. */
export interface Given {
  readonly source: string;
  readonly value: string;
}

/** The options that are given; what cannot be read is added to `faults`. */
export function readWords(
  command: Command,
  options: ReadonlyMap<OptionKey, Option>,
  argv: readonly string[],
  faults: SettingFault[],
): Map<OptionKey, Given> {
  const reader = new Words(command, options, argv, faults);
  return reader.read();
}

class Words {
  private readonly command: Command;
  private readonly options: ReadonlyMap<OptionKey, Option>;
  private readonly argv: readonly string[];
  private readonly faults: SettingFault[];
  private readonly given = new Map<OptionKey, Given>();
  private at = 0;

  constructor(
    command: Command,
    options: ReadonlyMap<OptionKey, Option>,
    argv: readonly string[],
    faults: SettingFault[],
  ) {
    this.command = command;
    this.options = options;
    this.argv = argv;
    this.faults = faults;
  }

  read(): Map<OptionKey, Given> {
    while (this.at < this.argv.length) {
      const word = this.argv[this.at++];
      if (word.startsWith('--')) this.long(word);
      else if (/^-./.test(word)) this.letters(word.slice(1));
      else this.fault(word, '', 'is not expected here');
    }
    return this.given;
  }

  private long(word: string): void {
    const equals = word.indexOf('=');
    const source = equals === -1 ? word : word.slice(0, equals);
    const attached = equals === -1 ? undefined : word.slice(equals + 1);
    const key = this.find((key) => flagOf(key) === source);
    // An unknown option takes its value with it, so that it is told as one fault.
    if (key === undefined) this.unknown(source, attached ?? this.following());
    else if (this.options.get(key)?.form !== undefined) {
      this.give(key, source, attached ?? this.following());
    } else if (attached !== undefined) this.fault(source, attached, 'takes no value');
    else this.give(key, source, '');
  }

  private letters(letters: string): void {
    for (const [index, letter] of [...letters].entries()) {
      const key = this.find((key) => this.options.get(key)?.letter === letter);
      if (key === undefined || this.options.get(key)?.form !== undefined) {
        const attached = letters.slice(index + 1).replace(/^=/, '');
        const value = attached === '' ? this.following() : attached;
        if (key === undefined) this.unknown(`-${letter}`, value);
        else this.give(key, `-${letter}`, value);
        return;
      }
      this.give(key, `-${letter}`, '');
    }
  }

  private find(matches: (key: OptionKey) => boolean): OptionKey | undefined {
    return [...this.options.keys()].find(matches);
  }

  /** The next word, if it is a value; what begins with a dash must be attached to be one. */
  private following(): string {
    const next = this.argv[this.at];
    if (next === undefined || /^-./.test(next)) return '';
    this.at++;
    return next;
  }

  private give(key: OptionKey, source: string, value: string): void {
    if (this.given.has(key)) this.fault(source, key === 'token' ? '***' : value, 'is given twice');
    else this.given.set(key, { source, value });
  }

  private unknown(source: string, value: string): void {
    this.fault(source, value, `is no option of ${this.command}`);
  }

  private fault(key: string, value: string, reason: string): void {
    this.faults.push({ key, value, reason });
  }
}
