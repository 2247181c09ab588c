/**
 * What is remembered of a colour when Services are moved to it or from it. Pure; a cleanup would come
 * to the same by itself, only later.
 */
import type { DeploymentFacts, State } from './contract.js';
import { gainedTraffic, lostTraffic, without } from './timers.js';

/**
 * It is to be live: whatever timer has run on it begins anew. When it last was, and with how many
 * replicas, stays remembered, for it may come to nothing.
 */
export function claimed(state: State, nowMs: number): State {
  const { liveSinceMs, lostTrafficMs, liveReplicas, wasLive, peak } = state;
  return {
    ...(liveSinceMs === undefined ? {} : { liveSinceMs }),
    wasLive,
    ...(lostTrafficMs === undefined ? {} : { lostTrafficMs }),
    claimedMs: nowMs,
    peak,
    ...(liveReplicas === undefined ? {} : { liveReplicas }),
    samples: [],
  };
}

/** A Service selects it. */
export function given(state: State, nowMs: number): State {
  return gainedTraffic(state, nowMs);
}

/**
 * No Service selects it any more, until now one did: what is remembered of an earlier loss is from
 * before that, also where no cleanup has seen it live in between.
 */
export function freed(
  { state, replicas }: Pick<DeploymentFacts, 'state' | 'replicas'>,
  nowMs: number,
): State {
  const live = { ...without(state, ['claimedMs']), liveSinceMs: nowMs, wasLive: true };
  return lostTraffic({ state: live, replicas }, nowMs);
}
