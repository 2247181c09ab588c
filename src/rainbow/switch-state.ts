/**
 * What is remembered of a colour when Services are moved to it or from it. Pure; a cleanup would come
 * to the same by itself, only later.
 */
import type { State } from './contract.js';
import { lostTraffic } from './timers.js';

/** It is to be live: whatever timer has run on it begins anew when it loses its traffic again. */
export function claimed({ liveSinceMs, wasLive, peak }: State): State {
  return { ...(liveSinceMs === undefined ? {} : { liveSinceMs }), wasLive, peak, samples: [] };
}

/** A Service selects it. */
export function given(state: State, nowMs: number): State {
  const { liveSinceMs = nowMs } = state;
  return { ...claimed(state), liveSinceMs, wasLive: true };
}

/**
 * No Service selects it any more, until now one did: what is remembered of an earlier loss is from
 * before that, also where no cleanup has seen it live in between.
 */
export function freed(state: State, nowMs: number): State {
  return { ...lostTraffic({ ...state, liveSinceMs: nowMs }, nowMs), wasLive: true };
}
