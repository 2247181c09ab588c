/**
 * Writes on each pod what is said of it: all its marks in one patch, on change only, and no more
 * than one in a minute; or, where that is not wanted, takes all of them away. What must wait is written when the minute is over, as it is then. A write
 * that fails is made later, from what is known by then; what is gone needs none.
 */
import type { Clock, Timer } from '../clock.js';
import { type Api, PODS } from '../kubernetes/api.js';
import {
  isConflict,
  isNotFound,
  isUndecided,
  isWithoutRight,
  KubernetesError,
} from '../kubernetes/fault.js';
import { Blindness } from './blindness.js';
import type { ActionResult, Looked, May, WatchedPod } from './contract.js';
import { ForeignMarks, type ForeignMarksOf } from './foreign-marks.js';
import {
  isMarkable,
  type MarkSettings,
  patchFor,
  recordedOn,
  wantedFor,
  withoutOurs,
} from './marks.js';
import { type Habit, lookedAt, NO_HABIT, type Summary, summaryOf } from './summary.js';
import { readWatchedPod } from './watched-pod.js';

export interface MarkingOf extends ForeignMarksOf {
  readonly api: Pick<Api, 'patch'>;
  readonly clock: Clock;
  readonly may: May;
  readonly settings: MarkSettings;
  /** What it said last. */
  readonly lookAt: (uid: string) => Looked | undefined;
  /** Its mark is due in a moment: what it says now is what should stand there. */
  readonly hurry: (uid: string) => void;
  readonly told: (told: Marked) => void;
  /** How often each pod is asked. */
  readonly lookEveryMs: number;
  /** Nearly none is reached any more, or enough are again. */
  readonly blind: (isBlind: boolean) => void;
}

/** What became of a patch; `stopped`: the pod is gone, or another one by now. */
export interface Marked {
  readonly pod: WatchedPod;
  readonly result: ActionResult;
  readonly error?: unknown;
}

/** One patch of a pod in this time. */
const REST_MS = 60_000;
const REST_MS_MAX = 1_800_000;
/** Before what waits is due, the pod is asked once more. */
const AHEAD_MS = 2_500;
/** Twenty a second, whatever has to be written. */
const GAP_MS = 50;
const AT_ONCE_MAX = 8;
/** A right that is missing is tried once in this time. */
const SHUT_MS = 60_000;
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 15_000;

interface Known {
  pod: WatchedPod;
  habit: Habit;
  /** What is to be said of it in the place of what stands. */
  due: Summary | undefined;
  lookedMs: number;
  /** When its cost was seen to be another one. */
  costMs: number;
  /** Nothing is written on it before. */
  restUntilMs: number;
  /** In a row. */
  failures: number;
  isUnderWay: boolean;
}

export class Marking {
  private readonly around: MarkingOf;
  private readonly pods = new Map<string, Known>();
  /** By uid; `true`: it has been hurried for that. */
  private readonly waiting = new Map<string, boolean>();
  /** Namespaces in which the right is missing, and until when that is taken for granted. */
  private readonly shut = new Map<string, number>();
  private readonly foreign: ForeignMarks;
  private readonly blindness: Blindness;
  private isRunning = false;
  private atOnce = 0;
  /** No write begins before. */
  private nextMs = -Infinity;
  private pauseMs = PAUSE_MS;
  private timer: Timer | undefined;

  constructor(around: MarkingOf) {
    const { clock, lookEveryMs: everyMs, blind: changed } = around;
    this.around = around;
    this.foreign = new ForeignMarks(around);
    this.blindness = new Blindness({ clock, everyMs, changed });
  }

  start(): void {
    this.isRunning = true;
  }

  /** What is under way comes to its end, and nothing else begins. */
  stop(): void {
    this.isRunning = false;
    this.waiting.clear();
    this.timer?.cancel();
  }

  /** No write is under way. */
  get isAtRest(): boolean {
    return this.atOnce === 0;
  }

  /** A pod is there, or is another by now. */
  see(pod: WatchedPod): void {
    const known = this.pods.get(pod.uid);
    const nowMs = this.around.clock.now();
    const now = known ?? { ...UNKNOWN, pod, costMs: nowMs };
    if (known === undefined) this.pods.set(pod.uid, now);
    if (now.pod.marks.cost !== pod.marks.cost) now.costMs = nowMs;
    now.pod = pod;
    if (!isMarkable(pod)) this.waiting.delete(pod.uid);
    // What it says is of no account then.
    if (!this.around.settings.marks) this.consider(now);
  }

  forget(uid: string): void {
    this.pods.delete(uid);
    this.waiting.delete(uid);
    this.blindness.forget(uid);
  }

  /** This replica leads from now on: what the one before has left is written, and no look awaited. */
  hurry(): void {
    for (const known of this.pods.values()) this.want(known);
    this.step();
  }

  /** It was asked: what is said of it may be something else by now. */
  looked({ uid }: WatchedPod): void {
    const [known, look] = [this.pods.get(uid), this.around.lookAt(uid)];
    if (!this.isRunning || known === undefined || look === undefined) return;
    // The same answer again, because there was no other, counts once; that it is old counts.
    if (look.atMs === known.lookedMs && look.answer.known) return;
    known.lookedMs = look.atMs;
    this.blindness.looked(uid, look.answer);
    // It is this replica that sees nothing, and no pod that does not answer.
    if (this.blindness.isBlind && !look.answer.known) return;
    const stands = recordedOn(known.pod.marks).summary;
    const seen = summaryOf(look.answer, stands);
    const nowMs = this.around.clock.now();
    Object.assign(known, lookedAt(known.habit, seen, stands, known.due, nowMs));
    this.consider(known);
  }

