/**
 * Answers of an admin port, made up: a status in which nothing goes on, and what differs from it.
 */
import type { KindCounts, SafeToDelete, Status } from '../../src/admin/contract.js';

export type Kind = keyof Status['connections']['byKind'];

const NONE: KindCounts = { active: 0, idle: 0, oldestSeconds: null };

export const SAFE: SafeToDelete = {
  safe: true,
  phase: 'serving',
  active: 0,
  leases: 0,
  quietSince: '2024-01-01T11:58:00.250Z',
};

export const SERVING: Status = {
  phase: 'serving',
  since: '2024-01-01T10:00:00.000Z',
  verdict: SAFE,
  terminating: false,
  drain: null,
  eta: null,
  connections: connections({}),
  requestsInFlight: 0,
  leases: { held: 0, oldest: null },
  arrivals: 0,
  app: { up: true },
  build: { version: '1.2.3', node: 'v24.0.0' },
};

/** A drain that began at 12:00:00, of a pod that is terminating. */
export const DRAINING: Status = {
  ...SERVING,
  phase: 'draining',
  since: '2024-01-01T12:00:30.000Z',
  verdict: {
    safe: false,
    reason: 'active',
    phase: 'draining',
    active: 9_001,
    leases: 0,
    quietSince: null,
  },
  terminating: true,
  drain: {
    reason: 'preStop',
    start: '2024-01-01T12:00:00.000Z',
    deadline: '2024-01-01T12:30:00.000Z',
    secondsLeft: 1_770.5,
  },
  eta: '2024-01-01T12:30:00.000Z',
  connections: connections({
    http1: { active: 2, idle: 14, oldestSeconds: 61.2 },
    websocket: { active: 8_999, idle: 0, oldestSeconds: 93_784.9 },
  }),
  requestsInFlight: 2,
  arrivals: 18_233,
};

/** Those of `open`, and none of the other kinds. */
export function connections(open: Partial<Record<Kind, KindCounts>>): Status['connections'] {
  const byKind = {
    http1: NONE,
    sse: NONE,
    websocket: NONE,
    http2: NONE,
    tls: NONE,
    tcp: NONE,
    ...open,
  };
  const active = Object.values(byKind).reduce((sum, kind) => sum + kind.active, 0);
  const idle = Object.values(byKind).reduce((sum, kind) => sum + kind.idle, 0);
  return { total: active + idle, active, idle, byKind };
}
