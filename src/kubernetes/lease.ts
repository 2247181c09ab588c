/**
 * Who of several leads, by a Lease, as client-go has it: its holder renews it, and the others take
 * it once they have seen no change for its whole duration, by their own clock. A holder stops
 * earlier than that, by the clock alone: it needs no answer, no timer and no event loop for it.
 */
import type { Clock, Timer } from '../clock.js';
import { type Api, LEASES } from './api.js';
import { isAlreadyThere, isConflict, isForbidden, isNotFound, isUndecided } from './fault.js';
import {
  DURATION_MS,
  heldSpec,
  type LeaseRecord,
  readLease,
  releasedSpec,
} from './lease-record.js';

export const RENEW_MS = 5_000;
/** From the moment a renewal was sent. What was sent by then has 3 s to arrive. */
export const DEADLINE_MS = 9_000;
/** Between two tries; a call that takes longer is not waited for, and counts if it succeeds. */
export const RETRY_MS = 2_000;
/** Who leads has no time to lose, and nobody beside it who would do the same. */
const LEADER_RETRY_MS = 1_000;
/** Where a right is missing it will hardly be there a moment later. */
const FORBIDDEN_MS = 10_000;
/** No busy loop, whatever is answered. */
const PAUSE_MS_MIN = 100;
const JITTER = 0.2;
/** What a stop takes at most; the first part of it is for a try that is under way. */
const STOP_MS_MAX = 3_000;
const LAST_TRY_MS_MAX = 1_000;

export interface LeadershipParts {
  readonly api: Pick<Api, 'get' | 'create' | 'patch'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone: two of the same would both lead. */
  readonly identity: string;
  /** Late if the event loop is: whoever acts asks `isLeader`. */
  changed(isLeader: boolean): void;
  /** Why it is tried in vain; once while it stays the same. */
  failed(error: unknown): void;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** The Lease as it was seen last. */
interface Seen {
  readonly record: LeaseRecord | undefined;
  /** From when on it may be taken, whoever holds it. */
  readonly freeMs: number;
}

export class Leadership {
  private readonly parts: LeadershipParts;
  private seen: Seen | undefined;
  /** Grows with what is seen. An answer to what was asked before that tells nothing any more. */
  private epoch = 0;
  private untilMs = -Infinity;
  /**
   * Until then it may write as its holder. Who did that for longer without an answer in time would
   * neither lead nor let others.
   */
  private holdsUntilMs = -Infinity;
  private renewedMs = -Infinity;
  private told = false;
  private toldFault: string | undefined;
  /** A write of ours may have been done, and nobody has said so. */
  private isInDoubt = false;
  private isStopped = false;
  private trying: Promise<unknown> = Promise.resolve();
  private timer: Timer | undefined;
  private lapse: Timer | undefined;

  constructor(parts: LeadershipParts) {
    this.parts = parts;
  }

  get isLeader(): boolean {
    return this.parts.clock.now() < this.untilMs;
  }

  start(): void {
    this.tick();
  }

  /**
   * Gives it away, if it is held, so that nobody need wait for its end; or, where something of this
   * one's may still be done, leaves it to lapse. Never rejects.
   */
  async stop(isGivenAway = true): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    this.untilMs = -Infinity;
    this.settle();
    if (isGivenAway) await this.within(STOP_MS_MAX, this.release());
  }

  /** One try, and when it is over, or takes too long, the next. */
  private tick(): void {
    const { clock } = this.parts;
    let isNext = false;
    const next = (waitMs: number): void => {
      late.cancel();
      this.settle();
      if (isNext || this.isStopped) return;
      isNext = true;
      this.timer = clock.after(waitMs, () => this.tick());
    };
    const late = clock.after(RETRY_MS, () => next(0));
    this.trying = this.attempt().then(next);
  }

  /** Resolves with the time until the next. */
  private async attempt(): Promise<number> {
    try {
      await this.strive();
    } catch (error) {
      return this.afterFault(error);
    }
    this.toldFault = undefined;
    const { clock } = this.parts;
    if (this.isLeader) return Math.max(PAUSE_MS_MIN, this.renewedMs + RENEW_MS - clock.now());
    const waitMs = this.jittered(RETRY_MS);
    const untilFreeMs = (this.seen?.freeMs ?? 0) - clock.now();
    return untilFreeMs > 0 ? Math.max(PAUSE_MS_MIN, Math.min(waitMs, untilFreeMs)) : waitMs;
  }

  private afterFault(error: unknown): number {
    const message = error instanceof Error ? error.message : String(error);
    if (this.toldFault !== message && !this.isStopped) this.parts.failed(error);
    this.toldFault = message;
    if (this.isLeader) return LEADER_RETRY_MS;
    return this.jittered(isForbidden(error) ? FORBIDDEN_MS : RETRY_MS);
  }

  private jittered(ms: number): number {
    const { random = Math.random } = this.parts;
    return ms * (1 + JITTER * random());
  }

