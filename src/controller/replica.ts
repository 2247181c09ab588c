/**
 * Puts one replica of the controller together: who hears of what. No policy here; whatever is decided
 * is decided in the parts this file joins. All of them look, whether it leads or not; the guarded
 * API and `may` keep those that write from writing.
 */
import type { Server } from 'node:http';
import { createAdmin } from '../admin/server.js';
import type { Clock } from '../clock.js';
import type { ControllerJournal } from '../journal/controller.js';
import type { Access } from '../kubernetes/access.js';
import { ApiClient } from '../kubernetes/client.js';
import { Events, type Occurrence, type Telling } from '../kubernetes/events.js';
import type { Change, Restart } from '../kubernetes/informer.js';
import { Leadership } from '../kubernetes/lease.js';
import { KubernetesApi } from '../kubernetes/objects.js';
import { createControllerMetrics } from '../metrics/controller.js';
import { openPort } from '../port.js';
import type { Address } from '../settings/address.js';
import { type ControllerConfig, namespacesOf } from './arguments.js';
import { askingBy } from './asking.js';
import { Calls } from './calls.js';
import type { WatchedPod } from './contract.js';
import { Departures } from './departures.js';
import { areAtRest, overOnce } from './ending.js';
import type { Groups } from './groups.js';
import { groupsOf } from './groups-of.js';
import { GuardedApi } from './guarded-api.js';
import { Health } from './health.js';
import { KnownApi } from './known-api.js';
import { Looks } from './looks.js';
import { Marking } from './marking.js';
import { OWN_MARKS } from './marks.js';
import { Notices } from './notices.js';
import { Owners } from './owners.js';
import { pilesOf } from './piles.js';
import { metricsSources } from './readings.js';
import { resourceOf } from './rights.js';
import { controllerRoutes } from './server.js';
import { ServerTime } from './server-time.js';
import { Stores } from './stores.js';
import { Tallies } from './tallies.js';

export interface ReplicaOf {
  readonly config: ControllerConfig;
  readonly access: Access;
  readonly clock: Clock;
  readonly random: () => number;
  readonly journal: ControllerJournal;
  /** Of this process alone. */
  readonly identity: string;
}

/** What is under way may end while it is still this one's turn; but nobody waits long. */
const REST_MS_MAX = 2_500;
const EVENTS_MS_MAX = 1_000;

export class Replica {
  private readonly of: ReplicaOf;
  private readonly tallies = new Tallies();
  private readonly notices: Notices;
  private readonly owners = new Owners((uid) => this.stores.replicaSet(uid));
  private readonly calls: Calls;
  private readonly leadership: Leadership;
  private readonly stores: Stores;
  private readonly health: Health;
  private readonly looks: Looks;
  private readonly marking: Marking;
  private readonly events: Events;
  private readonly departures: Departures;
  private readonly groups: Groups;
  private readonly server: Server;
  private readonly startMs: number;
  private isSynced = false;
  private isEnding = false;

  constructor(of: ReplicaOf) {
    const { config, access, clock, random, journal, identity } = of;
    this.of = of;
    this.startMs = clock.now();
    const client = new ApiClient(access, clock);
    const time = new ServerTime(clock);
    this.notices = new Notices({
      ...{ clock, journal, lookEveryMs: config.lookEveryMs, calls: () => this.calls },
      hurry: () => this.groups.hurry(),
    });
    this.calls = new Calls(clock, this.notices.callsHeard());
    const api = new GuardedApi({
      api: new KubernetesApi(client),
      calls: this.calls,
      told: (atMs) => time.saw(atMs),
      isLeader: () => this.leadership.isLeader,
      isDryRun: config.dryRun,
    });
    this.leadership = new Leadership({
      ...{ api, clock, random, identity, name: config.lease, namespace: access.namespace },
      changed: (isLeader) => this.changed(isLeader),
      failed: (error) => this.notices.leaseFailed(error),
    });
    this.stores = new Stores({
      ...{ api, clock, random, namespaces: namespacesOf(config, access.namespace) },
      restarted: (why, resource) => this.restarted(why, resourceOf(resource)),
      failed: (error) => this.notices.fault(error),
      mayList: (resource, namespace) =>
        !this.calls.isMissing({ verb: 'list', resource, namespace }),
      synced: () => this.synced(),
    });
    this.health = new Health(clock, config.lookEveryMs, this.stores, () => this.looks);
    const { once, by, twice, atOnceMax } = askingBy(config, client, this.calls);
    this.looks = new Looks({
      ...{ clock, everyMs: config.lookEveryMs, ask: once, by, atOnceMax },
      failed: (error) => this.notices.fault(error),
    });
    this.marking = this.markingBy(api);
    this.events = new Events({
      ...{ api, clock, may: () => this.leadership.isLeader },
      told: (...told) => this.told(...told),
    });
    this.departures = this.departuresTo(this.events, time);
    this.groups = groupsOf({
      ...{ config, clock, api, journal, looks: this.looks, askPods: twice, recorder: this.events },
      known: new KnownApi(api, time, this.stores.held),
      may: () => this.leadership.isLeader,
      tallies: this.tallies,
      looked: () => this.health.swept(),
    });
    const metrics = createControllerMetrics(this.readings());
    const routes = {
      stuck: () => this.health.stuck(),
      unknown: () => this.health.unknown(),
      metrics,
    };
    this.server = createAdmin(controllerRoutes(routes), undefined);
    this.join();
  }

