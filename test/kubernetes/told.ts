/**
 * An informer on an API that a test plays, by a clock that a test drives: when what is asked, and what
 * comes of each answer.
 */
import { setImmediate } from 'node:timers/promises';
import { PODS, type WatchApi, type WatchEvent } from '../../src/kubernetes/api.js';
import { type Change, Informer } from '../../src/kubernetes/informer.js';
import { HandClock } from '../peers/clock.js';
import { type Item, readItem } from './informed.js';

export type Hear = (event: WatchEvent) => void;

export interface Given {
  readonly uid: string;
  readonly name?: string;
  readonly version: string;
}

export function object({ uid, name = uid, version }: Given): object {
  return { metadata: { uid, name, namespace: 'web', resourceVersion: version } };
}

export class Told {
  readonly clock = new HandClock();
  /** `0.5 list`, `0.5 watch 7`: seconds, what, from where. */
  readonly asked: string[] = [];
  readonly changes: string[] = [];
  readonly restarts: string[] = [];
  readonly faults: string[] = [];
  readonly timeouts: number[] = [];
  readonly informer: Informer<Item>;
  /** What there is in a list, and of which version that is. */
  there: readonly Given[] = [];
  version = '1';
  /** Thrown or waited for in place of an answer. */
  listing: () => void | Promise<void> = () => undefined;
  /** Until it is over: for ever, if nothing else is said. */
  watching: (hear: Hear) => void | Promise<void> = () => new Promise(() => undefined);
  /** Tells the watch that is open. */
  hear: Hear = () => undefined;

  constructor(
    random: () => number = () => 0,
    read: (object: unknown) => Item | undefined = readItem,
  ) {
    const api = { list: this.list.bind(this), watch: this.watch.bind(this) } as unknown as WatchApi;
    const { clock } = this;
    this.informer = new Informer<Item>({
      ...{ api, clock, random, read, resource: PODS, scope: { namespace: 'web' } },
      restarted: (why) => this.restarts.push(why),
      failed: (error) => this.faults.push((error as Error).message),
    });
    this.informer.onChange((change) => this.changes.push(wordsOf(change)));
  }

  private async list(...[, , read]: Parameters<WatchApi['list']>): ReturnType<WatchApi['list']> {
    this.note('list');
    await this.listing();
    return { items: this.there.map(object).map(read), resourceVersion: this.version, atMs: 0 };
  }

  private async watch(
    ...[, scope, version, hear, signal]: Parameters<WatchApi['watch']>
  ): Promise<void> {
    this.note(`watch ${version}`);
    this.timeouts.push(scope.timeoutSeconds ?? 0);
    this.hear = hear;
    const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([left, this.watching(hear)]);
  }

  private note(what: string): void {
    this.asked.push(`${Math.round(this.clock.now() / 100) / 10} ${what}`);
  }

  async start(): Promise<this> {
    this.informer.start();
    await setImmediate();
    return this;
  }

  async pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 10; step += 1) {
      this.clock.advance(100);
      await setImmediate();
    }
  }

  async tell(type: WatchEvent['type'], given: Given): Promise<void> {
    this.hear({ type, object: object(given), resourceVersion: given.version });
    await setImmediate();
  }
}

function wordsOf(change: Change<Item>): string {
  if (change.type === 'gone') return `gone ${change.last.uid} ${change.last.version}`;
  const before = change.before === undefined ? '' : ` after ${change.before.version}`;
  return `${change.type} ${change.now.uid} ${change.now.version}${before}`;
}
