/**
 * Those who wait for the drain: the kubelet's preStop request of the app, above all. A wait is
 * always answered, and never starts anything. While nobody has said that the pod is terminating it
 * may be a mere restart of the app's container, which must not be held up for long.
 */
import type { Clock, Timer } from '../clock.js';

/** Answers a wait; called once. */
export type Release = () => void;

export class Waits {
  private readonly clock: Clock;
  private readonly noticeMs: number;
  /** With the timer of those who wait only for the notice. */
  private readonly waiting = new Map<Release, Timer | undefined>();
  /** Of the sidecar's own preStop, which only waits so that SIGTERM does not come before its time. */
  private readonly notices = new Set<Release>();
  private held = false;

  /** `noticeMs`: for how long the notice that the pod is terminating may be late. */
  constructor(clock: Clock, noticeMs: number) {
    this.clock = clock;
    this.noticeMs = noticeMs;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** The kubelet holds the sidecar's SIGTERM back: if it comes all the same, the grace is spent. */
  get holdsSigterm(): boolean {
    return this.notices.size > 0;
  }

  /** As `add`, for the sidecar's own preStop. */
  addNotice(release: Release): void {
    this.notices.add(release);
    this.add(release);
  }

  /** Answers `release` when the drain is over, or soon if there is none coming. */
  add(release: Release): void {
    const timer = this.held
      ? undefined
      : this.clock.after(this.noticeMs, () => this.release(release));
    this.waiting.set(release, timer);
  }

  /** The one who waited is gone. That says nothing about the drain. */
  leave(release: Release): void {
    this.notices.delete(release);
    this.waiting.get(release)?.cancel();
    this.waiting.delete(release);
  }

  /** The pod is terminating: whoever waits now waits for the end of the drain. */
  hold(): void {
    this.held = true;
    for (const [release, timer] of this.waiting) {
      timer?.cancel();
      this.waiting.set(release, undefined);
    }
  }

  releaseAll(): void {
    for (const release of [...this.waiting.keys()]) this.release(release);
  }

  private release(release: Release): void {
    this.leave(release);
    release();
  }
}
