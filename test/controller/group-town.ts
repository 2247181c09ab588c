/**
 * A rainbow group in a cluster in memory, looked after by the controller's part for groups alone, by
 * hand-driven time and without HTTP: what informers would keep is what is there, every call passes a
 * test's hands, and all that is told is kept.
 */
import type { Test } from 'tap';
import type { Answer } from '../../src/bounded-call.js';
import { CallError } from '../../src/bounded-call.js';
import type { ColourDeed } from '../../src/controller/colour-words.js';
import { Groups, type GroupsParts } from '../../src/controller/groups.js';
import {
  type Held,
  type Kind,
  KnownApi,
  type Noted,
  noting,
  RAINBOW_KINDS,
} from '../../src/controller/known-api.js';
import { ServerTime } from '../../src/controller/server-time.js';
import type { Api } from '../../src/kubernetes/api.js';
import { ApiClient, type Ask } from '../../src/kubernetes/client.js';
import type { Occurrence } from '../../src/kubernetes/events.js';
import { KubernetesError, unreached } from '../../src/kubernetes/fault.js';
import type { Change } from '../../src/kubernetes/informer.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { ofPod, readAnswer } from '../../src/rainbow/answers.js';
import { askThroughProxy } from '../../src/rainbow/ask.js';
import type { PodAnswer, State } from '../../src/rainbow/contract.js';
import { readPod } from '../../src/rainbow/pods.js';
import { type GivenPolicy, parsePolicy } from '../../src/rainbow/policy.js';
import { HandClock } from '../peers/clock.js';
import { callOf } from '../peers/fake-calls.js';
import { FakeCluster } from '../peers/fake-cluster.js';
import { kindOf, type Stored } from '../peers/fake-objects.js';
import { HOUR_MS, MINUTE_MS, NOW_MS, RainbowGroup } from '../peers/rainbow-group.js';
import { quiet } from '../peers/rainbow-stage.js';

/** Asks the cluster in memory, in the turn of the event loop in which it is asked. */
class NearClient extends ApiClient {
  private readonly fake: FakeCluster;

  constructor(fake: FakeCluster, clock: HandClock) {
    super(fake.access, clock);
    this.fake = fake;
  }

  override async ask({ method, path, headers = {}, body = '' }: Ask): Promise<Answer> {
    const call = callOf({ method, url: path, headers }, body);
    if (call === undefined) throw new Error(`no path: ${path}`);
    const said = await this.fake.answer(call);
    if (typeof said === 'string' || !('status' in said))
      throw unreached(this.server, new CallError('broken'), 10_000);
    const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body);
    const atMs = Math.floor(this.fake.now() / 1_000) * 1_000;
    return { status: said.status, body: text, atMs };
  }
}

/** What an informer would keep, a moment later at most. */
class NearStore {
  isSynced = true;
  /** It hears of nothing more. */
  isFrozen = false;
  private readonly hears: ((change: Change<Noted>) => void)[] = [];
  private readonly kept = new Map<string, Noted>();

  constructor(fake: FakeCluster, { resource, label, read }: Kind) {
    const { group, version, plural } = resource;
    const kind = kindOf(group === '' ? version : `${group}/${version}`, plural) ?? '';
    const note = noting(read);
    const see = (stored: Stored): void => {
      const { labels = {}, uid } = stored.metadata;
      const now = label === '' || label in labels ? note(structuredClone(stored)) : undefined;
      const before = this.kept.get(uid);
      if (now === undefined) return this.drop(uid);
      this.kept.set(uid, now);
      this.tell(before === undefined ? { type: 'added', now } : { type: 'changed', now, before });
    };
    for (const stored of fake.objects.list(kind)) see(stored);
    fake.objects.noted.add(({ kind: of, before, object }) => {
      if (of !== kind || this.isFrozen) return;
      if (object !== undefined) see(object);
      else if (before !== undefined) this.drop(before.metadata.uid);
    });
  }

  items(namespace?: string): Iterable<Noted> {
    const all = [...this.kept.values()];
    return namespace === undefined ? all : all.filter((one) => one.namespace === namespace);
  }

  onChange(hear: (change: Change<Noted>) => void): void {
    this.hears.push(hear);
  }

  private drop(uid: string): void {
    const last = this.kept.get(uid);
    if (last === undefined) return;
    this.kept.delete(uid);
    this.tell({ type: 'gone', last });
  }

  private tell(change: Change<Noted>): void {
    for (const hear of this.hears) hear(change);
  }
}

export interface TownGiven {
  readonly policy?: GivenPolicy;
  readonly dryRun?: boolean;
  readonly parts?: Partial<GroupsParts>;
}

const STEP_MS = 250;

export class GroupTown extends RainbowGroup {
  readonly hand = new HandClock(new Date(NOW_MS));
  readonly near: Api;
  readonly time = new ServerTime(this.hand);
  readonly told: Occurrence[] = [];
  readonly deeds: ColourDeed[] = [];
  /** Of the deeds, those that were news. */
  readonly news: string[] = [];
  readonly said: string[] = [];
  /** Writes that were not let through, because this replica did not lead. */
  readonly refused: string[] = [];
  readonly stores: NearStore[] = [];
  /** Pods that nobody has looked at. */
  readonly unseen = new Set<string>();
  mayAct = true;
  looks = 0;
  private groups: Groups | undefined;

