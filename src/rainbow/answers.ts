/**
 * What a pod's tidegate says, made out of its `GET /status`. Pure. What is not in the contract's
 * form, or contradicts itself, is no answer: only what is understood can be safe.
 */
import type { Status } from '../admin/contract.js';
import { fits, STATUS } from '../admin/shapes.js';
import type { Answer } from '../bounded-call.js';
import type { KnownAnswer, PodAnswer, UnknownAnswer, UnknownReason } from './contract.js';

export function unknown(reason: UnknownReason, words: string): UnknownAnswer {
  return { known: false, reason, words };
}

export function readAnswer({ status, body }: Answer): PodAnswer {
  if (status !== 200) {
    return unknown('unparsable', `answers ${status} to GET /status, as no tidegate does`);
  }
  const value = parse(body);
  if (!fits<Status>(value, STATUS)) {
    return unknown('unparsable', 'answers GET /status in another form than a tidegate does');
  }
  const { verdict, connections } = value;
  const ages = Object.values(connections.byKind).map(({ oldestSeconds }) => oldestSeconds ?? 0);
  return plausible({
    known: true,
    safe: verdict.safe,
    reason: verdict.reason,
    phase: value.phase,
    active: Math.max(verdict.active, connections.active),
    idle: connections.idle,
    leases: Math.max(verdict.leases, value.leases.held),
    oldestSeconds: connections.total > 0 ? Math.max(0, ...ages) : null,
  });
}

/** Whoever says that it is safe and has work in progress says nothing. */
export function plausible(answer: KnownAnswer): PodAnswer {
  const { safe, phase, active, idle, leases } = answer;
  if (![active, idle, leases].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    return unknown('unparsable', 'tells counts that are none');
  }
  if (!safe) return answer;
  if (active > 0) return unknown('unparsable', `says that it is safe, with ${active} at work`);
  if (leases > 0) return unknown('unparsable', `says that it is safe, with leases: ${leases}`);
  return phase === 'settling'
    ? unknown('unparsable', 'says that it is safe while it settles')
    : answer;
}

/**
 * One that is not ready because it drains, or because its app was never there, is as good as its
 * answer; else something is wrong.
 */
export function ofPod(answer: PodAnswer, isReady: boolean): PodAnswer {
  if (!answer.known || isReady || answer.phase !== 'serving') return answer;
  if (answer.reason === 'starting') return answer;
  return unknown('unready', 'is not ready, and does not drain');
}

/** Safe is who says so each time. */
export function both(first: PodAnswer, second: PodAnswer): PodAnswer {
  if (!first.known || !second.known) return first.known ? second : first;
  return { ...second, safe: first.safe && second.safe };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
