/**
 * Whether this replica has lost sight of the pods: nearly all that answered a moment ago are not
 * reached all at once. That is no pod's doing, and is written on none. Those that have never
 * answered tell nothing of it.
 */
import type { Clock } from '../clock.js';
import type { PodAnswer } from '../rainbow/contract.js';

export interface BlindnessOf {
  readonly clock: Clock;
  /** How often each pod is asked. */
  readonly everyMs: number;
  readonly changed: (isBlind: boolean) => void;
}

/** One node of a small fleet may take this many with it. */
const PODS_MIN = 3;
const SHARE = 0.8;
/** All are asked within a round; those that do not answer have their time, too. */
const ROUNDS = 2;

export class Blindness {
  private readonly of: BlindnessOf;
  private readonly seen = new Set<string>();
  /** Those that were seen, and since when they are not. */
  private readonly lost = new Map<string, number>();
  private blind = false;

  constructor(of: BlindnessOf) {
    this.of = of;
  }

  get isBlind(): boolean {
    return this.blind;
  }

  /** It was asked. */
  looked(uid: string, answer: PodAnswer): void {
    const isLost = !answer.known && answer.reason === 'unreachable';
    if (!isLost) {
      this.lost.delete(uid);
      this.seen.add(uid);
    } else if (this.seen.delete(uid)) this.lost.set(uid, this.of.clock.now());
    this.judge();
  }

  forget(uid: string): void {
    this.seen.delete(uid);
    this.lost.delete(uid);
    this.judge();
  }

  private judge(): void {
    const { clock, everyMs, changed } = this.of;
    // Mostly there are none.
    if (!this.blind && this.lost.size < PODS_MIN) return;
    const sinceMs = clock.now() - ROUNDS * everyMs;
    // Those that have been away for long were not lost at once with the others.
    const lost = this.blind
      ? this.lost.size
      : [...this.lost.values()].filter((ms) => ms >= sinceMs).length;
    const isBlind = lost >= PODS_MIN && lost >= SHARE * (lost + this.seen.size);
    if (isBlind === this.blind) return;
    this.blind = isBlind;
    changed(isBlind);
  }
}
