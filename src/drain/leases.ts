/**
 * The app's own statement that background work is going on: each lease has a name and ends by
 * itself unless it is renewed, so that a worker that dies holds nothing up. Decides nothing about
 * the drain; what holds it and until when is the controller's.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../clock.js';

export const TTL_MS_MIN = 1_000;
export const TTL_MS_MAX = 3_600_000;
export const TTL_MS_DEFAULT = 30_000;
/** How many may be held at once: nobody runs more jobs in a pod, but a loop may take more. */
export const LEASES_MAX = 1_000;
/** So many that expired are told by name within a minute; of the others it is told how many. */
export const EXPIRED_TOLD_MAX = 3;
export const EXPIRED_TOLD_MS = 60_000;
const ID_BYTES = 6;

export interface LeaseTerms {
  readonly name: string;
  /** Who does the work, if that was said. */
  readonly holder: string | undefined;
  readonly ttlMs: number;
}

export interface Lease extends LeaseTerms {
  readonly id: string;
  /** Clock time since when it is held, and until when unless it is renewed. */
  readonly sinceMs: number;
  readonly expiresMs: number;
}

export interface LeasesListener {
  /** One is held that was not, or is held no longer. */
  changed(): void;
  expired(lease: Lease): void;
  /** So many more have expired than were told one by one. */
  moreExpired(count: number): void;
}

interface Held {
  readonly lease: Lease;
  readonly timer: Timer;
}

export class Leases {
  /** Clock time of the last moment at which one was held. */
  lastHeldMs = -Infinity;
  private readonly clock: Clock;
  private readonly listener: LeasesListener;
  /** The one that is held for longest comes first. */
  private readonly held = new Map<string, Held>();
  private toldFromMs = -Infinity;
  private told = 0;
  private untold = 0;

  constructor(clock: Clock, listener: LeasesListener) {
    this.clock = clock;
    this.listener = listener;
  }

  get size(): number {
    return this.held.size;
  }

  get oldest(): Lease | undefined {
    for (const lease of this.all()) return lease;
    return undefined;
  }

  *all(): Generator<Lease> {
    for (const { lease } of this.held.values()) yield lease;
  }

  /** Undefined if there are too many. */
  take(terms: LeaseTerms): Lease | undefined {
    if (this.size >= LEASES_MAX) return undefined;
    const lease = this.hold({ ...terms, id: this.newId(), sinceMs: this.clock.now() });
    this.listener.changed();
    return lease;
  }

  /** From now on, for as long as before unless told. Undefined if it is not held. */
  renew(id: string, ttlMs?: number): Lease | undefined {
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    held.timer.cancel();
    return this.hold({ ...held.lease, ...(ttlMs === undefined ? {} : { ttlMs }) });
  }

  /** Undefined if it is not held. */
  letGo(id: string): Lease | undefined {
    const lease = this.remove(id);
    if (lease !== undefined) this.listener.changed();
    return lease;
  }

  /** Whoever holds one is waited for no longer; returns how many there were. */
  endAll(): number {
    const count = this.size;
    for (const id of [...this.held.keys()]) this.remove(id);
    if (count > 0) this.listener.changed();
    return count;
  }

  private hold(terms: Omit<Lease, 'expiresMs'>): Lease {
    const lease = { ...terms, expiresMs: this.clock.now() + terms.ttlMs };
    const timer = this.clock.after(terms.ttlMs, (id: string) => this.expire(id), terms.id).unref();
    this.held.set(terms.id, { lease, timer });
    return lease;
  }

  private remove(id: string): Lease | undefined {
    const held = this.held.get(id);
    if (held === undefined) return undefined;
    held.timer.cancel();
    this.held.delete(id);
    this.lastHeldMs = this.clock.now();
    return held.lease;
  }

  private expire(id: string): void {
    const lease = this.remove(id);
    if (lease === undefined) return;
    this.tellExpired(lease);
    this.listener.changed();
  }

  private tellExpired(lease: Lease): void {
    const now = this.clock.now();
    if (now >= this.toldFromMs + EXPIRED_TOLD_MS) {
      this.toldFromMs = now;
      this.told = 0;
    }
    if (this.told < EXPIRED_TOLD_MAX) {
      this.told++;
      return this.listener.expired(lease);
    }
    this.untold++;
    if (this.untold > 1) return;
    const tellRest = (): void => {
      this.listener.moreExpired(this.untold);
      this.untold = 0;
    };
    this.clock.after(this.toldFromMs + EXPIRED_TOLD_MS - now, tellRest).unref();
  }

  private newId(): string {
    const id = randomBytes(ID_BYTES).toString('hex');
    return this.held.has(id) ? this.newId() : id;
  }
}