  private async strive(): Promise<void> {
    // What is known to be ours is written at once: the server refuses if it is another one by now.
    if (!this.holds && !(await this.look())) return;
    for (let times = 0; times < 2 && this.mayTake; times++) {
      if (await this.take()) return;
      if (!(await this.look())) return;
    }
  }

  private get isMine(): boolean {
    return this.seen?.record?.holder === this.parts.identity;
  }

  private get holds(): boolean {
    return this.isMine && this.parts.clock.now() < this.holdsUntilMs;
  }

  private get mayTake(): boolean {
    if (this.isStopped || this.seen === undefined) return false;
    return this.holds || this.seen.freeMs <= this.parts.clock.now();
  }

  /** False: another try has seen something newer, and goes on in its place. */
  private async look(): Promise<boolean> {
    const { epoch } = this;
    const { api, namespace, name } = this.parts;
    const object = await api.get(LEASES, namespace, name);
    if (epoch !== this.epoch) return false;
    this.see(object === undefined ? undefined : readLease(object));
    return true;
  }

  /** False: somebody has changed it since it was seen. */
  private async take(): Promise<boolean> {
    const { epoch, seen } = this;
    const sentMs = this.parts.clock.now();
    if (!this.holds) this.holdsUntilMs = sentMs + DEADLINE_MS;
    let object: unknown;
    this.isInDoubt = true;
    try {
      object = await this.write(seen?.record);
    } catch (error) {
      if (epoch !== this.epoch) return true;
      this.isInDoubt = isUndecided(error);
      const isGone = isNotFound(error) && seen?.record !== undefined;
      if (!isGone && !isConflict(error) && !isAlreadyThere(error)) throw error;
      // Whose it is now the next look tells.
      this.untilMs = -Infinity;
      return false;
    }
    if (epoch !== this.epoch) return true;
    this.isInDoubt = false;
    this.see(readLease(object));
    if (this.isMine) this.lead(sentMs);
    return true;
  }

  private write(record: LeaseRecord | undefined): Promise<unknown> {
    const { api, clock, namespace, name, identity } = this.parts;
    const spec = heldSpec(record, identity, clock.wall());
    if (record === undefined) return api.create(LEASES, namespace, leaseOf(name, spec));
    return this.patch(record, spec);
  }

  /** Once: it would not be right any more a moment later. */
  private patch({ version }: LeaseRecord, spec: object): Promise<unknown> {
    const { api, namespace, name } = this.parts;
    const merge = { metadata: { resourceVersion: version }, spec };
    return api.patch(LEASES, namespace, name, merge, { isOnce: true });
  }

  private see(record: LeaseRecord | undefined): void {
    this.epoch++;
    this.seen = { record, freeMs: this.freeFrom(record) };
  }

  /**
   * A holder whose Lease is deleted, or given away by somebody else, learns that by its next
   * renewal: until then it acts, and the others wait as if it had just renewed.
   */
  private freeFrom(record: LeaseRecord | undefined): number {
    const { seen } = this;
    const now = this.parts.clock.now();
    if (record === undefined) {
      if (seen === undefined || this.isMine) return now;
      return seen.record === undefined ? seen.freeMs : now + DURATION_MS;
    }
    if (record.mark === seen?.record?.mark) return seen.freeMs;
    return record.isReleased ? now : now + record.durationMs;
  }

  private lead(sentMs: number): void {
    if (this.isStopped) return;
    const { clock } = this.parts;
    this.renewedMs = sentMs;
    this.untilMs = this.holdsUntilMs = sentMs + DEADLINE_MS;
    this.lapse?.cancel();
    this.lapse = clock.after(this.untilMs - clock.now(), () => this.settle());
    this.settle();
  }

  private settle(): void {
    const { isLeader } = this;
    if (!isLeader) this.lapse?.cancel();
    if (isLeader === this.told) return;
    this.told = isLeader;
    this.parts.changed(isLeader);
  }

  private async release(): Promise<void> {
    // A try that is under way may yet take it.
    await this.within(LAST_TRY_MS_MAX, this.trying);
    try {
      if (this.isInDoubt) await this.look();
      // Nobody's but ours: by its version, it is another's if it has changed.
      for (let times = 0; times < 2 && this.isMine; times++) {
        if (await this.giveAway()) return;
        await this.look();
      }
    } catch (error) {
      this.parts.failed(error);
    }
  }

  private async giveAway(): Promise<boolean> {
    const record = this.seen?.record;
    if (record === undefined) return true;
    try {
      await this.patch(record, releasedSpec(this.parts.clock.wall()));
      return true;
    } catch (error) {
      if (isNotFound(error)) return true;
      if (isConflict(error)) return false;
      throw error;
    }
  }

  private within(ms: number, work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const late = this.parts.clock.after(ms, () => resolve());
      const over = (): void => {
        late.cancel();
        resolve();
      };
      work.then(over, over);
    });
  }
}

function leaseOf(name: string, spec: object): object {
  const { group, version } = LEASES;
  return { apiVersion: `${group}/${version}`, kind: 'Lease', metadata: { name }, spec };
}