  private consider(known: Known): void {
    if (this.want(known)) this.step();
  }

  /** Whether it waits for its write from now on. */
  private want(known: Known): boolean {
    const { uid } = known.pod;
    const isWanted = this.isRunning && this.around.may() && this.patchOf(known) !== undefined;
    if (!isWanted) this.waiting.delete(uid);
    if (!isWanted || known.isUnderWay || this.waiting.has(uid)) return false;
    this.waiting.set(uid, false);
    return true;
  }

  /** Undefined: what is to be said of it stands already. */
  private patchOf({ pod, due, lookedMs, costMs }: Known): object | undefined {
    if (!isMarkable(pod)) return undefined;
    const { settings } = this.around;
    if (!settings.marks) return patchFor(pod, withoutOurs(pod.marks));
    const summary = due ?? recordedOn(pod.marks).summary;
    if (summary === undefined) return undefined;
    if (due?.isUnknown === true && this.blindness.isBlind) return undefined;
    const { marks, foreign } = wantedFor(pod.marks, summary, settings, lookedMs <= costMs);
    this.foreign.found(pod, foreign);
    return patchFor(pod, marks);
  }

  /** Begins what is due, and comes back when the next one is. */
  private step(): void {
    this.timer?.cancel();
    if (!this.isRunning) return;
    const nowMs = this.around.clock.now();
    let nextMs = Infinity;
    for (const [uid, isHurried] of this.waiting) {
      const known = this.pods.get(uid);
      if (known === undefined) continue;
      const { restUntilMs } = known;
      if (!isHurried && nowMs < restUntilMs - AHEAD_MS) {
        nextMs = Math.min(nextMs, restUntilMs - AHEAD_MS);
        continue;
      }
      if (!isHurried && nowMs < restUntilMs) {
        this.waiting.set(uid, true);
        this.around.hurry(uid);
      }
      const dueMs = this.dueMs(known);
      if (nowMs < dueMs) nextMs = Math.min(nextMs, dueMs);
      else if (this.atOnce < AT_ONCE_MAX) void this.write(known);
    }
    // Where all are under way, the first that is over goes on.
    if (nextMs === Infinity) return;
    this.timer = this.around.clock.after(nextMs - nowMs, () => this.step());
  }

  private dueMs({ pod, restUntilMs }: Known): number {
    return Math.max(restUntilMs, this.nextMs, this.shut.get(pod.namespace) ?? -Infinity);
  }

  /** Never rejects. */
  private async write(known: Known): Promise<void> {
    const { api, clock, may } = this.around;
    const { pod, due } = known;
    this.waiting.delete(pod.uid);
    const patch = may() ? this.patchOf(known) : undefined;
    if (patch === undefined) return;
    const nowMs = clock.now();
    this.nextMs = nowMs + GAP_MS;
    // As long as it is not known to be there, nobody else in the namespace tries.
    if (this.shut.has(pod.namespace)) this.shut.set(pod.namespace, nowMs + SHUT_MS);
    known.isUnderWay = true;
    this.atOnce += 1;
    try {
      const after = await api.patch(PODS, pod.namespace, pod.name, patch, { isOnce: true });
      this.done(known, due, after);
    } catch (error) {
      this.failed(known, error);
    }
    known.isUnderWay = false;
    this.atOnce -= 1;
    if (this.isRunning && this.pods.get(pod.uid) === known) this.consider(known);
    this.step();
  }

  private done(known: Known, said: Summary | undefined, after: unknown): void {
    const { clock, told } = this.around;
    this.shut.delete(known.pod.namespace);
    this.pauseMs = PAUSE_MS;
    known.failures = 0;
    known.restUntilMs = clock.now() + REST_MS;
    if (known.due === said) known.due = undefined;
    // Until the watch tells of it, too.
    if (this.pods.get(known.pod.uid) === known) this.see(readWatchedPod(after));
    told({ pod: known.pod, result: 'done' });
  }

  private failed(known: Known, error: unknown): void {
    const { pod } = known;
    const nowMs = this.around.clock.now();
    const isGone = isConflict(error) || isNotFound(error);
    const isPassing = error instanceof KubernetesError && error.passing;
    if (isGone || isUndecided(error)) known.restUntilMs = nowMs + REST_MS;
    else if (!isPassing) {
      known.restUntilMs = nowMs + Math.min(REST_MS * 2 ** known.failures, REST_MS_MAX);
      known.failures += 1;
    }
    if (isWithoutRight(error)) this.shut.set(pod.namespace, nowMs + SHUT_MS);
    if (isPassing) this.pause(nowMs);
    this.around.told({ pod, result: isGone ? 'stopped' : 'failed', error });
  }

  /** The API server is not there, or has too much to do. */
  private pause(nowMs: number): void {
    if (nowMs + PAUSE_MS <= this.nextMs) return;
    this.nextMs = nowMs + this.pauseMs;
    this.pauseMs = Math.min(2 * this.pauseMs, PAUSE_MS_MAX);
  }
}

const UNKNOWN: Omit<Known, 'pod' | 'costMs'> = {
  habit: NO_HABIT,
  due: undefined,
  lookedMs: -Infinity,
  restUntilMs: -Infinity,
  failures: 0,
  isUnderWay: false,
};
