/**
 * What the pods say of themselves: every running one is asked once a round, by itself or with all
 * of its namespace, and its last two answers are kept. Nothing that goes wrong here ends it: a pod
 * that is not reached is unknown, and so is one whose answer is of long ago.
 */
import type { Clock } from '../clock.js';
import { isForbidden, KubernetesError } from '../kubernetes/fault.js';
import { both, unknown } from '../rainbow/answers.js';
import type { AskPods, PodAsked } from '../rainbow/ask.js';
import type { PodAnswer } from '../rainbow/contract.js';
import type { Pod } from '../rainbow/pods.js';
import type { Looked, WatchedPod } from './contract.js';
import { Rounds } from './rounds.js';

export interface LooksOf {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Asks each once (`askOnce`), or Prometheus for all of them. */
  readonly ask: AskPods;
  /** Who is asked together. */
  readonly by: 'pod' | 'namespace';
  /** So many turns are under way at once. */
  readonly atOnceMax?: number | undefined;
  /** A fault of tidegate's own: it costs what one hears of one pod. */
  readonly failed?: (error: unknown) => void;
}

/** After a turn; what was said may be the same, or nothing. */
export type HearLook = (pod: WatchedPod) => void;
/** Why the pods of a namespace cannot be asked, told once; undefined: now they can again. */
export type HearAskable = (namespace: string, error: KubernetesError | undefined) => void;

/** Pods of a node that is gone keep their turns for five seconds each. */
const AT_ONCE_MAX = 256;
/** After so many rounds an answer says nothing any more. */
const ROUNDS_MAX = 3;

/** What is known of a pod. */
interface Seen {
  pod: WatchedPod;
  last: Looked | undefined;
  before: Looked | undefined;
}

/** Nobody of a namespace can be asked; until then that is taken for granted. */
interface Refusal {
  readonly error: KubernetesError;
  readonly untilMs: number;
}

export class Looks {
  private readonly around: LooksOf;
  private readonly rounds: Rounds;
  private readonly pods = new Map<string, Seen>();
  /** Those that are asked together, by the key of their turn. */
  private readonly turns = new Map<string, Map<string, Seen>>();
  private readonly refusals = new Map<string, Refusal>();
  private readonly looks: HearLook[] = [];
  private readonly askables: HearAskable[] = [];

  constructor(around: LooksOf) {
    const { clock, everyMs, atOnceMax = AT_ONCE_MAX } = around;
    this.around = around;
    this.rounds = new Rounds({ clock, everyMs, atOnceMax, act: (key) => this.look(key) });
  }

  start(): void {
    this.rounds.start();
  }

  stop(): void {
    this.rounds.stop();
  }

  onLook(hear: HearLook): void {
    this.looks.push(hear);
  }

  onAskable(hear: HearAskable): void {
    this.askables.push(hear);
  }

  /** Somebody is to be asked. */
  get isAsking(): boolean {
    return this.turns.size > 0;
  }

  /** A pod is there, or is another by now. */
  see(pod: WatchedPod): void {
    const known = this.pods.get(pod.uid);
    const seen: Seen = known ?? { pod, last: undefined, before: undefined };
    const isNews = known === undefined || hasTurned(known.pod, pod);
    seen.pod = pod;
    this.pods.set(pod.uid, seen);
    const key = this.keyOf(pod);
    if (placeOf(pod) === undefined) return this.leave(key, pod.uid);
    const turn = this.turns.get(key) ?? new Map<string, Seen>();
    const isFirst = turn.size === 0;
    turn.set(pod.uid, seen);
    this.turns.set(key, turn);
    this.rounds.add(key);
    // Whoever is asked for all of them has only what it has scraped.
    if (isFirst || (isNews && this.around.by === 'pod')) this.rounds.hurry(key);
  }

  /** It is gone, and with it what it said: who wants to know that is to ask before. */
  forget(uid: string): void {
    const seen = this.pods.get(uid);
    if (seen === undefined) return;
    this.pods.delete(uid);
    this.leave(this.keyOf(seen.pod), uid);
  }

  /** It is asked soon, out of turn; who is asked with all of its namespace is not. */
  hurry(uid: string): void {
    if (this.around.by === 'pod') this.rounds.hurry(uid);
  }

  /** What it said last; undefined: nothing yet. */
  of(uid: string): Looked | undefined {
    return this.fresh(this.pods.get(uid)?.last);
  }

  /** The one before. */
  before(uid: string): Looked | undefined {
    return this.fresh(this.pods.get(uid)?.before);
  }

