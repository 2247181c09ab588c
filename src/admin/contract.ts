/**
 * What is said on the admin port, for those who answer and those who ask. Outward names: they
 * change only on purpose. Times are ISO 8601, spans are seconds.
 */
import type { Phase } from '../drain/phase.js';
import type { VerdictReason } from '../drain/verdict.js';
import type { Kind } from '../protocol/contract.js';

/** Every answer that is not 2xx and is no verdict. */
export interface AdminError {
  readonly error: string;
  readonly reason: string;
}

export interface Ready {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface KindCounts {
  readonly active: number;
  readonly idle: number;
  /** For how long the oldest one has been this kind. */
  readonly oldestSeconds: number | null;
}

export interface SafeToDelete {
  readonly safe: boolean;
  readonly reason?: VerdictReason;
  readonly phase: Phase;
  readonly active: number;
  readonly leases: number;
  /** Since when nothing has been active and no lease held. */
  readonly quietSince: string | null;
}

/** A statement of the app that background work is going on. */
export interface LeaseInfo {
  readonly id: string;
  readonly name: string;
  readonly holder: string | null;
  readonly ttlSeconds: number;
  readonly since: string;
  /** It ends then unless it is renewed, and with the deadline of a drain in any case. */
  readonly expires: string;
}

/** The error of a lease that is not held any more. */
export const NO_SUCH_LEASE = 'no-such-lease';

/** What its holder is told beside it. */
export interface LeaseAnswer extends LeaseInfo {
  readonly phase: Phase;
  /** Of the drain, if one is going on. */
  readonly deadline: string | null;
}

export interface LeaseList {
  readonly leases: readonly LeaseInfo[];
  readonly phase: Phase;
  readonly deadline: string | null;
}

export interface Status {
  readonly phase: Phase;
  readonly since: string;
  readonly verdict: SafeToDelete;
  readonly terminating: boolean;
  /** Of the drain, if one is going on. */
  readonly drain: {
    readonly reason: string;
    readonly start: string;
    readonly deadline: string;
    readonly secondsLeft: number;
  } | null;
  /** When it lets go at the latest. */
  readonly eta: string | null;
  readonly connections: {
    readonly total: number;
    readonly active: number;
    readonly idle: number;
    readonly byKind: Readonly<Record<Kind, KindCounts>>;
  };
  readonly requestsInFlight: number;
  readonly leases: { readonly held: number; readonly oldest: LeaseInfo | null };
  /** Connections accepted and requests begun since the start. */
  readonly arrivals: number;
  readonly app: { readonly up: boolean };
  readonly build: { readonly version: string; readonly node: string };
}

export interface ConnectionInfo {
  readonly kind: Kind;
  readonly state: 'active' | 'idle';
  readonly client: string;
  readonly ageSeconds: number;
  /** Since it became its kind. */
  readonly kindSeconds: number;
  readonly requestsInFlight: number;
}

export const CONNECTION_ORDERS = ['age', 'kind'] as const;
export type ConnectionOrder = (typeof CONNECTION_ORDERS)[number];
export const CONNECTIONS_LIMIT_MAX = 10_000;

/** The header that takes the token where `Authorization` is stripped on the way. */
export const TOKEN_HEADER = 'x-tidegate-token';
