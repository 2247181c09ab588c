/**
 * Tells what has happened as Events on the objects it has happened to: few a second, in order, each
 * once, and what happens again and again as one that counts. Whoever tells never waits and never
 * fails; a replica that may not write keeps the last minute, for the day on which it may.
 */
import type { Clock, Timer } from '../clock.js';
import { type Api, EVENTS } from './api.js';
import {
  combined,
  eventObject,
  type EventObject,
  type Occurrence,
  singleName,
} from './event-object.js';
import { type Tally, Tallies } from './event-tallies.js';
import { isAlreadyThere, isForbidden, isNotFound, isUndecided, KubernetesError } from './fault.js';
import { remember } from './remembered.js';

export type { Occurrence, Regarding } from './event-object.js';

export interface Recorder {
  /** Never waits, never throws. */
  tell(occurrence: Occurrence): void;
}

export const TELLINGS = [
  'made', // an Event of its own
  'counted', // on the Event that counts
  'known', // somebody had told it before
  'crowded', // too much was waiting
  'gone', // its namespace is, or is about to be
  'refused', // a right is missing, or a quota is spent
  'failed', // not even by the last try
] as const;
export type Telling = (typeof TELLINGS)[number];

export interface EventsParts {
  readonly api: Pick<Api, 'create' | 'patch'>;
  readonly clock: Clock;
  /** Whether this replica tells, at this moment. */
  readonly may: () => boolean;
  /** What has become of it. */
  told(telling: Telling, occurrence: Occurrence, error?: unknown): void;
}

export const WAITING_MAX = 1_000;
/** Five a second. */
export const GAP_MS = 200;
/** What happened longer ago was told by whoever might. */
export const STANDBY_MS = 60_000;
/** For as long as API servers keep Events, unless they are told otherwise. */
export const KNOWN_MS = 3_600_000;
const STANDBY_LOOK_MS = 1_000;
/** Some 45 s: as long as an API server takes to come back. */
const TRIES_MAX = 7;
const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 16_000;
const TERMINATING = /\bis being terminated\b/;

/** One that has an Event of its own. */
interface Single {
  readonly name: string;
  readonly occurrence: Occurrence;
  readonly atMs: number;
  tries: number;
}

export class Events implements Recorder {
  private readonly parts: EventsParts;
  private readonly singles: Single[] = [];
  private readonly tallies: Tallies;
  /** Of what was told, or is about to be, and when. */
  private readonly names = new Map<string, number>();
  private pauseMs = 0;
  private timer: Timer | undefined;
  private isBusy = false;
  private isStopped = false;

  constructor(parts: EventsParts) {
    this.parts = parts;
    this.tallies = new Tallies(parts.clock);
  }

  tell(occurrence: Occurrence): void {
    const name = singleName(occurrence);
    const atMs = this.parts.clock.now();
    const toldMs = this.names.get(name) ?? -Infinity;
    if (this.isStopped || atMs - toldMs < KNOWN_MS) return;
    // As the newest of them.
    this.names.delete(name);
    remember(this.names, name, atMs);
    const isCounted = this.tallies.counts(occurrence, atMs);
    if (!isCounted) this.keep({ name, occurrence, atMs, tries: 0 });
    if (!this.isBusy && this.timer === undefined) this.wait(0);
  }

  /** Nothing is about to be told, as far as nothing more happens. */
  get isAtRest(): boolean {
    return !this.isBusy && (this.singles.length === 0 || !this.parts.may());
  }

  /** What is not told yet is not told. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private keep(single: Single): void {
    this.singles.push(single);
    if (this.singles.length <= WAITING_MAX) return;
    const oldest = this.singles.shift();
    if (oldest !== undefined) this.unsaid('crowded', oldest);
  }

  /** It may be told another time. */
  private unsaid(telling: Telling, { name, occurrence }: Single, error?: unknown): void {
    this.names.delete(name);
    this.parts.told(telling, occurrence, error);
  }

  private wait(ms: number): void {
    if (this.isStopped) return;
    const next = (): void => {
      this.timer = undefined;
      this.next();
    };
    this.timer = this.parts.clock.after(ms, next).unref();
  }

