/**
 * May this pod be deleted now, and if not, why not? Pure. Whoever cannot get an answer must take
 * it for a no.
 */
import type { Phase } from './phase.js';

/** Why not; one at a time, the first that holds. */
export const VERDICT_REASONS = ['active', 'leases', 'settling', 'starting', 'not-quiet'] as const;
export type VerdictReason = (typeof VERDICT_REASONS)[number];

export interface VerdictFacts {
  readonly phase: Phase;
  /** The app has been there at least once. */
  readonly appSeen: boolean;
  /** Connections with work in progress. */
  readonly active: number;
  readonly leases: number;
  /** The pod is going away anyway: nothing new will be sent once it has settled. */
  readonly terminating: boolean;
  /** For how long nothing has been active; milliseconds. */
  readonly quietMs: number;
  readonly quietForMs: number;
}

export type Verdict =
  { readonly safe: true } | { readonly safe: false; readonly reason: VerdictReason };

export function verdictOf(facts: VerdictFacts): Verdict {
  if (facts.active > 0) return no('active');
  if (facts.leases > 0) return no('leases');
  if (facts.phase === 'settling') return no('settling');
  if (facts.terminating) return { safe: true };
  if (!facts.appSeen) return no('starting');
  return facts.quietMs < facts.quietForMs ? no('not-quiet') : { safe: true };
}

function no(reason: VerdictReason): Verdict {
  return { safe: false, reason };
}
