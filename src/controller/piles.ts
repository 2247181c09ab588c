/**
 * What piles up in a cluster: pods by what may be done with them, and those that still hold memory
 * though nobody needs them any more. Pure.
 */
import type { Looked, WatchedPod } from './contract.js';

/** Each pod that has not ended is in exactly one. */
export const POD_STATES = ['safe', 'unsafe', 'unknown', 'terminating'] as const;
export type PodState = (typeof POD_STATES)[number];

/** `terminating`: it is on its way out. `drained`: it could be. */
export const PILES = ['terminating', 'drained'] as const;
export type Pile = (typeof PILES)[number];

export interface Piles {
  readonly pods: Readonly<Record<PodState, number>>;
  readonly held: Readonly<Record<Pile, { readonly pods: number; readonly memoryBytes: number }>>;
}

export interface PilesFacts {
  readonly pods: Iterable<WatchedPod>;
  /** What a pod said when it was asked last. */
  readonly lookedAt: (uid: string) => Looked | undefined;
  /** Whether it is of a colour that nobody needs any more. */
  readonly isOld: (pod: WatchedPod) => boolean;
}

export function pilesOf({ pods, lookedAt, isOld }: PilesFacts): Piles {
  const states = { safe: 0, unsafe: 0, unknown: 0, terminating: 0 };
  const held = {
    terminating: { pods: 0, memoryBytes: 0 },
    drained: { pods: 0, memoryBytes: 0 },
  };
  for (const pod of pods) {
    if (pod.pod === undefined) continue;
    const looked = lookedAt(pod.uid);
    states[stateOf(pod, looked)]++;
    const pile = pileOf(pod, looked, isOld);
    if (pile === undefined) continue;
    held[pile].pods++;
    held[pile].memoryBytes += pod.memoryBytes;
  }
  return { pods: states, held };
}

function stateOf({ isTerminating }: WatchedPod, looked: Looked | undefined): PodState {
  if (isTerminating) return 'terminating';
  if (looked?.answer.known !== true) return 'unknown';
  return looked.answer.safe ? 'safe' : 'unsafe';
}

function pileOf(
  pod: WatchedPod,
  looked: Looked | undefined,
  isOld: PilesFacts['isOld'],
): Pile | undefined {
  if (pod.isTerminating) return 'terminating';
  if (looked?.answer.known !== true) return undefined;
  const { phase, safe } = looked.answer;
  return phase === 'drained' || (safe && isOld(pod)) ? 'drained' : undefined;
}