  private next(): void {
    const { clock, may } = this.parts;
    const now = clock.now();
    if (!may()) return this.standBy(now - STANDBY_MS);
    const tally = this.tallies.due();
    // In the order in which it has happened.
    const isNext = tally !== undefined && tally.dueMs < (this.singles.at(0)?.atMs ?? Infinity);
    const single = isNext ? undefined : this.singles.shift();
    if (single !== undefined) this.busy(this.saySingle(single), now);
    else if (tally !== undefined) this.busy(this.sayCount(tally), now);
    else if (this.tallies.size > 0) this.wait(this.tallies.dueAfterMs);
  }

  private standBy(beforeMs: number): void {
    while (this.singles.length > 0 && this.singles[0].atMs < beforeMs) this.singles.shift();
    this.tallies.forget(beforeMs);
    if (this.singles.length + this.tallies.size > 0) this.wait(STANDBY_LOOK_MS);
  }

  private busy(saying: Promise<void>, startMs: number): void {
    this.isBusy = true;
    void saying.then(() => {
      this.isBusy = false;
      this.wait(Math.max(this.pauseMs, startMs + GAP_MS - this.parts.clock.now()));
    });
  }

  private async saySingle(single: Single): Promise<void> {
    const { name, occurrence, atMs } = single;
    const at = this.parts.clock.wallAt(atMs);
    const event = eventObject(name, occurrence, { count: 1, first: at, last: at });
    try {
      const isNew = await this.isCreated(occurrence, event);
      // A try before may have been done without an answer.
      this.went(isNew || single.tries > 0 ? 'made' : 'known', occurrence);
    } catch (error) {
      if (this.isAgain(single, error)) this.keep(single);
      else this.unsaid(tellingOf(error), single, error);
    }
  }

  private async sayCount(tally: Tally): Promise<void> {
    const { counted, last } = tally;
    try {
      this.tallies.said(tally, await this.write(tally));
      this.went('counted', last);
    } catch (error) {
      // It does not live for ever, and is made again.
      if (tally.isMade && isNotFound(error)) tally.isMade = false;
      else if (!this.isAgain(tally, error)) {
        this.tallies.rest(tally, counted);
        this.parts.told(tellingOf(error), last, error);
      }
    }
  }

  /** How many stand on it now. */
  private async write(tally: Tally): Promise<number> {
    const event = this.countEvent(tally);
    const { count, message, lastTimestamp } = event;
    if (!tally.isMade && (await this.isCreated(tally.last, event))) {
      tally.isMade = true;
      return count;
    }
    if (!tally.isMade) {
      // Somebody else has counted before: how far is told by the answer.
      const there = countOf(await this.patch(tally, { message, lastTimestamp }));
      tally.isMade = true;
      if (there >= count) return there;
    }
    await this.patch(tally, { count, message, lastTimestamp });
    return count;
  }

  private countEvent({ name, last, counted: count, firstMs, lastMs }: Tally): EventObject {
    const { clock } = this.parts;
    const times = { count, first: clock.wallAt(firstMs), last: clock.wallAt(lastMs) };
    return eventObject(name, combined(last), times);
  }

  /** False: it is there already. */
  private async isCreated({ regarding }: Occurrence, event: EventObject): Promise<boolean> {
    try {
      await this.parts.api.create(EVENTS, regarding.namespace, event);
      return true;
    } catch (error) {
      if (isAlreadyThere(error)) return false;
      throw error;
    }
  }

  private patch({ name, last }: Tally, merge: object): Promise<unknown> {
    return this.parts.api.patch(EVENTS, last.regarding.namespace, name, merge);
  }

  private went(telling: Telling, occurrence: Occurrence): void {
    this.pauseMs = 0;
    this.parts.told(telling, occurrence);
  }

  /** What may be otherwise in a moment is tried again, behind the others and after a pause. */
  private isAgain(tried: { tries: number }, error: unknown): boolean {
    const isPassing = (error instanceof KubernetesError && error.passing) || isUndecided(error);
    if (!isPassing) this.pauseMs = 0;
    else this.pauseMs = Math.min(PAUSE_MS_MAX, this.pauseMs * 2 || FIRST_PAUSE_MS);
    const isLast = ++tried.tries >= TRIES_MAX;
    if (isLast) tried.tries = 0;
    return isPassing && !isLast;
  }
}

function tellingOf(error: unknown): Telling {
  const isTerminating = isForbidden(error) && TERMINATING.test((error as Error).message);
  if (isTerminating || isNotFound(error)) return 'gone';
  return isForbidden(error) ? 'refused' : 'failed';
}

function countOf(object: unknown): number {
  const { count } = (object ?? {}) as { readonly count?: unknown };
  return typeof count === 'number' ? count : 0;
}
