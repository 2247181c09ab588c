/**
 * Every line the log of the sidecar can have: fixed sentences, with fields from the closed list
 * `Fields`. One JSON line each, written at once, so that nothing is lost when the process ends. A
 * rollout logs fewer than ten at info; nothing is ever said per connection or per chunk above debug.
 */
import { pino } from 'pino';
import type { LogLevel } from './config.js';
import type { ListenError, SettingFault } from './errors.js';
import { type Address, formatAddress } from './settings/address.js';

/** Where lines go. */
export interface Destination {
  write(line: string): void;
}

/** Everything a line can have beside `level`, `time` and `msg`. */
interface Fields {
  readonly listen?: string;
  readonly admin?: string;
  readonly app?: string;
  readonly key?: string;
  readonly value?: string;
  readonly reason?: string;
  readonly active?: number;
  readonly cut?: number;
  readonly ended?: string;
  readonly activeAtStart?: number;
  readonly activeAtEnd?: number;
  readonly leasesAtEnd?: number;
  readonly finished?: number;
  readonly farewell?: number;
  readonly deadlineMs?: number;
  readonly tookMs?: number;
  readonly lease?: string;
  readonly holder?: string;
  readonly expired?: number;
  readonly err?: unknown;
}

type Level = 'debug' | 'info' | 'warn' | 'error';
type Say = (level: Level, fields: Fields, sentence: string) => void;
/** Writes a line, whoever's sentence it is. */
export type SayLine = (level: Level, fields: object, sentence: string) => void;

/** A bug that shows in every connection must not fill the disk of the node. */
const FAULTS_MAX = 100;
/** Annotations may have 256 KiB. */
const VALUE_LENGTH_MAX = 100;

/** One method a sentence. */
export class Journal {
  private readonly say: Say;
  private appIsAway = false;
  private elsewhereIsSaid = false;
  private tlsIsKnown = false;
  private acceptHasFailed = false;
  private podInfoHasFailed = false;
  private drainedIsSaid = false;
  private cutIsSaid = 0;
  private faults = 0;

  constructor(say: Say) {
    this.say = say;
  }

  /** The addresses are those that came of it: port 0 is never among them. */
  listening(at: {
    readonly listen: Address;
    readonly admin: Address;
    readonly app: Address;
  }): void {
    const listen = formatAddress(at.listen);
    this.say(
      'info',
      { listen, admin: formatAddress(at.admin), app: formatAddress(at.app) },
      'listening',
    );
  }

  settingRefused({ key, value, reason }: SettingFault): void {
    this.say('error', { key, value, reason }, 'a setting cannot be used');
  }

  portRefused({ key, address, cause }: ListenError): void {
    this.say('error', { key, value: address, err: cause }, 'a port cannot be opened');
  }

  draining(drain: {
    readonly reason: string;
    readonly active: number;
    readonly deadlineMs: number;
  }): void {
    const { reason, active, deadlineMs } = drain;
    this.drainedIsSaid = false;
    this.cutIsSaid = 0;
    this.say(
      'info',
      { reason, active, deadlineMs },
      'draining: what is in use may finish until the deadline',
    );
  }

  annotationUnknown(key: string, value: string): void {
    const shown = value.slice(0, VALUE_LENGTH_MAX);
    this.say(
      'warn',
      { key, value: shown },
      'the annotation is not understood: true, keep and false are',
    );
  }

  /** Said once a drain. `reason` is why. */
  annotationTooLate(key: string, reason: string): void {
    this.say('warn', { key, reason }, 'the annotation is gone, but its drain cannot be taken back');
  }

  /** Said once: the file will be read again and again. */
  podInfoUnreadable(error: NodeJS.ErrnoException): void {
    if (this.podInfoHasFailed) return;
    this.podInfoHasFailed = true;
    this.say('warn', { reason: error.code ?? error.message }, 'annotations cannot be read');
  }

