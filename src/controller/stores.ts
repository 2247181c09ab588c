/**
 * What is known of the cluster at every moment: one informer for each kind and namespace, started one
 * after the other, because a list is large while it is read. What cannot be listed for want of a
 * right holds up none of the others.
 */
import type { Clock, Timer } from '../clock.js';
import { PODS, REPLICA_SETS, type Resource, type WatchApi } from '../kubernetes/api.js';
import { type Change, Informer, type Known, type Restart } from '../kubernetes/informer.js';
import type { ReplicaSet } from '../rainbow/pods.js';
import type { WatchedPod } from './contract.js';
import { type Held, type Kind, type Noted, noting, RAINBOW_KINDS } from './known-api.js';
import { PodStore } from './pod-store.js';
import { hasTidegate, readWatchedPod } from './watched-pod.js';

export interface StoresAround {
  readonly api: WatchApi;
  readonly clock: Clock;
  readonly random: () => number;
  /** Undefined stands for all of them. */
  readonly namespaces: readonly (string | undefined)[];
  readonly restarted: (why: Restart, resource: Resource) => void;
  /** Whether the right to it is there, as far as anybody knows. */
  readonly mayList: (resource: Resource, namespace: string | undefined) => boolean;
  /** A fault of tidegate's own, or an object that cannot be read; calls are noted elsewhere. */
  readonly failed: (error: unknown, resource: Resource) => void;
  /** All is known that may be. */
  readonly synced: () => void;
}

export type KnownPod = WatchedPod & { readonly hasTidegate: boolean };

/** One of a kind in a namespace. */
interface Store {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly informer: Pick<Informer<Known>, 'start' | 'stop' | 'isSynced' | 'heardMs'>;
  /** It was tried, and did not come to anything yet. */
  hasFailed: boolean;
}

/** How often the next one looks whether it is its turn. */
const TURN_MS = 100;
/** What lasts longer than that holds up the others for nothing. */
const TURN_MS_MAX = 30_000;

export class Stores {
  /** For the look at rainbow groups. */
  readonly held: readonly Held[];
  private readonly around: StoresAround;
  private readonly stores: readonly Store[];
  private readonly pods: readonly Informer<KnownPod>[];
  private readonly sets: readonly Informer<Noted>[] = [];
  private timer: Timer | undefined;

  constructor(around: StoresAround) {
    this.around = around;
    const [stores, held]: [Store[], Held[]] = [[], []];
    const add = <T extends Known>(
      resource: Resource,
      read: (object: unknown) => T | undefined,
    ): readonly Informer<T>[] =>
      around.namespaces.map((namespace) => {
        const informer = this.informer(resource, namespace, read, () => (store.hasFailed = true));
        const store: Store = { resource, namespace, informer, hasFailed: false };
        stores.push(store);
        return informer;
      });
    const hold = (kind: Kind, all: readonly Held['store'][]): void => {
      all.forEach((store, at) => held.push({ kind, namespace: around.namespaces[at], store }));
    };
    this.pods = add(PODS, readKnownPod);
    for (const kind of RAINBOW_KINDS) {
      const isPods = kind.resource === PODS;
      const all = isPods ? undefined : add(kind.resource, noting(kind.read));
      if (kind.resource === REPLICA_SETS) this.sets = all ?? [];
      hold(kind, all ?? this.pods.map((informer) => new PodStore(informer)));
    }
    this.stores = stores;
    this.held = held;
  }

  start(): void {
    this.next(0);
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    await Promise.all(this.stores.map(({ informer }) => informer.stop()));
  }

  /** What is not listed yet, though it may be. */
  unknown(): readonly Pick<Store, 'resource' | 'namespace'>[] {
    const { mayList } = this.around;
    return this.stores.filter(
      ({ informer, resource, namespace }) => !informer.isSynced && mayList(resource, namespace),
    );
  }

  /** What was known once, and nothing was heard of for so long, though it may be. */
  silent(ms: number): readonly Pick<Store, 'resource' | 'namespace'>[] {
    const { mayList, clock } = this.around;
    const fromMs = clock.now() - ms;
    return this.stores.filter(
      ({ informer: { isSynced, heardMs }, resource, namespace }) =>
        isSynced && (heardMs ?? 0) < fromMs && mayList(resource, namespace),
    );
  }

  /** Those with a tidegate. */
  *watchedPods(): Generator<WatchedPod> {
    for (const informer of this.pods) {
      for (const pod of informer.items()) if (pod.hasTidegate) yield pod;
    }
  }

  /** Of those with a tidegate. */
  onPod(hear: (change: Change<WatchedPod>) => void): void {
    for (const informer of this.pods) {
      informer.onChange((change) => {
        const { hasTidegate: isMeant } = change.type === 'gone' ? change.last : change.now;
        if (isMeant) hear(change);
      });
    }
  }

  replicaSet(uid: string): ReplicaSet | undefined {
    for (const informer of this.sets) {
      const found = informer.get(uid);
      if (found !== undefined) return found.value as ReplicaSet;
    }
    return undefined;
  }

  private informer<T extends Known>(
    resource: Resource,
    namespace: string | undefined,
    read: (object: unknown) => T | undefined,
    hasFailed: () => void,
  ): Informer<T> {
    const { api, clock, random, restarted, failed } = this.around;
    return new Informer<T>({
      ...{ api, clock, random, resource, read, restarted },
      scope: { namespace },
      failed: (error) => {
        hasFailed();
        failed(error, resource);
      },
    });
  }

  /** Starts the one at `at`, and the next one once it is known or has failed. */
  private next(at: number): void {
    const { clock, synced } = this.around;
    const store = this.stores.at(at);
    if (store === undefined) {
      if (this.unknown().length === 0) return synced();
      this.timer = clock.after(TURN_MS, () => this.next(at));
      return;
    }
    store.informer.start();
    const endMs = clock.now() + TURN_MS_MAX;
    const look = (): void => {
      const isOver = store.informer.isSynced || store.hasFailed || clock.now() >= endMs;
      if (isOver) this.next(at + 1);
      else this.timer = clock.after(TURN_MS, look);
    };
    look();
  }
}

function readKnownPod(object: unknown): KnownPod {
  return { ...readWatchedPod(object), hasTidegate: hasTidegate(object) };
}
