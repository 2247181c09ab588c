/**
 * Tells once how each tidegate ended: what its drain came to, or that it died without a goodbye.
 * It hears what the informer of pods hears, in the same order, and what pods answered. It asks
 * nobody, writes nothing, and keeps no more of a pod than what it had at work.
 */
import type { Clock, Timer } from '../clock.js';
import type { Occurrence, Recorder } from '../kubernetes/events.js';
import type { Change } from '../kubernetes/informer.js';
import type { Goodbye, Looked, SidecarEnd, SidecarState, WatchedPod } from './contract.js';
import { departureReason, departureWords } from './departure-words.js';
import { type Ending, goodbyeOf, type Held, LOST, CLOCKS_DIFFER_MS, UNSEEN } from './goodbye.js';
import type { Owners } from './owners.js';

export interface DeparturesListener {
  ended(outcome: Goodbye): void;
  /** Said once for each that died so; the words name the pod. */
  silent(namespace: string, words: string): void;
}

export interface DeparturesParts {
  readonly clock: Clock;
  /** The API server's time of day. */
  readonly serverMs: () => number;
  readonly owners: Owners;
  /** Whether owners are known as far as they will be: the same end is told on the same one. */
  readonly areOwnersKnown: () => boolean;
  readonly recorder: Recorder;
  readonly listener: DeparturesListener;
}

/** What ended before is old news to whoever sees the pod for the first time. */
const NEWS_MS_MAX = 60_000;
/** Of one pod: its tidegate may be started again and again. */
const OVER_KEPT_MAX = 8;
/** How long an end waits until it is known whose pod it was, and how often that is looked at. */
const OWNERS_MS_MAX = 30_000;
const OWNERS_LOOK_MS = 500;
/** For what comes late about pods that are gone. */
const GONE_KEPT_MS = 600_000;
const GONE_KEPT_MAX = 10_000;

/** One container of a pod's tidegate: it has several, one after the other. */
interface Life {
  readonly containerId: string;
  /** How many were there before it. */
  readonly ordinal: number;
  /** Its node does not know how it ended, nor its id. */
  readonly isLost: boolean;
}

interface Known {
  /** Those whose end has been told, or was no news. */
  readonly over: Life[];
  /** It was seen to run. */
  hasRun: boolean;
  /** What it answered last, of all that could be understood. */
  held: { readonly active: number; readonly leases: number; readonly atMs: number } | undefined;
}

interface Waiting {
  readonly pod: WatchedPod;
  readonly occurrence: Omit<Occurrence, 'regarding'>;
}

export class Departures {
  private readonly parts: DeparturesParts;
  private readonly pods = new Map<string, Known>();
  /** Since when; the oldest first. */
  private readonly gone = new Map<string, number>();
  private waiting: Waiting[] = [];
  private waitsSinceMs = 0;
  private timer: Timer | undefined;

  constructor(parts: DeparturesParts) {
    this.parts = parts;
  }

  /** Nothing that waits is told any more. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.waiting = [];
  }

  /** A pod has said what it has at work, or could not be asked. */
  looked(pod: WatchedPod, { answer, atMs }: Looked): void {
    const known = this.pods.get(pod.uid);
    if (known === undefined) return;
    // Its ReplicaSet may have come to be known later than it was.
    this.parts.owners.of(pod);
    if (!answer.known) return;
    known.held = { active: answer.active, leases: answer.leases, atMs };
  }

  heard(change: Change<WatchedPod>): void {
    const pod = change.type === 'gone' ? change.last : change.now;
    const { uid, sidecar } = pod;
    if (this.gone.has(uid)) return;
    const known = this.pods.get(uid);
    const now = known ?? this.met(pod);
    now.hasRun ||= sidecar?.isRunning === true;
    if (sidecar !== undefined) this.judge(pod, sidecar, now, known === undefined);
    if (change.type !== 'gone') return;
    if (sidecar?.isRunning === true && isEnd(change)) this.unseen(pod, sidecar, now);
    this.forget(uid);
  }

  private met(pod: WatchedPod): Known {
    const known: Known = { over: [], hasRun: false, held: undefined };
    this.pods.set(pod.uid, known);
    // While its ReplicaSet is there.
    this.parts.owners.of(pod);
    return known;
  }

  private judge(pod: WatchedPod, sidecar: SidecarState, known: Known, isNew: boolean): void {
    for (const { end, ordinal, isLast } of endsOf(sidecar)) {
      const life = { containerId: end.containerId, ordinal, isLost: end.reason === LOST };
      if (known.over.some((one) => isSame(one, life))) continue;
      known.over.push(life);
      if (known.over.length > OVER_KEPT_MAX) known.over.shift();
      if (isNew && !this.isNews(end)) continue;
      const held = this.heldBefore(known, end.finishedMs);
      // It was this one's, and is not its successor's.
      if (held !== undefined) known.held = undefined;
      // In a pod that is on its way out nothing is started again. An evicted one has only ended.
      const isTerminating = isLast && (pod.isTerminating || pod.pod === undefined);
      const [isJob, { hasRun }] = [pod.owner?.kind === 'Job', known];
      const ending = goodbyeOf({ end, isTerminating, isJob, hasRun, held });
      if (ending !== undefined) this.tell(pod, life, ending, held);
    }
  }

