/**
 * The objects of one kind, kept as they are in the cluster: listed, then watched, listed anew when the
 * thread is lost, and from time to time in case it was lost unnoticed. It never gives up, never writes,
 * and keeps nothing but what `read` returned.
 */
import type { Clock } from '../clock.js';
import type { Resource, Scope, WatchApi, WatchEvent } from './api.js';
import { callFailure, isExpired, RefusedError, UnreadableError } from './fault.js';
import { type Change, Kept, type Known, type Read } from './kept.js';

export type { Change, Known } from './kept.js';

/** Pages are parsed whole, and memory is given back late: small ones keep it small. */
const PAGE_ITEMS = 100;
/** Servers end watches after 5 to 10 minutes anyway; each at its own time. */
const WATCH_MS = 290_000;
const WATCH_SPREAD_MS = 20_000;
/** What was lost unnoticed is found by a fresh list. */
const RESYNC_MS = 600_000;
const RESYNC_SPREAD_MS = 60_000;
/** Where watches have not worked so often in a row, for want of a right or else, lists still may. */
const FAILURES_BEFORE_LIST = 3;
const POLL_MS = 30_000;
/** Half of it passes in any case, the rest by chance; twice as long each time. */
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 8_000;
/** For what is not to pass by itself. */
const REFUSED_MS_MAX = 30_000;
/** A watch that ends sooner, and has told nothing, has not worked. */
const WATCH_MS_MIN = 1_000;
/** Between the beginnings of two watches. */
const WATCH_GAP_MS = 500;

/** Why a watch is over, and another has to begin. */
export const RESTARTS = ['ended', 'resync', 'expired', 'silent', 'refused', 'broken'] as const;
export type Restart = (typeof RESTARTS)[number];

export interface InformerOptions<T extends Known> {
  readonly api: WatchApi;
  readonly clock: Clock;
  /** From 0 up to, but without, 1. */
  readonly random: () => number;
  readonly resource: Resource;
  readonly scope: Scope;
  /** What is kept of an object; undefined: nothing. */
  readonly read: (object: unknown) => T | undefined;
  /** A watch is over. */
  readonly restarted?: (why: Restart, resource: Resource) => void;
  /** What was asked has failed, or a listener has: it goes on all the same. */
  readonly failed?: (error: unknown, resource: Resource) => void;
}

export class Informer<T extends Known> {
  private readonly options: InformerOptions<T>;
  private readonly kept: Kept<T>;
  private readonly listeners: ((change: Change<T>) => void)[] = [];
  private ended: Promise<void> | undefined;
  private isStopped = false;
  /** What is under way, and can be broken off. */
  private watching: AbortController | undefined;
  private wake: (() => void) | undefined;
  private synced = false;
  private lastHeardMs: number | undefined;
  /** From where a watch goes on; undefined: it has to be listed first. */
  private version: string | undefined;
  private resyncAtMs = 0;
  private listedAtMs = 0;
  /** In a row, and of one sort: what an API server that starts refuses is soon granted. */
  private failures = 0;
  private isFinal = false;

  constructor(options: InformerOptions<T>) {
    this.options = options;
    this.kept = new Kept((change) => this.tell(change));
  }

  /** Whether it was listed whole, once. */
  get isSynced(): boolean {
    return this.synced;
  }

  /** When it was listed last, or a watch has told something, be it a bookmark; undefined: never. */
  get heardMs(): number | undefined {
    return this.lastHeardMs;
  }

  /** Of a namespace; of all if none is named. */
  items(namespace?: string): Iterable<T> {
    return this.kept.items(namespace);
  }

  get(uid: string): T | undefined {
    return this.kept.get(uid);
  }

  /** Hears of every change from now on, at the moment when it is kept. */
  onChange(hear: (change: Change<T>) => void): void {
    this.listeners.push(hear);
  }

  start(): void {
    this.ended ??= this.run();
  }

