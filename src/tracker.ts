/**
 * Knows what is open, in numbers that cost nothing to read: every count is kept as it changes,
 * so that a scrape never walks the connections. Decides nothing.
 */
import { GIVE_UP_REASONS, type GiveUpReason, KINDS, type Kind } from './protocol/contract.js';
import { ENDED_BY, type EndedBy, type TunnelEvents } from './tunnel/events.js';
import type { Tunnel } from './tunnel/tunnel.js';

/** What the tracker passes on to those who speak or act: rare things, never one a chunk. */
export interface TrackerListener {
  appUnreachable(code: string): void;
  appReached(): void;
  gaveUp(reason: GiveUpReason): void;
  tlsCarried(): void;
  fault(error: unknown): void;
  /** Nothing is active any more. */
  idle(): void;
}

type Counts<K extends string> = Record<K, number>;

function countsOf<K extends string, V>(keys: readonly K[], first: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, first()])) as Record<K, V>;
}

const zero = (): number => 0;

export class Tracker implements TunnelEvents {
  receivedBytes = 0;
  sentBytes = 0;
  requestsInFlight = 0;
  /** Attempts to reach the app that failed. */
  appConnectErrors = 0;
  /** Connections with work in progress, of all kinds. */
  activeTotal = 0;
  /** Open connections by kind, with work in progress and with none. */
  readonly active: Counts<Kind> = countsOf(KINDS, zero);
  readonly idle: Counts<Kind> = countsOf(KINDS, zero);
  /** Connections that are gone, by the kind they had at the end. */
  readonly closedBy: Record<Kind, Counts<EndedBy>> = countsOf(KINDS, () =>
    countsOf(ENDED_BY, zero),
  );
  readonly gaveUpFor: Counts<GiveUpReason> = countsOf(GIVE_UP_REASONS, zero);
  /** Final answers by the first digit of their status; what is none of 1 to 5 counts under 0. */
  readonly answeredClass: number[] = [0, 0, 0, 0, 0, 0];
  /** Every open connection, oldest first. */
  readonly tunnels = new Set<Tunnel>();
  private readonly listener: TrackerListener;

  constructor(listener: TrackerListener) {
    this.listener = listener;
  }

  opened(tunnel: Tunnel): void {
    this.tunnels.add(tunnel);
    this.add(tunnel.kind, tunnel.active, 1);
  }

  moved(tunnel: Tunnel, kind: Kind, active: boolean): void {
    this.add(tunnel.kind, tunnel.active, 1);
    this.add(kind, active, -1);
    if (tunnel.kind === 'tls') this.listener.tlsCarried();
  }

  closed(tunnel: Tunnel, endedBy: EndedBy): void {
    this.tunnels.delete(tunnel);
    this.closedBy[tunnel.kind][endedBy]++;
    this.add(tunnel.kind, tunnel.active, -1);
  }

  exchangeBegan(): void {
    this.requestsInFlight++;
  }

  exchangesEnded(count: number): void {
    this.requestsInFlight -= count;
  }

  answered(status: number): void {
    const digit = Math.floor(status / 100);
    this.answeredClass[digit > 5 ? 0 : digit]++;
  }

  gaveUp(reason: GiveUpReason): void {
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

  private add(kind: Kind, active: boolean, by: 1 | -1): void {
    if (!active) {
      this.idle[kind] += by;
      return;
    }
    this.active[kind] += by;
    this.activeTotal += by;
    if (this.activeTotal === 0) this.listener.idle();
  }
}