  recalled(): void {
    this.say('info', {}, 'the drain is taken back');
  }

  /** Said once a drain, unless more is cut: each late request may end it once more. */
  drained(report: {
    readonly reason: string;
    readonly ended: string;
    readonly tookMs: number;
    readonly activeAtStart: number;
    readonly activeAtEnd: number;
    readonly leasesAtEnd: number;
    readonly finished: number;
    readonly farewell: number;
    readonly cut: number;
  }): void {
    const { reason, ended, activeAtStart, activeAtEnd, leasesAtEnd, ...counts } = report;
    const { finished, farewell, cut } = counts;
    const tookMs = Math.round(report.tookMs);
    const actives = { activeAtStart, activeAtEnd, leasesAtEnd };
    const fields = { reason, ended, tookMs, ...actives, finished, farewell, cut };
    const { drainedIsSaid, cutIsSaid } = this;
    this.drainedIsSaid = true;
    this.cutIsSaid = cut;
    if (cut > cutIsSaid || leasesAtEnd > 0) {
      return this.say('warn', fields, 'drained: what was still in use was cut');
    }
    this.say(drainedIsSaid ? 'debug' : 'info', fields, 'drained: nothing in use is left');
  }

  /** Its holder has died, or did not renew it in time. */
  leaseExpired({
    name,
    holder,
  }: {
    readonly name: string;
    readonly holder?: string | undefined;
  }): void {
    const fields = { lease: name, ...(holder === undefined ? {} : { holder }) };
    this.say('warn', fields, 'a lease has expired: it was neither renewed nor let go');
  }

  /** Where many expire, few of them are named. */
  moreLeasesExpired(expired: number): void {
    this.say('warn', { expired }, 'further leases have expired');
  }

  /** Said once, until the app has been reached again. `code` is the system's, like ECONNREFUSED. */
  appUnreachable(code: string): void {
    if (this.appIsAway) return;
    this.appIsAway = true;
    this.say('warn', { reason: code }, 'the app cannot be reached; clients wait');
  }

  appReached(): void {
    if (!this.appIsAway) return;
    this.appIsAway = false;
    this.elsewhereIsSaid = false;
    this.say('info', {}, 'the app can be reached again');
  }

  /** Said once, until the app has been reached again. */
  secondChance(): void {
    if (this.elsewhereIsSaid) return;
    this.elsewhereIsSaid = true;
    this.say('info', {}, 'requests that the app cannot be given are answered by other pods');
  }

  /** Said once: where one file too many is open, the next connections fare no better. */
  acceptFailed(error: NodeJS.ErrnoException): void {
    if (this.acceptHasFailed) return;
    this.acceptHasFailed = true;
    const reason = error.code ?? error.message;
    this.say('error', { reason }, 'a connection could not be taken; raise the limit of open files');
  }

  /** Said once. */
  tlsCarried(): void {
    if (this.tlsIsKnown) return;
    this.tlsIsKnown = true;
    this.say(
      'info',
      {},
      'TLS is carried unread: what is inside cannot be told apart, nor be said goodbye to',
    );
  }

  gaveUp(reason: string): void {
    this.say('debug', { reason }, 'a connection is no longer followed; its bytes are carried on');
  }

  /** A bug of tidegate, and what it cost is one connection's observer at most. */
  fault(err: unknown): void {
    this.faults++;
    if (this.faults > FAULTS_MAX) return;
    this.say('error', { err }, 'a fault in tidegate itself; please report it');
    if (this.faults === FAULTS_MAX) this.say('error', {}, 'further faults are not logged');
  }
}

/** A journal that says what is at `level` or above it; to standard output, if nowhere else. */
export function createJournal(level: LogLevel, destination?: Destination): Journal {
  return new Journal(openLog(level, destination));
}

/** Where lines of `level` and above become JSON. */
export function openLog(level: LogLevel, destination?: Destination): SayLine {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
  return (at, fields, sentence) => logger[at](fields, sentence);
}