  /** It ran when it was seen last. */
  private unseen(pod: WatchedPod, { restarts }: SidecarState, known: Known): void {
    const life = { containerId: '', ordinal: restarts, isLost: false };
    if (known.over.some((one) => isSame(one, life))) return;
    this.tell(pod, life, UNSEEN, this.heldBefore(known, undefined));
  }

  private isNews({ finishedMs }: SidecarEnd): boolean {
    return finishedMs !== undefined && this.parts.serverMs() - finishedMs < NEWS_MS_MAX;
  }

  /** What was answered after it had ended is its successor's. */
  private heldBefore({ held }: Known, finishedMs: number | undefined): Held | undefined {
    if (held === undefined) return undefined;
    const { clock, serverMs } = this.parts;
    const endedMs = finishedMs === undefined ? 0 : Math.max(0, serverMs() - finishedMs);
    const beforeMs = clock.now() - held.atMs - endedMs;
    if (beforeMs < -CLOCKS_DIFFER_MS) return undefined;
    return { active: held.active, leases: held.leases, beforeMs: Math.max(0, beforeMs) };
  }

  private tell(pod: WatchedPod, life: Life, ending: Ending, held: Held | undefined): void {
    const { listener } = this.parts;
    const message = departureWords({ pod: pod.name, ending, held });
    const { outcome } = ending;
    listener.ended(outcome);
    if (outcome === 'silent') listener.silent(pod.namespace, message);
    const type = outcome === 'drained' ? 'Normal' : 'Warning';
    const key = keyOf(pod, life);
    this.waiting.push({ pod, occurrence: { type, reason: departureReason(ending), message, key } });
    if (this.waiting.length === 1) this.waitsSinceMs = this.parts.clock.now();
    this.record();
  }

  private record(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const { clock, owners, recorder, areOwnersKnown } = this.parts;
    if (this.waiting.length === 0) return;
    if (!areOwnersKnown() && clock.now() - this.waitsSinceMs < OWNERS_MS_MAX) {
      this.timer = clock.after(OWNERS_LOOK_MS, () => this.record());
      return;
    }
    const { waiting } = this;
    this.waiting = [];
    for (const { pod, occurrence } of waiting) {
      recorder.tell({ regarding: owners.of(pod), ...occurrence });
    }
  }

  private forget(uid: string): void {
    const nowMs = this.parts.clock.now();
    this.pods.delete(uid);
    this.gone.set(uid, nowMs);
    for (const [old, atMs] of this.gone) {
      if (this.gone.size <= GONE_KEPT_MAX && nowMs - atMs < GONE_KEPT_MS) break;
      this.gone.delete(old);
    }
  }
}

/**
 * Whoever went while this replica did not watch may have said goodbye meanwhile; and what matches a
 * selector no longer is gone from an informer, but nobody has deleted it.
 */
function isEnd({ last, isMissed }: Change<WatchedPod> & { readonly type: 'gone' }): boolean {
  return last.isTerminating && isMissed !== true;
}

interface End {
  readonly end: SidecarEnd;
  readonly ordinal: number;
  /** No other one has been started, or is to be. */
  readonly isLast: boolean;
}

/** The earlier one first. */
function endsOf({ isRunning, restarts, ended, endedBefore }: SidecarState): readonly End[] {
  const ends: End[] = [];
  if (endedBefore !== undefined) {
    // While the next one waits to be started it is not counted yet.
    const ordinal = isRunning || ended !== undefined ? restarts - 1 : restarts;
    ends.push({ end: endedBefore, ordinal, isLast: false });
  }
  if (ended !== undefined) ends.push({ end: ended, ordinal: restarts, isLast: true });
  return ends;
}

/**
 * A node that has lost a container no longer tells its id, and may count it already among those
 * that were started again.
 */
function isSame(one: Life, other: Life): boolean {
  if (one.containerId !== '' && other.containerId !== '') {
    return one.containerId === other.containerId;
  }
  const apart = Math.abs(one.ordinal - other.ordinal);
  return apart === 0 || (apart === 1 && one.isLost && other.isLost);
}

/** The same for whoever sees it, whenever that is. */
function keyOf({ uid }: WatchedPod, { containerId, ordinal }: Life): string {
  return containerId === '' ? `${uid}/${ordinal}` : containerId;
}
