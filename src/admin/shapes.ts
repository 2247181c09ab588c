/**
 * The forms of the admin port's answers as data, to hold an answer against before it is shown.
 * What a newer tidegate says beyond them is let be.
 */
import type { AdminError } from './contract.js';

type Primitive = 'string' | 'number' | 'boolean';

/** `orNull`: null is as good. `optional`: it may be missing. `each`: every value of a record. */
export type Shape =
  | Primitive
  | { readonly orNull: Shape }
  | { readonly optional: Shape }
  | { readonly each: Shape }
  | { readonly record: Readonly<Record<string, Shape>> };

export const SAFE_TO_DELETE: Shape = {
  record: {
    safe: 'boolean',
    reason: { optional: 'string' },
    phase: 'string',
    active: 'number',
    leases: 'number',
    quietSince: { orNull: 'string' },
  },
};

const LEASE: Readonly<Record<string, Shape>> = {
  id: 'string',
  name: 'string',
  holder: { orNull: 'string' },
  ttlSeconds: 'number',
  since: 'string',
  expires: 'string',
};

export const LEASE_ANSWER: Shape = {
  record: { ...LEASE, phase: 'string', deadline: { orNull: 'string' } },
};

export const STATUS: Shape = {
  record: {
    phase: 'string',
    since: 'string',
    verdict: SAFE_TO_DELETE,
    terminating: 'boolean',
    drain: {
      orNull: {
        record: { reason: 'string', start: 'string', deadline: 'string', secondsLeft: 'number' },
      },
    },
    eta: { orNull: 'string' },
    connections: {
      record: {
        total: 'number',
        active: 'number',
        idle: 'number',
        byKind: {
          each: {
            record: { active: 'number', idle: 'number', oldestSeconds: { orNull: 'number' } },
          },
        },
      },
    },
    requestsInFlight: 'number',
    leases: { record: { held: 'number', oldest: { orNull: { record: LEASE } } } },
    arrivals: 'number',
    app: { record: { up: 'boolean' } },
    build: { record: { version: 'string', node: 'string' } },
  },
};

const ADMIN_ERROR: Shape = { record: { error: 'string', reason: 'string' } };

/** Whether `value` has this form; T is what has it. */
export function fits<T>(value: unknown, shape: Shape): value is T {
  if (typeof shape === 'string') return typeof value === shape;
  if ('orNull' in shape) return value === null || fits(value, shape.orNull);
  if ('optional' in shape) return value === undefined || fits(value, shape.optional);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if ('each' in shape) return Object.values(value).every((one) => fits(one, shape.each));
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(shape.record).every(([key, field]) => fits(fields[key], field));
}

export function isAdminError(value: unknown): value is AdminError {
  return fits<AdminError>(value, ADMIN_ERROR);
}
