/**
 * What stands on a Lease (coordination.k8s.io/v1), and what is written there. Its times are for
 * people: who may take it is never told by another machine's clock. Pure.
 */

/** After so long without a change it is anybody's. */
export const DURATION_MS = 12_000;
/** A holder of another version may have written a longer one; what nobody meant is not believed. */
const DURATION_MS_MAX = 60_000;
/** What a release leaves behind: nobody who held it would write so little. */
const RELEASED_SECONDS = 1;

export interface LeaseRecord {
  readonly version: string;
  /** Empty: nobody. */
  readonly holder: string;
  /** Its holder has given it away: nobody acts by it any more. */
  readonly isReleased: boolean;
  readonly durationMs: number;
  readonly acquireTime: string | undefined;
  readonly transitions: number;
  /** While this stays the same its holder has not renewed it, whatever else is changed on it. */
  readonly mark: string;
}

/** It was written by others, too: what is missing or odd is read as nothing. */
export function readLease(object: unknown): LeaseRecord {
  const { metadata, spec } = fieldsOf(object);
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } =
    fieldsOf(spec);
  const holder = typeof holderIdentity === 'string' ? holderIdentity : '';
  const seconds = typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : 0;
  const { resourceVersion } = fieldsOf(metadata);
  return {
    version: typeof resourceVersion === 'string' ? resourceVersion : '',
    holder,
    isReleased: holder === '' && seconds === RELEASED_SECONDS,
    durationMs: Math.min(Math.max(DURATION_MS, seconds * 1_000), DURATION_MS_MAX),
    acquireTime: typeof acquireTime === 'string' ? acquireTime : undefined,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    mark: JSON.stringify([holder, seconds, acquireTime, renewTime, leaseTransitions]),
  };
}

/** The spec by which `identity` holds it from now on, or still. */
export function heldSpec(before: LeaseRecord | undefined, identity: string, at: Date): object {
  const isSame = before?.holder === identity;
  const now = microTime(at);
  return {
    holderIdentity: identity,
    leaseDurationSeconds: DURATION_MS / 1_000,
    acquireTime: isSame ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: before === undefined ? 0 : before.transitions + (isSame ? 0 : 1),
  };
}

/** The spec by which nobody holds it. */
export function releasedSpec(at: Date): object {
  const renewTime = microTime(at);
  return { holderIdentity: '', leaseDurationSeconds: RELEASED_SECONDS, renewTime };
}

/** As Kubernetes writes these (meta/v1 MicroTime). */
function microTime(at: Date): string {
  return at.toISOString().replace(/Z$/, '000Z');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
