/**
 * The objects of one kind as they were last told, in the form that `read` gives them and no other,
 * and the changes by which they came to be so: told in order, none twice, none left out.
 */
import type { Labels } from './labels.js';

/** What every object has that is kept. */
export interface Known {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
}

export type Change<T> =
  | { readonly type: 'added'; readonly now: T; readonly before?: undefined }
  | { readonly type: 'changed'; readonly now: T; readonly before: T }
  /**
   * `last`: as it was when it went, if that was told. `isMissed`: it went while nobody watched, and
   * that is how it was known before.
   */
  | { readonly type: 'gone'; readonly last: T; readonly isMissed?: true };

/** An object as it came, and what was read of it. */
export interface Read<T> {
  readonly uid: string;
  /** Namespace and name. */
  readonly key: string;
  readonly version: string;
  /** Undefined: it is not wanted, or it could not be read. */
  readonly item: T | undefined;
  /** If not, it is still there, and what is known of it stays. */
  readonly isRead: boolean;
}

interface Entry<T> {
  readonly key: string;
  readonly version: string;
  readonly item: T;
}

export class Kept<T extends Known> {
  private readonly entries = new Map<string, Entry<T>>();
  /** By namespace and name: who has taken the place of whom. */
  private readonly uids = new Map<string, string>();
  /** By namespace: a look at one does not walk the whole cluster. */
  private readonly namespaces = new Map<string, Map<string, T>>();
  private readonly tell: (change: Change<T>) => void;

  constructor(tell: (change: Change<T>) => void) {
    this.tell = tell;
  }

  /** Of a namespace; of all if none is named. */
  *items(namespace?: string): Generator<T> {
    if (namespace !== undefined) yield* this.namespaces.get(namespace)?.values() ?? [];
    else for (const { item } of this.entries.values()) yield item;
  }

  get(uid: string): T | undefined {
    return this.entries.get(uid)?.item;
  }

  /** It is there, in this form. */
  put({ uid, key, version, item, isRead }: Read<T>): void {
    const other = this.uids.get(key);
    if (other !== undefined && other !== uid) this.drop(other);
    const known = this.entries.get(uid);
    if (known?.version === version || !isRead) return;
    if (item === undefined) return this.drop(uid);
    this.entries.set(uid, { key, version, item });
    this.uids.set(key, uid);
    this.sort(uid, item);
    if (known === undefined) this.tell({ type: 'added', now: item });
    else this.tell({ type: 'changed', now: item, before: known.item });
  }

  /** It is not there any more. */
  drop(uid: string, last?: T): void {
    const known = this.entries.get(uid);
    if (known === undefined) return;
    this.entries.delete(uid);
    this.uids.delete(known.key);
    const { namespace } = known.item;
    const there = this.namespaces.get(namespace);
    there?.delete(uid);
    if (there?.size === 0) this.namespaces.delete(namespace);
    if (last === undefined) this.tell({ type: 'gone', last: known.item, isMissed: true });
    else this.tell({ type: 'gone', last });
  }

  private sort(uid: string, item: T): void {
    const there = this.namespaces.get(item.namespace) ?? new Map<string, T>();
    this.namespaces.set(item.namespace, there.set(uid, item));
  }

  /** These are there and no others: what went is told first, since a name may have been taken again. */
  replace(all: readonly Read<T>[]): void {
    const there = new Set(all.map(({ uid }) => uid));
    for (const uid of [...this.entries.keys()]) if (!there.has(uid)) this.drop(uid);
    for (const read of all) this.put(read);
  }
}