  /** For good. Resolves when nothing of it runs any more; from the call on nothing is told. */
  stop(): Promise<void> {
    this.isStopped = true;
    this.watching?.abort();
    this.wake?.();
    return this.ended ?? Promise.resolve();
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const waitMs = await this.step();
      if (waitMs > 0 && !this.isStopped) await this.pause(waitMs);
    }
  }

  /** Lists if it must, then watches; resolves with how long to wait before the next. */
  private async step(): Promise<number> {
    if (this.version === undefined || this.options.clock.now() >= this.resyncAtMs) {
      const waitMs = await this.list();
      if (waitMs > 0 || this.isStopped) return waitMs;
    }
    return this.watch();
  }

  private async list(): Promise<number> {
    const { api, clock, resource, scope } = this.options;
    this.listedAtMs = clock.now();
    try {
      const read = (object: unknown): Read<T> | undefined => {
        if (this.isStopped) throw new Error('stopped');
        return this.readOf(object);
      };
      const listed = await api.list(resource, { ...scope, pageItems: PAGE_ITEMS }, read);
      this.kept.replace(listed.items.filter((one) => one !== undefined));
      this.version = listed.resourceVersion;
      this.synced = true;
      this.lastHeardMs = clock.now();
      this.resyncAtMs = clock.now() + this.spread(RESYNC_MS, RESYNC_SPREAD_MS);
    } catch (error) {
      if (this.isStopped) return 0;
      this.options.failed?.(error, resource);
      if (this.version === undefined) return this.backoff(error);
      // The watch still tells of everything, as far as anybody knows.
      this.resyncAtMs = clock.now() + POLL_MS;
    }
    return 0;
  }

  private async watch(): Promise<number> {
    const { api, clock, resource, scope, restarted } = this.options;
    const startMs = clock.now();
    let hasHeard = false;
    let fault: unknown;
    const watching = (this.watching = new AbortController());
    const resync = clock.after(this.resyncAtMs - startMs, () => watching.abort());
    const timeoutSeconds = Math.round(this.spread(WATCH_MS, WATCH_SPREAD_MS) / 1_000);
    const hear = (event: WatchEvent): void => {
      hasHeard = true;
      this.hear(event);
    };
    try {
      const { signal } = watching;
      await api.watch(resource, { ...scope, timeoutSeconds }, this.version ?? '', hear, signal);
    } catch (error) {
      fault = error;
    }
    resync.cancel();
    if (this.isStopped) return 0;
    const isResync = watching.signal.aborted;
    restarted?.(isResync ? 'resync' : restartBy(fault), resource);
    const isBrief = clock.now() - startMs < WATCH_MS_MIN || callFailure(fault) === 'late';
    const hasWorked = hasHeard || isResync || !isBrief;
    if (hasWorked) this.failures = 0;
    if (isResync) return 0;
    // Streams that are cut right away, each after an event, would be begun anew without end.
    const restMs = Math.max(0, startMs + WATCH_GAP_MS - clock.now());
    if (fault === undefined) return hasWorked ? restMs : this.backoff(fault);
    return callFailure(fault) === 'silent' ? restMs : this.lost(fault);
  }

  /** After a watch that has not ended as it should. */
  private lost(fault: unknown): number {
    const { clock, failed, resource } = this.options;
    if (isExpired(fault)) this.version = undefined;
    else failed?.(fault, resource);
    const waitMs = this.backoff(fault);
    if (this.failures < FAILURES_BEFORE_LIST) return waitMs;
    this.resyncAtMs = Math.min(this.resyncAtMs, this.listedAtMs + POLL_MS);
    return Math.min(waitMs, Math.max(0, this.resyncAtMs - clock.now()));
  }

  private hear({ type, object, resourceVersion }: WatchEvent): void {
    if (this.isStopped) return;
    this.lastHeardMs = this.options.clock.now();
    const read = type === 'BOOKMARK' ? undefined : this.readOf(object);
    if (read !== undefined) {
      if (type === 'DELETED') this.kept.drop(read.uid, read.item);
      else this.kept.put(read);
    }
    this.version = resourceVersion;
  }

  /** Undefined if it is no object at all. */
  private readOf(object: unknown): Read<T> | undefined {
    const { read, failed, resource } = this.options;
    const { uid, namespace = '', name = '', resourceVersion: version } = metadataOf(object);
    const unreadable = (error: unknown): void => {
      const words = error instanceof Error ? error.message : String(error);
      const which = `${resource.plural} ${namespace}/${name}`;
      failed?.(new UnreadableError(which, words, error), resource);
    };
    if (uid === undefined || name === '' || version === undefined) {
      unreadable(new Error('it has no name, uid or resourceVersion'));
      return undefined;
    }
    const known = { uid, key: `${namespace}/${name}`, version };
    try {
      return { ...known, item: read(object), isRead: true };
    } catch (error) {
      unreadable(error);
      return { ...known, item: undefined, isRead: false };
    }
  }

  /** A fault in one listener is no other's. */
  private tell(change: Change<T>): void {
    for (const hear of this.listeners) {
      if (this.isStopped) return;
      try {
        hear(change);
      } catch (error) {
        this.options.failed?.(error, this.options.resource);
      }
    }
  }

  private backoff(error: unknown): number {
    const isFinal = error instanceof RefusedError && !error.passing && !isExpired(error);
    if (isFinal !== this.isFinal) this.failures = 0;
    this.isFinal = isFinal;
    const most = isFinal ? REFUSED_MS_MAX : BACKOFF_MS_MAX;
    const baseMs = Math.min(most, BACKOFF_MS * 2 ** Math.min(this.failures, 10));
    this.failures += 1;
    return (baseMs / 2) * (1 + this.options.random());
  }

  private spread(ms: number, spreadMs: number): number {
    return ms + (this.options.random() - 0.5) * spreadMs;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.after(ms, resolve);
      this.wake = (): void => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function restartBy(fault: unknown): Restart {
  if (fault === undefined) return 'ended';
  if (callFailure(fault) === 'silent') return 'silent';
  if (isExpired(fault)) return 'expired';
  return fault instanceof RefusedError ? 'refused' : 'broken';
}

interface Metadata {
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly resourceVersion?: string;
}

function metadataOf(object: unknown): Metadata {
  return (object as { readonly metadata?: Metadata } | null)?.metadata ?? {};
}
