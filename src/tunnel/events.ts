/**
 * What climbs out of a tunnel. The tracker listens; nothing in this room knows what becomes of a
 * fact. Called from the hot loop: implementations allocate nothing and never throw.
 */
import type { GiveUpReason, Kind, Purpose } from '../protocol/contract.js';
import type { Tunnel } from './tunnel.js';

/** Who ended a connection: the label values of `tidegate_connections_closed_total`. */
export const ENDED_BY = ['client', 'app', 'drain', 'deadline', 'error'] as const;
export type EndedBy = (typeof ENDED_BY)[number];

export interface TunnelEvents {
  /** Bytes that came from clients, and that were sent to them. */
  receivedBytes: number;
  sentBytes: number;
  /** A client connected. Its kind is `tcp` and idle until its first bytes tell. */
  opened(tunnel: Tunnel): void;
  /** The tunnel was `kind`, active or not, for sure or not; now it is what its fields say. */
  moved(tunnel: Tunnel, kind: Kind, active: boolean, isWork: boolean): void;
  exchangeBegan(): void;
  /** Answered in whole, or turned into another protocol. `beganMs` is clock time. */
  exchangeEnded(beganMs: number, purpose: Purpose): void;
  answered(status: number): void;
  /** Exchanges were ended by a goodbye that was taken, and their connection goes on. */
  saidFarewell(exchanges: number): void;
  /** A request that came in a drain was refused. */
  refusedLate(): void;
  /** A request whose app could not be reached was answered by another pod. */
  secondChance(): void;
  /** `lostExchanges` were open and cannot be followed to their end. */
  gaveUp(reason: GiveUpReason, lostExchanges: number): void;
  /** An attempt to reach the app failed; `code` is the system's, like ECONNREFUSED. */
  dialFailed(code: string): void;
  /** The app took a connection. */
  reached(): void;
  /** An observer threw: a bug of ours, which cost this tunnel its observer and nothing else. */
  fault(error: unknown): void;
  /** Both sockets are gone, and `lostExchanges` with them. */
  closed(tunnel: Tunnel, endedBy: EndedBy, lostExchanges: number): void;
}
