/**
 * Of whose pods it was told that somebody else has written a mark: once for each owner, since its
 * pods are made alike. So many owners are remembered, and of further ones nothing is told: told at
 * each look, they would fill the log.
 */
import type { WatchedPod } from './contract.js';
import type { OwnMark } from './marks.js';

export interface ForeignMarksOf {
  /** Whom people know the pod by: its Deployment, whose pods come and go with their ReplicaSets. */
  readonly ownerOf: (pod: WatchedPod) => { readonly uid: string };
  readonly foreign: (pod: WatchedPod, mark: OwnMark, value: string) => void;
}

const OWNERS_MAX = 1_000;

export class ForeignMarks {
  private readonly of: ForeignMarksOf;
  private readonly told = new Set<string>();

  constructor(of: ForeignMarksOf) {
    this.of = of;
  }

  found(pod: WatchedPod, marks: readonly OwnMark[]): void {
    for (const mark of marks) {
      const key = `${mark} ${this.of.ownerOf(pod).uid}`;
      if (this.told.has(key) || this.told.size >= OWNERS_MAX) continue;
      this.told.add(key);
      this.of.foreign(pod, mark, pod.marks[mark] ?? '');
    }
  }
}
