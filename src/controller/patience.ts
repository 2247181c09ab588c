/**
 * When something that is due with a group is tried: what has failed waits, longer each time, and what
 * has only begun to be so, and may be otherwise at the next look, is not written yet.
 */
import type { Clock } from '../clock.js';
import type { DeploymentFacts, Policy, State, Step } from '../rainbow/contract.js';
import { worthWriting } from '../rainbow/state.js';

/** For what passes by itself, and for what does not. */
const PASSING_MS: readonly [first: number, most: number] = [2_000, 15_000];
const LASTING_MS: readonly [first: number, most: number] = [30_000, 300_000];
/** Timers that begin and end with every other look are not worth two writes each time. */
const BEGINNING_MS_MAX = 60_000;
const BEGINNING_SHARE = 0.1;
const TIMERS = ['drainedSinceMs', 'lightlyUsedSinceMs'] as const;

/** What is given back has a wait of its own, which is never a long one. */
export function restoring(uid: string): string {
  return `restore ${uid}`;
}

interface Failed {
  readonly times: number;
  readonly untilMs: number;
}

export class Patience {
  private readonly clock: Clock;
  /** By the Deployment's uid; the empty one is the whole group. Restores are beside them. */
  private readonly failed = new Map<string, Failed>();
  /** By the Deployment's uid: since when a timer is about to begin. */
  private readonly beginning = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Everything may be tried at once: whoever failed was another, or has heard of a change. */
  forget(): void {
    this.failed.clear();
  }

  failedAt(key: string, isPassing: boolean): void {
    const times = (this.failed.get(key)?.times ?? 0) + 1;
    const [first, most] = isPassing ? PASSING_MS : LASTING_MS;
    const waitMs = Math.min(most, first * 2 ** Math.min(times - 1, 10));
    this.failed.set(key, { times, untilMs: this.clock.now() + waitMs });
  }

  /** Nothing of it has, by now: what is given back neither. */
  worked(uid: string): void {
    this.failed.delete(uid);
    this.failed.delete(restoring(uid));
  }

  /** It has failed, and is not to be tried again yet. */
  waits(key: string): boolean {
    return (this.failed.get(key)?.untilMs ?? -Infinity) > this.clock.now();
  }

  /** When the first of them may be tried again; undefined if none waits. */
  get nextMs(): number | undefined {
    const now = this.clock.now();
    const waits = [...this.failed.values()].filter(({ untilMs }) => untilMs > now);
    return waits.length === 0 ? undefined : Math.min(...waits.map(({ untilMs }) => untilMs));
  }

  /** Whether a step is to be done now. */
  isDue({ action, state }: Step, { uid, state: before }: DeploymentFacts, policy: Policy): boolean {
    const begins = state !== undefined && onlyBegins(before, state, uid);
    if (action.kind !== 'keep' || !begins) {
      this.beginning.delete(uid);
      return action.kind !== 'keep' || state !== undefined;
    }
    const now = this.clock.now();
    const sinceMs = this.beginning.get(uid) ?? now;
    this.beginning.set(uid, sinceMs);
    return now - sinceMs >= beginningMs(policy);
  }
}

/** It says nothing new but that timers have begun. */
function onlyBegins(before: State, after: State, uid: string): boolean {
  const rest = { ...after };
  for (const timer of TIMERS) if (before[timer] === undefined) delete rest[timer];
  return worthWriting(before, rest, uid) === undefined;
}

/** A small part of the shortest of them. */
function beginningMs({ drainedForMs, lightlyUsed }: Policy): number {
  const shortest = Math.min(drainedForMs, lightlyUsed?.forMs ?? Infinity);
  return Math.min(BEGINNING_MS_MAX, shortest * BEGINNING_SHARE);
}
