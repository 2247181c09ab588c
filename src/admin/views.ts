/**
 * The sidecar's state as the admin port tells it. Costs the same at any number of connections,
 * but for the list of them, which is asked for with a limit.
 */
import { plainAddress } from '../tunnel/proxy-preamble.js';
import type { Lease } from '../drain/leases.js';
import { KINDS, type Kind } from '../protocol/contract.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import type {
  ConnectionInfo,
  ConnectionOrder,
  KindCounts,
  LeaseAnswer,
  LeaseInfo,
  LeaseList,
  SafeToDelete,
  Status,
} from './contract.js';
import type { AdminSources } from './routes.js';

/** The time of day at a moment of the clock. */
function wallAt({ clock }: AdminSources, ms: number): string {
  return clock.wallAt(ms).toISOString();
}

export function verdictOf(from: AdminSources): SafeToDelete {
  const { drain, tracker } = from;
  const active = tracker.activeTotal;
  const { quietSinceMs } = drain;
  const quietSince = quietSinceMs === undefined ? null : wallAt(from, quietSinceMs);
  return { ...drain.verdict(), phase: drain.phase, active, leases: drain.leases, quietSince };
}

export function statusOf(from: AdminSources): Status {
  const { drain, tracker, health, leases } = from;
  const { budget, reason } = drain;
  const { oldest } = leases;
  const total = tracker.total;
  const deadline = deadlineOf(from);
  return {
    phase: drain.phase,
    since: wallAt(from, drain.sinceMs),
    verdict: verdictOf(from),
    terminating: drain.terminating,
    drain:
      budget === undefined || reason === undefined || deadline === null
        ? null
        : {
            reason,
            start: wallAt(from, budget.startMs),
            deadline,
            secondsLeft: seconds(Math.max(0, budget.deadlineMs - from.clock.now())),
          },
    eta: drain.phase === 'drained' ? null : deadline,
    connections: {
      total,
      active: tracker.activeTotal,
      idle: total - tracker.activeTotal,
      byKind: Object.fromEntries(KINDS.map((kind) => [kind, countsOf(from, kind)])) as Record<
        Kind,
        KindCounts
      >,
    },
    requestsInFlight: tracker.requestsInFlight,
    leases: { held: leases.size, oldest: oldest === undefined ? null : leaseInfo(from, oldest) },
    arrivals: tracker.arrivals,
    app: { up: health.up },
    build: { version: from.version, node: process.version },
  };
}

function deadlineOf(from: AdminSources): string | null {
  const { budget } = from.drain;
  return budget === undefined ? null : wallAt(from, budget.deadlineMs);
}

function leaseInfo(from: AdminSources, lease: Lease): LeaseInfo {
  const { id, name, holder = null, ttlMs, sinceMs, expiresMs } = lease;
  const [since, expires] = [wallAt(from, sinceMs), wallAt(from, expiresMs)];
  return { id, name, holder, ttlSeconds: seconds(ttlMs), since, expires };
}

/** What the holder of a lease is told: it may stop taking jobs where the pod drains. */
export function leaseAnswer(from: AdminSources, lease: Lease): LeaseAnswer {
  return { ...leaseInfo(from, lease), phase: from.drain.phase, deadline: deadlineOf(from) };
}

export function listLeases(from: AdminSources): LeaseList {
  const leases = [...from.leases.all()].map((lease) => leaseInfo(from, lease));
  return { leases, phase: from.drain.phase, deadline: deadlineOf(from) };
}

function countsOf({ tracker, clock }: AdminSources, kind: Kind): KindCounts {
  const oldestMs = tracker.oldestMs(kind);
  return {
    active: tracker.active[kind],
    idle: tracker.idle[kind],
    oldestSeconds: oldestMs === undefined ? null : seconds(clock.now() - oldestMs),
  };
}

/** The `limit` oldest connections, or the first of each kind in the order of the kinds. */
export function listConnections(
  from: AdminSources,
  sort: ConnectionOrder,
  limit: number,
): ConnectionInfo[] {
  const tunnels = [...from.tracker.tunnels()];
  if (sort === 'age') tunnels.sort((one, other) => one.openedMs - other.openedMs);
  return tunnels.slice(0, limit).map((tunnel) => infoOf(from, tunnel));
}

function infoOf({ clock }: AdminSources, tunnel: Tunnel): ConnectionInfo {
  const { remoteAddress, remotePort } = tunnel.client;
  const host = remoteAddress === undefined ? 'unknown' : plainAddress(remoteAddress);
  return {
    kind: tunnel.kind,
    state: tunnel.active ? 'active' : 'idle',
    client: host.includes(':') ? `[${host}]:${remotePort ?? 0}` : `${host}:${remotePort ?? 0}`,
    ageSeconds: seconds(clock.now() - tunnel.openedMs),
    kindSeconds: seconds(clock.now() - tunnel.sinceMs),
    requestsInFlight: tunnel.exchangesOpen,
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
