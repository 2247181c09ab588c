/**
 * Namespaces whose pods, most of them, cannot be reached where their tidegate should answer: a
 * network policy, a mesh, a wrong port. Told once when it has lasted for some rounds, and once when it
 * is over; a single pod among others that does not answer is nothing to be told.
 */
import type { Clock } from '../clock.js';
import type { PodAnswer, UnknownReason } from '../rainbow/contract.js';
import type { WatchedPod } from './contract.js';

export interface SilencesOf {
  readonly clock: Clock;
  /** How often each pod is asked. */
  readonly everyMs: number;
  /** Why nobody there is asked is told already. */
  readonly isTold: (namespace: string) => boolean;
  /** So many pods of it do not answer; `words`: what one of them does. */
  readonly silent: (namespace: string, pods: number, words: string) => void;
  readonly heard: (namespace: string) => void;
}

const ROUNDS = 3;
/** What is wrong with the way to a pod. One that is not ready, or was not asked, tells nothing of it. */
const SILENT: readonly UnknownReason[] = ['unreachable', 'unparsable', 'stale'];

interface Town {
  readonly answering: Set<string>;
  readonly silent: Set<string>;
  /** Since when most are silent. */
  sinceMs: number | undefined;
  isTold: boolean;
}

export class Silences {
  private readonly of: SilencesOf;
  private readonly towns = new Map<string, Town>();

  constructor(of: SilencesOf) {
    this.of = of;
  }

  /** It was asked. */
  looked({ namespace, name, uid }: WatchedPod, answer: PodAnswer): void {
    const isSilent = !answer.known && SILENT.includes(answer.reason);
    if (!answer.known && !isSilent) return this.leave(namespace, uid);
    const town = this.towns.get(namespace) ?? newTown();
    this.towns.set(namespace, town);
    (isSilent ? town.answering : town.silent).delete(uid);
    (isSilent ? town.silent : town.answering).add(uid);
    const words = answer.known ? undefined : `pod ${name} ${answer.words}`;
    this.judge(namespace, town, words);
  }

  forget({ namespace, uid }: WatchedPod): void {
    this.leave(namespace, uid);
  }

  private leave(namespace: string, uid: string): void {
    const town = this.towns.get(namespace);
    if (town === undefined) return;
    town.answering.delete(uid);
    town.silent.delete(uid);
    if (town.answering.size + town.silent.size === 0) this.towns.delete(namespace);
  }

  private judge(namespace: string, town: Town, words: string | undefined): void {
    const { clock, everyMs, isTold, silent, heard } = this.of;
    const { size } = town.silent;
    if (size <= town.answering.size) {
      if (town.isTold) heard(namespace);
      Object.assign(town, { sinceMs: undefined, isTold: false });
      return;
    }
    town.sinceMs ??= clock.now();
    const isLong = clock.now() - town.sinceMs >= ROUNDS * everyMs;
    if (town.isTold || !isLong || words === undefined || isTold(namespace)) return;
    town.isTold = true;
    silent(namespace, size, words);
  }
}

function newTown(): Town {
  return { answering: new Set(), silent: new Set(), sinceMs: undefined, isTold: false };
}
