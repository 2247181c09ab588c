/**
 * The exchanges of one tunnel that are going on, oldest first: how many, since when, and whether
 * any of them is work. Plain numbers; it knows nothing of what they carry.
 */
import type { Purpose } from '../protocol/contract.js';

export class OpenExchanges {
  size = 0;
  /** Those of them that are work for sure. */
  private works = 0;
  /** The newest one may turn out to be a probe's: its head is not whole. */
  private isUnknown = false;
  /** When the oldest began; the others', where a client pipelines. */
  private beganMs = 0;
  private laterBeganMs: number[] | undefined;

  /** Work, or what may be it. */
  get isActive(): boolean {
    return this.works > 0 || this.isUnknown;
  }

  get isWork(): boolean {
    return this.works > 0;
  }

  began(purpose: Purpose | 'unknown', now: number): void {
    if (this.size++ === 0) this.beganMs = now;
    else (this.laterBeganMs ??= []).push(now);
    if (purpose === 'work') this.works++;
    this.isUnknown = purpose === 'unknown';
  }

  known(purpose: Purpose): void {
    this.isUnknown = false;
    if (purpose === 'work') this.works++;
  }

  /** The oldest is over; returns when it began. */
  ended(purpose: Purpose): number {
    const { beganMs } = this;
    this.size--;
    if (purpose === 'work') this.works--;
    this.beganMs = this.laterBeganMs?.shift() ?? 0;
    return beganMs;
  }

  /** Forgets those that will not be followed to their end; how many. */
  drop(): number {
    const lost = this.size;
    this.size = 0;
    this.works = 0;
    this.isUnknown = false;
    this.laterBeganMs = undefined;
    return lost;
  }
}