  constructor() {
    super(new FakeCluster());
    this.fake.now = () => NOW_MS + this.hand.now();
    this.near = new KubernetesApi(this.client);
    this.clock = this.hand;
  }

  protected override get client(): ApiClient {
    return new NearClient(this.fake, this.hand);
  }

  get known(): KnownApi {
    const held = RAINBOW_KINDS.map((kind): Held => {
      const store = new NearStore(this.fake, kind);
      this.stores.push(store);
      return { kind, namespace: undefined, store };
    });
    return new KnownApi(this.near, this.time, held);
  }

  /** Lets nobody write who does not lead. */
  private get guarded(): Api {
    const { near } = this;
    const guard = <T>(what: string, write: () => Promise<T>): Promise<T> => {
      if (this.mayAct) return write();
      this.refused.push(what);
      return Promise.reject(new KubernetesError('this replica does not lead'));
    };
    return {
      list: (...asked) => near.list(...asked),
      get: (...asked) => near.get(...asked),
      create: (...asked) => guard('create', () => near.create(...asked)),
      patch: (...asked) => guard('patch', () => near.patch(...asked)),
      remove: (...asked) => guard('delete', () => near.remove(...asked)),
    };
  }

  /** The part that is tested, on the cluster as it is by now; not started. */
  made({ policy = {}, dryRun = false, parts = {} }: TownGiven = {}): Groups {
    const say = (words: string): void => void this.said.push(words);
    this.time.saw(this.fake.now());
    return (this.groups = new Groups({
      ...{ api: this.guarded, known: this.known, clock: this.hand, dryRun },
      askPods: askThroughProxy(this.client, this.hand),
      looks: { of: (uid) => this.lookedAt(uid) },
      may: () => this.mayAct,
      policy: parsePolicy({ ...this.policy, ...policy }),
      recorder: { tell: (occurrence) => void this.told.push(occurrence) },
      listener: {
        acted: (deed, isNews) => {
          this.deeds.push(deed);
          if (isNews) this.news.push(`${deed.action} ${deed.result}`);
        },
        rival: (_group, deployment, words) => say(`rival of ${deployment}: ${words}`),
        standstill: ({ group }, words) => say(`standstill of ${group}: ${words}`),
        goesOn: ({ group }) => say(`${group} goes on`),
        unknown: ({ group }, words) => say(`${group} is unknown: ${words}`),
        looked: () => (this.looks += 1),
        fault: (error) => {
          throw error;
        },
      },
      ...{ everyMs: 30_000, lookEveryMs: 20_000, names: undefined, ...parts },
    }));
  }

  start(given?: TownGiven): Groups {
    const groups = this.made(given);
    groups.start();
    return groups;
  }

  /** Time passes, and whoever waits for an answer has it before more does. */
  async pass(ms: number): Promise<void> {
    const endMs = this.hand.now() + ms;
    await settled();
    while (this.hand.now() < endMs) {
      this.hand.advance(Math.min(STEP_MS, endMs - this.hand.now()));
      this.nowMs = this.fake.now();
      await settled();
    }
  }

  /** `RainbowShrunk` for each that was told, with its message. */
  get events(): string[] {
    return this.told.map(({ reason, message }) => `${reason}: ${message}`);
  }

  async ended(): Promise<void> {
    await this.groups?.stop();
  }

  private lookedAt(uid: string): { answer: PodAnswer; atMs: number } | undefined {
    const stored = this.fake.objects.list('Pod').find(({ metadata }) => metadata.uid === uid);
    const pod = stored === undefined ? undefined : readPod(stored);
    if (pod === undefined || this.unseen.has(pod.facts.name)) return undefined;
    const said = this.says.has(pod.facts.name) ? this.says.get(pod.facts.name) : quiet();
    const answer: PodAnswer =
      said === undefined || 'body' in said
        ? { known: false, reason: 'unreachable', words: 'does not answer' }
        : readAnswer({ status: 200, body: JSON.stringify(said), atMs: undefined });
    return { answer: ofPod(answer, pod.facts.isReady), atMs: this.hand.now() };
  }
}

/** Nothing there waits for anything but promises. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function groupTown(t: Test): GroupTown {
  const town = new GroupTown();
  t.teardown(() => town.ended());
  return town;
}

/** It lost its traffic so many hours ago. */
export function lost(hours: number): Pick<State, 'wasLive'> & { readonly lostTrafficMs: number } {
  return { wasLive: true, lostTrafficMs: NOW_MS - hours * HOUR_MS };
}

/** What is remembered of a colour that is to be scaled to zero now. */
export const ZERO_DUE: Partial<State> = {
  ...lost(5),
  drainedSinceMs: NOW_MS - 11 * MINUTE_MS,
};

/** With a live colour; a test puts what it is about beside it. */
export function withLive(t: Test): GroupTown {
  const town = groupTown(t);
  town.old('live', 30, { wasLive: true, liveSinceMs: NOW_MS - 30 * HOUR_MS });
  town.select('web', 'live');
  return town;
}
