/**
 * The faults tidegate raises itself, each with a code that stays the same while its words may
 * change, and the exit codes that go with them. What a peer sends is never one of these.
 */

/** The process did what it was asked to, a forced end of a drain included. */
export const EXIT_OK = 0;
/** It could not start, or broke: not the user's settings. */
export const EXIT_FAULT = 1;
/** The settings cannot be used (EX_USAGE of sysexits.h). */
export const EXIT_USAGE = 64;

export type ErrorCode = 'ERR_VALUE' | 'ERR_CONFIG' | 'ERR_LISTEN';

/** What all of them have in common. */
export abstract class TidegateError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly exitCode: number;

  override get name(): string {
    return this.constructor.name;
  }
}

/** A text is not the value it should be; the message is the reason alone. */
export class ValueError extends TidegateError {
  readonly code = 'ERR_VALUE';
  readonly exitCode = EXIT_USAGE;
}

/** One setting that cannot be used. `key` is what the user wrote: a flag or a variable. */
export interface SettingFault {
  readonly key: string;
  readonly value: string;
  readonly reason: string;
}

/** What is meant to be secret, by the name it was given under; a file's name is none. */
const SECRET = /token(?!.*file)/i;

/** A fault as it may be shown: in logs and terminals a secret would be read by others. */
export function settingFault(key: string, value: string, reason: string): SettingFault {
  return { key, value: SECRET.test(key) && value !== '' ? '***' : value, reason };
}

/** All faults of all settings at once, so that nobody has to find them one start at a time. */
export class ConfigError extends TidegateError {
  readonly code = 'ERR_CONFIG';
  readonly exitCode = EXIT_USAGE;

  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    super(faults.map(({ key, value, reason }) => `${key} "${value}": ${reason}`).join('\n'));
    this.faults = faults;
  }
}

/** A port could not be opened. */
export class ListenError extends TidegateError {
  readonly code = 'ERR_LISTEN';
  readonly exitCode = EXIT_FAULT;

  /** The setting that named the address. */
  readonly key: string;
  readonly address: string;

  constructor(key: string, address: string, cause: Error) {
    super(`${key} "${address}": ${cause.message}`, { cause });
    this.key = key;
    this.address = address;
  }
}