  /** Safe is who has said so twice. */
  twice(uid: string): PodAnswer {
    const [last, before] = [this.of(uid), this.before(uid)];
    if (last === undefined) return unknown('not-asked', 'was not asked yet');
    if (before !== undefined) return both(before.answer, last.answer);
    const isSafe = last.answer.known && last.answer.safe;
    return isSafe ? unknown('not-asked', 'was asked only once yet') : last.answer;
  }

  private fresh(looked: Looked | undefined): Looked | undefined {
    if (looked === undefined) return undefined;
    const ageMs = this.around.clock.now() - looked.atMs;
    if (ageMs <= ROUNDS_MAX * this.around.everyMs) return looked;
    const words = `has said nothing for ${Math.round(ageMs / 1_000)}s`;
    return { ...looked, answer: unknown('stale', words) };
  }

  private keyOf({ uid, namespace }: WatchedPod): string {
    return this.around.by === 'pod' ? uid : namespace;
  }

  private leave(key: string, uid: string): void {
    const turn = this.turns.get(key);
    turn?.delete(uid);
    if (turn?.size !== 0) return;
    this.turns.delete(key);
    this.rounds.remove(key);
  }

  private async look(key: string): Promise<void> {
    const seen = [...(this.turns.get(key)?.values() ?? [])];
    const [first] = seen;
    if (first === undefined) return;
    const { namespace } = first.pod;
    const refusal = this.refusals.get(namespace);
    const isRefused = refusal !== undefined && this.around.clock.now() < refusal.untilMs;
    const answers = isRefused ? refusal.error : await this.ask(namespace, seen);
    for (const one of seen) {
      const { uid } = one.pod;
      // It may be gone since it was asked.
      if (this.pods.get(uid) !== one) continue;
      const answer = answers instanceof Error ? answerFor(answers) : answers.get(uid);
      if (answer !== undefined) this.keep(one, answer);
      for (const hear of this.looks) this.guarded(() => hear(one.pod));
    }
  }

  /** A fault in who hears of one pod is no other's, and no other pod's. */
  private guarded(hear: () => void): void {
    try {
      hear();
    } catch (error) {
      this.around.failed?.(error);
    }
  }

  private async ask(
    namespace: string,
    seen: readonly Seen[],
  ): Promise<ReadonlyMap<string, PodAnswer> | Error> {
    try {
      const answers = await this.around.ask(namespace, seen.flatMap(askedOf));
      if (this.refusals.delete(namespace)) this.tell(namespace, undefined);
      return answers;
    } catch (error) {
      if (!(error instanceof KubernetesError)) return error as Error;
      const isNews = !this.refusals.has(namespace);
      this.refusals.set(namespace, { error, untilMs: this.untilMs(error) });
      if (isNews) this.tell(namespace, error);
      return error;
    }
  }

  /** A right that is missing is missed by one pod a round, and by all the others without a call. */
  private untilMs(error: KubernetesError): number {
    const { clock, everyMs } = this.around;
    return clock.now() + (isForbidden(error) ? everyMs : 0);
  }

  private tell(namespace: string, error: KubernetesError | undefined): void {
    for (const hear of this.askables) hear(namespace, error);
  }

  private keep(seen: Seen, answer: PodAnswer): void {
    seen.before = seen.last;
    seen.last = { answer, atMs: this.around.clock.now() };
  }
}

/** Where it is asked; undefined: nowhere, since nothing of it runs yet, or any more. */
function placeOf({ pod }: WatchedPod): Pod | undefined {
  return pod?.address === undefined || pod.facts.phase === 'Pending' ? undefined : pod;
}

function askedOf({ pod }: Seen): PodAsked[] {
  const place = placeOf(pod);
  if (place === undefined) return [];
  const { facts, address, adminPort: port } = place;
  return [{ name: pod.name, uid: pod.uid, isReady: facts.isReady, address, port }];
}

/** Its next answer may well be another. */
function hasTurned(before: WatchedPod, now: WatchedPod): boolean {
  const [was, is] = [placeOf(before), placeOf(now)];
  return (
    was?.address !== is?.address ||
    was?.facts.isReady !== is?.facts.isReady ||
    before.isTerminating !== now.isTerminating ||
    before.sidecar?.restarts !== now.sidecar?.restarts
  );
}

/** Undefined: nobody came as far as the pods, and what they said holds until it is too old. */
function answerFor(error: Error): PodAnswer | undefined {
  if (!(error instanceof KubernetesError)) {
    return unknown('unparsable', `cannot be asked: ${error.message}`);
  }
  return isForbidden(error) ? unknown('unreachable', `is not asked: ${error.message}`) : undefined;
}
