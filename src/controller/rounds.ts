/**
 * Turns that come round: each key has one in every round, and they are spread evenly over it, also
 * where all keys came at once. Who is hurried gets one in between, soon. Knows nothing of what is
 * done in a turn; one that takes long holds up nobody but the limit of how many there are at once.
 */
import type { Clock, Timer } from '../clock.js';

export interface RoundsOf {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly atOnceMax: number;
  /** A turn; never rejects. */
  readonly act: (key: string) => Promise<void>;
}

const BEAT_MS = 100;
/** What has just changed may do so once more: a new pod's tidegate has yet to listen. */
const SOON_MS = 1_000;
const HURRIED_A_BEAT_MIN = 5;
/** Thousands that come at once are hurried no faster than so many times the even rate. */
const HURRY = 2;

export class Rounds {
  private readonly of: RoundsOf;
  /** Whose turn is longest ago stands first. */
  private readonly keys = new Set<string>();
  /** From when on; the earliest first. */
  private readonly hurried = new Map<string, number>();
  private readonly underWay = new Set<string>();
  /** So many turns are due by now. */
  private due = 0;
  private beatenMs = 0;
  private beat: Timer | undefined;

  constructor(of: RoundsOf) {
    this.of = of;
  }

  start(): void {
    if (this.beat !== undefined) return;
    this.beatenMs = this.of.clock.now();
    this.next();
  }

  /** What is under way comes to its end. */
  stop(): void {
    this.beat?.cancel();
    this.beat = undefined;
  }

  add(key: string): void {
    this.keys.add(key);
  }

  hurry(key: string): void {
    if (!this.keys.has(key) || this.hurried.has(key)) return;
    this.hurried.set(key, this.of.clock.now() + SOON_MS);
  }

  remove(key: string): void {
    this.keys.delete(key);
    this.hurried.delete(key);
  }

  private next(): void {
    this.beat = this.of.clock.after(BEAT_MS, () => {
      this.step();
      this.next();
    });
  }

  private step(): void {
    const { clock, everyMs } = this.of;
    const nowMs = clock.now();
    const even = (this.keys.size * BEAT_MS) / everyMs;
    const most = Math.max(HURRIED_A_BEAT_MIN, Math.ceil(HURRY * even));
    this.due += (this.keys.size * (nowMs - this.beatenMs)) / everyMs;
    // After a standstill the round goes on where it was: nothing is made up for in a burst.
    this.due = Math.min(this.due, Math.max(1, HURRY * even));
    this.beatenMs = nowMs;
    this.takeHurried(nowMs, most);
    this.takeDue();
  }

  private takeHurried(nowMs: number, most: number): void {
    let taken = 0;
    for (const [key, dueMs] of this.hurried) {
      if (dueMs > nowMs || taken === most || this.isFull) return;
      // Its turn began before it was hurried: it gets another one.
      if (this.underWay.has(key)) continue;
      this.hurried.delete(key);
      taken += 1;
      this.take(key);
    }
  }

  private takeDue(): void {
    while (this.due >= 1 && !this.isFull) {
      const [key] = this.keys;
      if (key === undefined || this.underWay.has(key)) {
        // One whose turn is not over yet, and no other is due before it.
        this.due -= 1;
        if (key !== undefined) this.toTheEnd(key);
      } else this.take(key);
    }
  }

  private get isFull(): boolean {
    return this.underWay.size >= this.of.atOnceMax;
  }

  private take(key: string): void {
    this.due = Math.max(0, this.due - 1);
    this.toTheEnd(key);
    this.underWay.add(key);
    const over = (): void => void this.underWay.delete(key);
    this.of.act(key).then(over, over);
  }

  private toTheEnd(key: string): void {
    this.keys.delete(key);
    this.keys.add(key);
  }
}
