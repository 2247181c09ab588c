/**
 * The rainbow groups of the cluster: each is looked at now and then, and soon after something of it
 * has changed; in a namespace one after the other. It decides nothing: it says when.
 */
import type { Timer } from '../clock.js';
import { DEPLOYMENTS, ENDPOINT_SLICES, SERVICES } from '../kubernetes/api.js';
import type { Recorder } from '../kubernetes/events.js';
import { KubernetesError } from '../kubernetes/fault.js';
import { RAINBOW_LABEL } from '../kubernetes/keys.js';
import type { Group } from '../rainbow/facts.js';
import type { Slice } from '../rainbow/services.js';
import { FAILURES_MAX } from '../rainbow/sweep.js';
import { concerns, isNews, sidesOf } from './concerns.js';
import { type GroupAround, GroupWork } from './group-work.js';
import type { KnownApi, Noted } from './known-api.js';
import type { GroupStanding } from './standings.js';
import { Telling, type TellingListener } from './telling.js';

export interface GroupsListener extends TellingListener {
  /** A group cannot be looked at: said once, until it can be again. */
  unknown(group: Group, words: string): void;
  /** All groups have had their look, and each has come to something. */
  looked(): void;
  /** A bug: it costs a look at one group. */
  fault(error: unknown): void;
}

export interface GroupsParts extends Omit<GroupAround, 'known' | 'staleMs'> {
  readonly known: KnownApi;
  readonly recorder: Recorder;
  readonly listener: GroupsListener;
  /** How often a group is looked at. */
  readonly everyMs: number;
  /** How often pods are asked by others. */
  readonly lookEveryMs: number;
  /** The groups that are meant; undefined: all. */
  readonly names: readonly string[] | undefined;
}

/** Changes come in numbers: so long after the first of them. */
const SOON_MS = 1_500;
/** So many times may pods be asked in vain before what they said is too old. */
const STALE_LOOKS = 3;
/** For the first round of asking all pods. */
const FIRST_LOOKS = 2;

/** The groups of one namespace: one at a time is looked at. */
interface Lane {
  readonly wanted: Set<string>;
  isBusy: boolean;
}

interface Kept {
  readonly group: Group;
  readonly work: GroupWork;
  /** How often in a row it could not be looked at, and whether that was told. */
  failures: number;
  isToldOf: boolean;
  /** Its last look has come to something. */
  isLooked: boolean;
}

export class Groups {
  private readonly parts: GroupsParts;
  private readonly kept = new Map<string, Kept>();
  private readonly lanes = new Map<string, Lane>();
  /** Looks that are wanted before the next round. */
  private readonly soon = new Map<string, { readonly atMs: number; readonly timer: Timer }>();
  private tick: Timer | undefined;
  private running: Promise<void>[] = [];
  private isStopped = false;
  /** By when the first round of asking is over, of each namespace since it is known. */
  private readonly askedByMs = new Map<string, number>();

  constructor(parts: GroupsParts) {
    this.parts = parts;
    const { known } = parts;
    known.onChange(DEPLOYMENTS, (change) => {
      for (const { namespace, labels } of sidesOf(change)) {
        this.wantSoon({ namespace, group: labels[RAINBOW_LABEL] ?? '' });
      }
    });
    known.onChange(SERVICES, (change) => {
      if (isNews(change)) this.serviceChanged(sidesOf(change));
    });
    known.onChange(ENDPOINT_SLICES, (change) => {
      const [{ namespace, value }] = sidesOf(change);
      const { service } = value as Slice;
      for (const { group, work } of this.in(namespace)) {
        if (work.services?.has(service) !== false) this.wantSoon(group);
      }
    });
  }

  start(): void {
    if (this.tick !== undefined || this.isStopped) return;
    this.round();
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.tick?.cancel();
    for (const { timer } of this.soon.values()) timer.cancel();
    this.soon.clear();
    for (const { work } of this.kept.values()) work.breakOff();
    await Promise.all(this.running);
  }

  /** This replica leads from now on, or what was missing is there: nothing waits for its turn. */
  hurry(): void {
    if (this.tick === undefined || this.isStopped) return;
    for (const { work } of this.kept.values()) work.hurry();
    this.tick.cancel();
    this.round();
  }

