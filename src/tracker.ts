/**
 * Knows what is open, in numbers that cost nothing to read: every count is kept as it changes,
 * so that a scrape never walks the connections. Decides nothing.
 */
import { Buckets } from './buckets.js';
import type { Clock } from './clock.js';
import {
  GIVE_UP_REASONS,
  type GiveUpReason,
  KINDS,
  type Kind,
  type Purpose,
} from './protocol/contract.js';
import { ENDED_BY, type EndedBy, type TunnelEvents } from './tunnel/events.js';
import type { Tunnel } from './tunnel/tunnel.js';

/** What the tracker passes on to those who speak or act: rare things, never one a chunk. */
export interface TrackerListener {
  appUnreachable(code: string): void;
  appReached(): void;
  /** A request was answered by another pod. */
  secondChance(): void;
  gaveUp(reason: GiveUpReason): void;
  tlsCarried(): void;
  fault(error: unknown): void;
  /** Nothing is active any more. */
  idle(): void;
  /** There is work again. */
  busy(): void;
}

type Counts<K extends string> = Record<K, number>;

function countsOf<K extends string, V>(keys: readonly K[], first: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, first()])) as Record<K, V>;
}

const zero = (): number => 0;

/** Upper bounds in seconds: connections live for hours, requests for milliseconds. */
const CONNECTION_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Tracker implements TunnelEvents {
  receivedBytes = 0;
  sentBytes = 0;
  requestsInFlight = 0;
  /** Connections accepted and requests begun. */
  arrivals = 0;
  /** How often work began: what says that clients still come. */
  worksBegun = 0;
  /** Requests begun while `isLate`, and those of them that were refused. */
  lateRequests = 0;
  lateRefused = 0;
  /** Requests that were answered by another pod, and those of them that were late. */
  secondChances = 0;
  lateSecondChances = 0;
  /** Set while a drain is going on: what comes now is late, and endings are counted. */
  isLate = false;
  /** Work that came to its own end: exchanges, and connections that are work as a whole. */
  finished = 0;
  /** Work that parted: its goodbye was said and taken. */
  farewell = 0;
  /** Work that tidegate ended in no such way. */
  cut = 0;
  /** Attempts to reach the app that failed. */
  appConnectErrors = 0;
  /** Connections with work in progress, or what may be it, of all kinds. */
  activeTotal = 0;
  /** Those of them whose work is known to be some: no probe's, and not only a connection. */
  workTotal = 0;
  /** Clock time of the last moment at which something was active. */
  lastActiveMs: number;
  /** Since when it has been quiet: no known work; told while there is none. */
  quietSinceMs: number;
  /** Open connections by kind, with work in progress and with none. */
  readonly active: Counts<Kind> = countsOf(KINDS, zero);
  readonly idle: Counts<Kind> = countsOf(KINDS, zero);
  /** How often a connection became this kind; one that is upgraded counts under two. */
  readonly openedAs: Counts<Kind> = countsOf(KINDS, zero);
  /** Connections that are gone, by the kind they had at the end. */
  readonly closedBy: Record<Kind, Counts<EndedBy>> = countsOf(KINDS, () =>
    countsOf(ENDED_BY, zero),
  );
  readonly gaveUpFor: Counts<GiveUpReason> = countsOf(GIVE_UP_REASONS, zero);
  /** Final answers by the first digit of their status; what is none of 1 to 5 counts under 0. */
  readonly answeredClass: number[] = [0, 0, 0, 0, 0, 0];
  /** How long connections were of their last kind, and requests took; seconds. */
  readonly connectionSeconds: Record<Kind, Buckets> = countsOf(
    KINDS,
    () => new Buckets(CONNECTION_SECONDS),
  );
  readonly requestSeconds = new Buckets(REQUEST_SECONDS);
  /** Every open connection; the first of a kind is the one that has been it for longest. */
  readonly open: Record<Kind, Set<Tunnel>> = countsOf(KINDS, () => new Set<Tunnel>());
  private readonly clock: Clock;
  private readonly listener: TrackerListener;

  constructor(clock: Clock, listener: TrackerListener) {
    this.clock = clock;
    this.listener = listener;
    this.lastActiveMs = clock.now();
    this.quietSinceMs = this.lastActiveMs;
  }

  opened(tunnel: Tunnel): void {
    this.arrivals++;
    this.open[tunnel.kind].add(tunnel);
    this.add(tunnel.kind, tunnel.active, 1);
  }

  moved(tunnel: Tunnel, kind: Kind, active: boolean, wasWork: boolean): void {
    if (wasWork && !tunnel.isWork) this.workEnded();
    this.add(tunnel.kind, tunnel.active, 1);
    this.add(kind, active, -1);
    if (tunnel.isWork && !wasWork) this.workBegan();
    if (tunnel.kind === kind) {
      // Its first byte told nothing else.
      const isTold = kind === 'tcp' && tunnel.active && !active && tunnel.app !== undefined;
      if (isTold) this.openedAs.tcp++;
      return;
    }
    this.open[kind].delete(tunnel);
    this.open[tunnel.kind].add(tunnel);
    // Behind an event stream it is the HTTP connection that has been counted already.
    if (kind !== 'sse' || tunnel.kind !== 'http1') this.openedAs[tunnel.kind]++;
    if (tunnel.kind === 'tls') this.listener.tlsCarried();
  }

  closed(tunnel: Tunnel, endedBy: EndedBy, lostExchanges: number): void {
    const { kind } = tunnel;
    this.open[kind].delete(tunnel);
    this.closedBy[kind][endedBy]++;
    this.connectionSeconds[kind].observe((this.clock.now() - tunnel.sinceMs) / 1_000);
    this.requestsInFlight -= lostExchanges;
    if (tunnel.active) this.countWork(tunnel, endedBy, lostExchanges);
    if (tunnel.isWork) this.workEnded();
    this.add(kind, tunnel.active, -1);
  }

  exchangeBegan(): void {
    this.requestsInFlight++;
    this.arrivals++;
    if (this.isLate) this.lateRequests++;
  }

  exchangeEnded(beganMs: number, purpose: Purpose): void {
    this.requestsInFlight--;
    if (this.isLate && purpose === 'work') this.finished++;
    this.requestSeconds.observe((this.clock.now() - beganMs) / 1_000);
  }

  saidFarewell(exchanges: number): void {
    this.requestsInFlight -= exchanges;
    if (this.isLate) this.farewell += exchanges;
  }

  refusedLate(): void {
    this.lateRefused++;
  }

  secondChance(): void {
    this.secondChances++;
    if (this.isLate) this.lateSecondChances++;
    this.listener.secondChance();
  }

  answered(status: number): void {
    const digit = Math.floor(status / 100);
    this.answeredClass[digit > 5 ? 0 : digit]++;
  }

  gaveUp(reason: GiveUpReason, lostExchanges: number): void {
    this.requestsInFlight -= lostExchanges;
    this.gaveUpFor[reason]++;
    this.listener.gaveUp(reason);
  }

  dialFailed(code: string): void {
    this.appConnectErrors++;
    this.listener.appUnreachable(code);
  }

  reached(): void {
    this.listener.appReached();
  }

  fault(error: unknown): void {
    this.listener.fault(error);
  }

  /** How many connections are open. */
  get total(): number {
    return KINDS.reduce((sum, kind) => sum + this.open[kind].size, 0);
  }

  /** When the connection that has been `kind` for longest became it, in clock time. */
  oldestMs(kind: Kind): number | undefined {
    for (const tunnel of this.open[kind]) return tunnel.sinceMs;
    return undefined;
  }

  *tunnels(): Generator<Tunnel> {
    for (const kind of KINDS) yield* this.open[kind];
  }

  /** Work that a connection took with it: its exchanges, or itself. */
  private countWork(tunnel: Tunnel, endedBy: EndedBy, lostExchanges: number): void {
    if (!this.isLate) return;
    const work = Math.max(1, lostExchanges);
    if (tunnel.hasParted) this.farewell += work;
    else if (endedBy === 'drain' || endedBy === 'deadline') this.cut += work;
    else if (tunnel.app !== undefined) this.finished += work;
  }

  private workBegan(): void {
    this.worksBegun++;
    if (++this.workTotal === 1) this.listener.busy();
  }

  private workEnded(): void {
    if (--this.workTotal === 0) this.quietSinceMs = this.clock.now();
  }

  private add(kind: Kind, active: boolean, by: 1 | -1): void {
    if (!active) {
      this.idle[kind] += by;
      return;
    }
    this.active[kind] += by;
    this.activeTotal += by;
    if (this.activeTotal > 0) return;
    this.lastActiveMs = this.clock.now();
    this.listener.idle();
  }
}