  /** Opens its port, and begins to look; rejects with a ListenError. */
  async start(): Promise<Address> {
    const address = await openPort(this.server, 'admin', this.of.config.admin);
    this.stores.start();
    this.looks.start();
    this.marking.start();
    this.groups.start();
    this.leadership.start();
    return address;
  }

  /**
   * Nothing more is begun; what is under way is done and told, then the Lease is given away, and the
   * port is closed last. Where a step at a colour does not end in time the Lease is left to lapse:
   * nobody else may begin beside it.
   */
  async stop(): Promise<void> {
    const { looks, marking, departures, events, leadership } = this;
    const { clock } = this.of;
    this.isEnding = true;
    looks.stop();
    marking.stop();
    departures.stop();
    const areGroupsOver = overOnce(this.groups.stop());
    await areAtRest(clock, REST_MS_MAX, areGroupsOver, () => marking.isAtRest);
    await areAtRest(clock, EVENTS_MS_MAX, () => events.isAtRest);
    events.stop();
    await leadership.stop(areGroupsOver());
    await this.stores.stop();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Facts climb from the stores to those who look, and from there to those who mark and tell. */
  private join(): void {
    const { stores, looks, marking, departures } = this;
    stores.onPod((change) => this.heard(change));
    looks.onLook((pod) => {
      this.health.looked();
      const looked = looks.of(pod.uid);
      if (looked !== undefined) departures.looked(pod, looked);
      if (looked !== undefined) this.notices.looked(pod, looked);
      marking.looked(pod);
    });
    looks.onAskable((namespace, error) => this.notices.askable(namespace, error));
  }

  private heard(change: Change<WatchedPod>): void {
    // First, while what it said last is known.
    this.departures.heard(change);
    if (change.type === 'gone') {
      this.looks.forget(change.last.uid);
      this.notices.forget(change.last);
      this.marking.forget(change.last.uid);
    } else {
      this.marking.see(change.now);
      this.looks.see(change.now);
    }
  }

  private markingBy(api: GuardedApi): Marking {
    const { config, clock, journal } = this.of;
    return new Marking({
      ...{ api, clock, settings: config, lookEveryMs: config.lookEveryMs },
      may: () => this.may(),
      lookAt: (uid) => this.looks.of(uid),
      hurry: (uid) => this.looks.hurry(uid),
      told: (marked) => {
        this.tallies.acted('mark', marked.result);
        this.notices.marked(marked);
      },
      ownerOf: (pod) => this.owners.of(pod),
      foreign: (pod, mark, value) =>
        journal.foreignMarks(this.owners.of(pod), OWN_MARKS[mark], value),
      blind: (isBlind) => (isBlind ? journal.blind() : journal.sighted()),
    });
  }

  private departuresTo(recorder: Events, time: ServerTime): Departures {
    const { clock, journal } = this.of;
    return new Departures({
      ...{ clock, recorder, owners: this.owners },
      serverMs: () => time.nowMs ?? clock.wall().getTime(),
      areOwnersKnown: () => this.isSynced,
      listener: {
        ended: (outcome) => {
          if (this.leadership.isLeader) this.tallies.ended(outcome);
        },
        silent: (namespace, words) => {
          if (this.leadership.isLeader) journal.silentDeath(namespace, words);
        },
      },
    });
  }

  private readings(): Parameters<typeof createControllerMetrics>[0] {
    const { clock } = this.of;
    const { calls, tallies, looks, stores } = this;
    return metricsSources({
      ...{ clock, calls, tallies },
      isLeader: () => this.leadership.isLeader,
      isSynced: () => this.isSynced && this.health.unknown().length === 0,
      piles: () =>
        pilesOf({
          pods: stores.watchedPods(),
          lookedAt: (uid) => looks.of(uid),
          isOld: this.old(),
        }),
      groups: () => this.groups.standings(),
      lastLookMs: () => this.health.last.lookMs,
      lastSweepMs: () => this.health.last.sweepMs,
    });
  }

  private told(telling: Telling, occurrence: Occurrence, error?: unknown): void {
    const result = this.tallies.told(telling);
    if (result !== 'stopped') this.notices.told(occurrence, error);
  }

  private changed(isLeader: boolean): void {
    const { journal, identity } = this.of;
    if (isLeader) {
      journal.leading(identity);
      this.marking.hurry();
      return this.groups.hurry();
    }
    this.calls.follows();
    this.notices.follows();
    if (!this.isEnding) journal.following(identity);
  }

  /** As of now, whether a pod is of a colour that nobody needs any more. */
  private old(): (pod: WatchedPod) => boolean {
    const uids = new Set(this.groups.standings().flatMap((one) => [...one.old]));
    return ({ owner }) => {
      const deployment = owner === undefined ? undefined : this.stores.replicaSet(owner.uid)?.owner;
      return deployment !== undefined && uids.has(deployment);
    };
  }

  private may(): boolean {
    return this.leadership.isLeader && !this.of.config.dryRun;
  }

  private restarted(why: Restart, resource: string): void {
    if (why !== 'ended' && why !== 'resync') this.tallies.restarted(resource);
  }

  private synced(): void {
    this.isSynced = true;
    const { clock, journal } = this.of;
    const pods = [...this.stores.watchedPods()].length;
    journal.synced({ pods, tookMs: clock.now() - this.startMs });
  }
}