  /** By namespace and name. */
  standings(): readonly GroupStanding[] {
    return [...this.kept]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([, { work }]) => (work.standing === undefined ? [] : [work.standing]));
  }

  private serviceChanged(sides: readonly Noted[]): void {
    const { known } = this.parts;
    for (const { group, work } of this.in(sides[0].namespace)) {
      if (!concerns(sides, { known, group, seen: work.services })) continue;
      // Whoever was old may be live by now: what is under way was planned without that.
      work.breakOff();
      work.hurry();
      this.wantSoon(group);
    }
  }

  private round(): void {
    this.tick = this.parts.clock.after(this.parts.everyMs, () => this.round());
    for (const { namespace, labels } of this.parts.known.items(DEPLOYMENTS)) {
      this.meet({ namespace, group: labels[RAINBOW_LABEL] ?? '' });
    }
    for (const { group } of this.kept.values()) this.want(group);
  }

  private meet(group: Group): void {
    const { recorder, listener, clock, lookEveryMs } = this.parts;
    if (!this.isMeant(group)) return;
    const key = keyOf(group);
    if (this.kept.has(key)) return;
    const telling = new Telling(group, { recorder, listener, clock });
    const around = { ...this.parts, staleMs: STALE_LOOKS * lookEveryMs };
    this.kept.set(key, {
      group,
      work: new GroupWork(group, around, telling),
      failures: 0,
      isToldOf: false,
      isLooked: false,
    });
  }

  /** An empty label, or none, is no name that anybody could ask for. */
  private isMeant({ group }: Group): boolean {
    return group !== '' && this.parts.names?.includes(group) !== false;
  }

  private in(namespace: string): Kept[] {
    return [...this.kept.values()].filter(({ group }) => group.namespace === namespace);
  }

  private wantSoon(group: Group, afterMs = SOON_MS): void {
    const key = keyOf(group);
    const { clock } = this.parts;
    const atMs = clock.now() + afterMs;
    const before = this.soon.get(key);
    if (this.isStopped || this.tick === undefined || !this.isMeant(group)) return;
    if (before !== undefined && before.atMs <= atMs) return;
    before?.timer.cancel();
    const want = (): void => {
      this.soon.delete(key);
      this.meet(group);
      this.want(group);
    };
    this.soon.set(key, { atMs, timer: clock.after(afterMs, want) });
  }

  private want(group: Group): void {
    const key = keyOf(group);
    if (!this.kept.has(key)) return;
    const { namespace } = group;
    const lane = this.lanes.get(namespace) ?? { wanted: new Set(), isBusy: false };
    this.lanes.set(namespace, lane);
    lane.wanted.add(key);
    if (lane.isBusy) return;
    lane.isBusy = true;
    const running = this.run(namespace, lane).finally(() => {
      this.running = this.running.filter((one) => one !== running);
    });
    this.running.push(running);
  }

  private async run(namespace: string, lane: Lane): Promise<void> {
    for (const key of lane.wanted) {
      lane.wanted.delete(key);
      const kept = this.kept.get(key);
      if (kept !== undefined && !this.isStopped) await this.look(key, kept);
    }
    lane.isBusy = false;
    // Its last group is gone.
    if (this.in(namespace).length === 0) {
      this.lanes.delete(namespace);
      this.askedByMs.delete(namespace);
    }
    const isOver = [...this.lanes.values()].every(({ isBusy }) => !isBusy);
    if (isOver && [...this.kept.values()].every(({ isLooked }) => isLooked)) {
      this.parts.listener.looked();
    }
  }

  private async look(key: string, kept: Kept): Promise<void> {
    const { known, listener, clock } = this.parts;
    const { group, work } = kept;
    kept.isLooked = false;
    if (!known.isSynced(group.namespace)) return;
    try {
      const result = await work.look(this.isFirstRound(group.namespace));
      kept.isLooked = result === 'looked';
      if (result === 'gone') this.kept.delete(key);
      if (result === 'blind') this.wantSoon(group);
      if (result !== 'waits') Object.assign(kept, { failures: 0, isToldOf: false });
    } catch (error) {
      if (!(error instanceof KubernetesError)) return listener.fault(error);
      this.failed(kept, error);
    } finally {
      const { nextTryMs } = work;
      if (nextTryMs !== undefined) this.wantSoon(group, nextTryMs - clock.now());
    }
  }

  /** What is over in a moment is nothing that anybody has to know. */
  private failed(kept: Kept, error: KubernetesError): void {
    const { may, listener } = this.parts;
    kept.failures++;
    if (kept.isToldOf || !may() || (error.passing && kept.failures < FAILURES_MAX)) return;
    kept.isToldOf = true;
    listener.unknown(kept.group, error.message);
  }

  /** Pods of it that have not been asked yet are about to be. */
  private isFirstRound(namespace: string): boolean {
    const { clock, lookEveryMs } = this.parts;
    const now = clock.now();
    const byMs = this.askedByMs.get(namespace) ?? now + FIRST_LOOKS * lookEveryMs;
    this.askedByMs.set(namespace, byMs);
    return now < byMs;
  }
}

function keyOf({ namespace, group }: Group): string {
  return `${namespace}/${group}`;
}
