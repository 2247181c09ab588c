/**
 * Which writes fail, and why: told once for each cause, however many objects share it, and once more
 * when all that failed by it has worked. What is over in a moment, and what the calls tell of
 * themselves, is not told here.
 */
import { CallError } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { isWithoutRight, KubernetesError, RefusedError } from '../kubernetes/fault.js';
import type { ActionName } from './contract.js';

/** Something that was to be written. */
export interface Attempt {
  readonly action: ActionName;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  /** Of its object. */
  readonly uid: string;
}

export interface UnwrittenOf {
  readonly clock: Clock;
  /** The API server as a whole is away, and that is told. */
  readonly isAway: () => boolean;
  readonly failed: (attempt: Attempt, reason: string) => void;
  readonly works: (attempt: Attempt) => void;
  readonly fault: (error: unknown) => void;
}

/** What may be otherwise in a moment, and is not by then. */
const PASSING_MS = 15_000;
/** What was not tried for so long is forgotten; writes rest for half of that at most. */
const FORGOTTEN_MS = 3_600_000;
const UIDS_MAX = 1_000;

interface Cause {
  readonly attempt: Attempt;
  readonly sinceMs: number;
  lastMs: number;
  isTold: boolean;
  /** Of those that have failed by it, and have not worked since. */
  readonly uids: Set<string>;
}

export class Unwritten {
  private readonly of: UnwrittenOf;
  private readonly causes = new Map<string, Cause>();

  constructor(of: UnwrittenOf) {
    this.of = of;
  }

  failed(attempt: Attempt, error: unknown): void {
    if (!(error instanceof KubernetesError)) return this.of.fault(error);
    // The calls tell of these.
    if (isWithoutRight(error)) return;
    const nowMs = this.of.clock.now();
    const cause = this.causeOf(attempt, error, nowMs);
    cause.lastMs = nowMs;
    if (cause.uids.size < UIDS_MAX) cause.uids.add(attempt.uid);
    const isEarly = error.passing && (nowMs - cause.sinceMs < PASSING_MS || this.of.isAway());
    if (cause.isTold || isEarly) return;
    cause.isTold = true;
    this.of.failed(attempt, error.message);
  }

  worked(attempt: Attempt): void {
    for (const [key, { attempt: first, uids, isTold }] of this.causes) {
      if (first.action !== attempt.action || first.namespace !== attempt.namespace) continue;
      if (!uids.delete(attempt.uid) || uids.size > 0) continue;
      this.causes.delete(key);
      if (isTold) this.of.works(first);
    }
  }

  /** Others write from now on. */
  forget(): void {
    this.causes.clear();
  }

  private causeOf(attempt: Attempt, error: KubernetesError, nowMs: number): Cause {
    for (const [key, { lastMs }] of this.causes) {
      if (nowMs - lastMs > FORGOTTEN_MS) this.causes.delete(key);
    }
    const key = [attempt.action, attempt.namespace, whyOf(error)].join(' ');
    const fresh = { attempt, sinceMs: nowMs, lastMs: nowMs, isTold: false };
    const cause = this.causes.get(key) ?? { ...fresh, uids: new Set<string>() };
    this.causes.set(key, cause);
    return cause;
  }
}

/** Messages name the object, and would be as many. */
function whyOf(error: KubernetesError): string {
  if (error instanceof RefusedError) return `${error.code} ${error.reason}`;
  return error.cause instanceof CallError ? error.cause.failure : error.message;
}
