/**
 * What the user asks for, from the words of the command line. Whatever cannot be used is a fault;
 * all of them are told together, each with what was written. Files are read by the caller's hand.
 */
import { type SettingFault, ValueError } from '../errors.js';
import { type Address, parseAddress } from '../settings/address.js';
import { parseDuration } from '../settings/duration.js';
import { flagOf } from '../settings/setting.js';
import {
  ADMIN_DEFAULT,
  type Command,
  type Option,
  type OptionKey,
  optionsOf,
  type Output,
  OUTPUTS,
  type Readiness,
  READINESSES,
} from './options.js';
import { type Given, readWords } from './words.js';

export interface Asked {
  readonly command: Command;
  readonly help: boolean;
  readonly admin: Required<Address>;
  readonly output: Output;
  readonly watch: boolean;
  readonly reason: string | undefined;
  readonly readiness: Readiness | undefined;
  readonly recall: boolean;
  readonly wait: boolean;
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly token: string | undefined;
}

/** Reads a file as text, or throws. */
export type ReadText = (path: string) => string;

/** What may stand in a header. */
const TOKEN = /^[!-~]+$/;
const TOKEN_REASON = 'is not printable characters without spaces';

/** What is asked for; `faults` gets what cannot be used, and then the answer may not be. */
export function readArguments(
  command: Command,
  argv: readonly string[],
  readText: ReadText,
  faults: SettingFault[],
): Asked {
  const options: readonly [OptionKey, Option][] = optionsOf(command);
  const given = readWords(command, new Map(options), argv, faults);
  const values = new Values(given, faults);
  const asked: Asked = {
    command,
    help: given.has('help'),
    admin: readAdmin(values),
    output: values.choice('output', OUTPUTS) ?? 'table',
    watch: given.has('watch'),
    reason: values.read('reason', (text) => text),
    readiness: values.choice('readiness', READINESSES),
    recall: given.has('recall'),
    wait: given.has('wait'),
    timeoutMs: values.read('timeout', parseDuration),
    token: readToken(values, readText),
  };
  if (command === 'drain') checkDrain(values);
  return asked;
}

function readAdmin(values: Values): Required<Address> {
  const address = values.read('admin', (text) => {
    const read = parseAddress(text);
    if (read.port === 0) throw new ValueError('needs a port that is not 0');
    return read;
  });
  return { host: '127.0.0.1', ...(address ?? parseAddress(ADMIN_DEFAULT)) };
}

function readToken(values: Values, readText: ReadText): string | undefined {
  const token = values.read('token', (text) => {
    if (!TOKEN.test(text)) throw new ValueError(TOKEN_REASON);
    return text;
  });
  if (values.has('token') && values.has('tokenFile')) {
    values.refuse('tokenFile', 'is given beside --token');
    return token;
  }
  const fromFile = values.read('tokenFile', (path) => {
    const content = contentOf(path, readText).trim();
    if (!TOKEN.test(content)) throw new ValueError(`has a content that ${TOKEN_REASON}`);
    return content;
  });
  return token ?? fromFile;
}

function contentOf(path: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ValueError(`cannot be read: ${cause}`);
  }
}

/** What does not go together. */
function checkDrain(values: Values): void {
  if (values.has('recall')) {
    for (const key of ['reason', 'readiness', 'wait', 'watch', 'timeout'] as const) {
      if (values.has(key)) values.refuse(key, 'is given beside --recall');
    }
    return;
  }
  if (values.has('watch') && values.has('wait')) values.refuse('watch', 'is given beside --wait');
  if (values.has('timeout') && !values.has('wait')) values.refuse('timeout', 'goes with --wait');
}

/** Given words as values; a fault is told once for each option. */
class Values {
  private readonly given: ReadonlyMap<OptionKey, Given>;
  private readonly faults: SettingFault[];
  private readonly refused = new Set<OptionKey>();

  constructor(given: ReadonlyMap<OptionKey, Given>, faults: SettingFault[]) {
    this.given = given;
    this.faults = faults;
  }

  has(key: OptionKey): boolean {
    return this.given.has(key);
  }

  refuse(key: OptionKey, reason: string): void {
    if (this.refused.has(key)) return;
    this.refused.add(key);
    const { source = flagOf(key), value = '' } = this.given.get(key) ?? {};
    // What is meant to be secret does not belong into a terminal's scrollback or a log.
    this.faults.push({
      key: source,
      value: key === 'token' && value !== '' ? '***' : value,
      reason,
    });
  }

  choice<T extends string>(key: OptionKey, choices: readonly T[]): T | undefined {
    return this.read(key, (text) => {
      const found = choices.find((choice) => choice === text);
      if (found === undefined) throw new ValueError(`is not one of ${choices.join(', ')}`);
      return found;
    });
  }

  /** Undefined if it is not given, or refused. */
  read<T>(key: OptionKey, parse: (text: string) => T): T | undefined {
    const given = this.given.get(key);
    if (given === undefined) return undefined;
    try {
      if (given.value === '') throw new ValueError('needs a value');
      return parse(given.value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.refuse(key, error.message);
      return undefined;
    }
  }
}
