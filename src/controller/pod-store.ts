/**
 * The pods that are known, as rainbow's look at a group wants them: one list and one watch are enough
 * for both. Keeps nothing.
 */
import type { Change, Informer } from '../kubernetes/informer.js';
import { COLOUR_LABEL } from '../kubernetes/keys.js';
import type { WatchedPod } from './contract.js';
import type { Noted, Store } from './known-api.js';

export class PodStore implements Store {
  private readonly informer: Pick<Informer<WatchedPod>, 'isSynced' | 'items' | 'onChange'>;

  constructor(informer: PodStore['informer']) {
    this.informer = informer;
  }

  get isSynced(): boolean {
    return this.informer.isSynced;
  }

  *items(namespace?: string): Generator<Noted> {
    for (const pod of this.informer.items(namespace)) {
      const noted = notedOf(pod);
      if (noted !== undefined) yield noted;
    }
  }

  onChange(hear: (change: Change<Noted>) => void): void {
    this.informer.onChange((change) => {
      const noted = changeOf(change);
      if (noted !== undefined) hear(noted);
    });
  }
}

/** Undefined if it has no colour, or has ended. */
function notedOf({ uid, namespace, name, labels, pod }: WatchedPod): Noted | undefined {
  if (pod === undefined || !Object.hasOwn(labels, COLOUR_LABEL)) return undefined;
  return { uid, namespace, name, labels, value: pod };
}

/** What ends is gone, though the object is there. */
function changeOf(change: Change<WatchedPod>): Change<Noted> | undefined {
  const before = change.type === 'changed' ? notedOf(change.before) : undefined;
  const now = change.type === 'gone' ? undefined : notedOf(change.now);
  if (now !== undefined) {
    return before === undefined ? { type: 'added', now } : { type: 'changed', now, before };
  }
  const last = change.type === 'gone' ? notedOf(change.last) : before;
  return last === undefined ? undefined : { type: 'gone', last };
}
