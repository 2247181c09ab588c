/**
 * How often an object has had a reason: the first times are told one by one, the rest on one Event
 * that counts. Spans go by the time of day, so that another replica goes on with the same Event.
 */
import type { Clock } from '../clock.js';
import { countName, type Occurrence } from './event-object.js';
import { remember } from './remembered.js';

export const SPAN_MS = 600_000;
export const SINGLY_MAX = 10;
/** Between two changes of an Event that counts. */
export const COUNT_MS = 60_000;

export interface Tally {
  /** Of its Event. */
  readonly name: string;
  times: number;
  /** Those without an Event of their own. */
  counted: number;
  last: Occurrence;
  firstMs: number;
  lastMs: number;
  /** Its Event is not to be changed before. */
  dueMs: number;
  isMade: boolean;
  tries: number;
}

export class Tallies {
  private readonly clock: Clock;
  private span = -1;
  /** Of this span, by the names of their Events. */
  private readonly tallies = new Map<string, Tally>();
  /** Those with more to say than stands on their Event. */
  private readonly unsaid = new Set<Tally>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get size(): number {
    return this.unsaid.size;
  }

  /** Whether it is one too many for an Event of its own, and is counted. */
  counts(occurrence: Occurrence, atMs: number): boolean {
    const tally = this.tallyOf(occurrence);
    if (++tally.times <= SINGLY_MAX) return false;
    if (tally.counted++ === 0) tally.firstMs = atMs;
    tally.lastMs = atMs;
    tally.last = occurrence;
    if (!this.unsaid.has(tally)) tally.dueMs = Math.max(tally.dueMs, atMs);
    this.unsaid.add(tally);
    return true;
  }

  private tallyOf(occurrence: Occurrence): Tally {
    const span = Math.floor(this.clock.wall().getTime() / SPAN_MS);
    // Those that are unsaid stay so.
    if (span !== this.span) this.tallies.clear();
    this.span = span;
    const name = countName(occurrence, span);
    const known = this.tallies.get(name);
    if (known !== undefined) return known;
    const none = { times: 0, counted: 0, isMade: false, tries: 0 };
    const tally = { ...none, name, last: occurrence, firstMs: 0, lastMs: 0, dueMs: 0 };
    remember(this.tallies, name, tally);
    return tally;
  }

  /** One whose Event is to be changed now. */
  due(): Tally | undefined {
    const now = this.clock.now();
    for (const tally of this.unsaid) if (tally.dueMs <= now) return tally;
    return undefined;
  }

  /** How long it is until one is due. */
  get dueAfterMs(): number {
    let firstMs = Infinity;
    for (const { dueMs } of this.unsaid) firstMs = Math.min(firstMs, dueMs);
    return firstMs - this.clock.now();
  }

  /** So many stand on its Event now: more, if another replica has counted before. */
  said(tally: Tally, there: number): void {
    tally.counted = Math.max(tally.counted, there);
    this.rest(tally, there);
  }

  /** Not before the next minute, and only if there is more than `known` by then. */
  rest(tally: Tally, known: number): void {
    tally.tries = 0;
    tally.dueMs = this.clock.now() + COUNT_MS;
    if (tally.counted === known) this.unsaid.delete(tally);
  }

  /** What has last happened before has been told by whoever might. */
  forget(beforeMs: number): void {
    for (const tally of this.unsaid) if (tally.lastMs < beforeMs) this.unsaid.delete(tally);
  }
}
