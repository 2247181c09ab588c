/**
 * How what is remembered of a colour goes on: when it gets traffic, when it loses it, and with each
 * look at it after that. Pure. Whatever is not seen to go on begins anew when it is seen again.
 */
import type { ColourFacts, DeploymentFacts, LightlyUsed, State } from './contract.js';
import { sampled } from './state.js';
import { isSafe, workOf } from './work.js';

/** What runs only while a colour is old. */
type Timer = 'lostTrafficMs' | 'drainedSinceMs' | 'lightlyUsedSinceMs' | 'scaledToZeroMs';
const TIMERS: readonly Timer[] = [
  'lostTrafficMs',
  'drainedSinceMs',
  'lightlyUsedSinceMs',
  'scaledToZeroMs',
];

/** A Service selects it: nothing of its old age is remembered. */
export function gainedTraffic(state: State, nowMs: number): State {
  const { liveSinceMs, lostTrafficMs, peak } = state;
  const wentOn = liveSinceMs !== undefined && liveSinceMs >= (lostTrafficMs ?? liveSinceMs);
  return { liveSinceMs: wentOn ? liveSinceMs : nowMs, wasLive: true, peak, samples: [] };
}

type Counted = Pick<DeploymentFacts, 'state' | 'replicas'>;

/** No Service selects it any more. One that was lost before stays so. */
export function lostTraffic({ state, replicas }: Counted, nowMs: number): State {
  const rest = without(state, ['liveSinceMs']);
  if (rest.lostTrafficMs !== undefined && !isLetGo(state)) return rest;
  const live = rest.wasLive && replicas > 0 ? { liveReplicas: replicas } : {};
  return { ...without(rest, TIMERS), ...live, lostTrafficMs: nowMs, samples: [] };
}

/** Since it lost its traffic it was selected again, and let go between two looks. */
export function isLetGo({ liveSinceMs, lostTrafficMs }: State): boolean {
  return liveSinceMs !== undefined && liveSinceMs > (lostTrafficMs ?? -1);
}

/** Since when it is left alone: its loss, or the last time that somebody began to switch to it. */
export function restsSince({ lostTrafficMs, claimedMs }: State, nowMs: number): number {
  return Math.max(lostTrafficMs ?? nowMs, claimedMs ?? 0);
}

/** A switch to it has begun not long ago, and may be under way. */
export function isClaimed({ claimedMs }: State, minAgeMs: number, nowMs: number): boolean {
  return claimedMs !== undefined && nowMs - claimedMs < minAgeMs;
}

/** It is still sent to: it has lost nothing yet, however long that goes on. */
export function stillRouted(state: State): State {
  return without(state, TIMERS);
}

/** It waits for its first traffic: none of the timers runs. */
export function notLostYet(state: State): State {
  return { ...without(state, TIMERS), samples: [] };
}

/** The most that was ever seen, now included. */
export function withPeak(state: State, colour: ColourFacts): State {
  return { ...state, peak: Math.max(state.peak, workOf(colour.pods) ?? 0) };
}

/** A look at one that has no traffic. */
export function aged(
  colour: ColourFacts,
  nowMs: number,
  lightlyUsed: LightlyUsed | undefined,
): State {
  const { deployment, pods } = colour;
  const state = lostTraffic(deployment, nowMs);
  const isRunning = deployment.replicas > 0;
  // Where none is there, none has said anything.
  const isDrained = isRunning && pods.length > 0 && pods.every(isSafe);
  const isAtZero = !isRunning && pods.length === 0;
  const active = workOf(pods);
  const samples =
    active === undefined ? state.samples : sampled(state.samples, { atMs: nowMs, active });
  return {
    ...without(state, ['drainedSinceMs', 'lightlyUsedSinceMs', 'scaledToZeroMs']),
    ...since('drainedSinceMs', isDrained, state, nowMs),
    ...since('lightlyUsedSinceMs', isRunning && isLight(colour, lightlyUsed), state, nowMs),
    ...since('scaledToZeroMs', isAtZero, state, nowMs),
    peak: withPeak(state, colour).peak,
    samples,
  };
}

/** A timer that runs, from when it began; nothing if it does not. */
function since(timer: Timer, runs: boolean, state: State, nowMs: number): Partial<State> {
  return runs ? { [timer]: state[timer] ?? nowMs } : {};
}

/** At most a share of its own peak is at work, or as much as there are pods; unknown is more. */
function isLight({ deployment, pods }: ColourFacts, lightlyUsed: LightlyUsed | undefined): boolean {
  const work = workOf(pods);
  if (lightlyUsed === undefined || work === undefined) return false;
  return work <= Math.max(lightlyUsed.share * deployment.state.peak, pods.length);
}

export function without(state: State, keys: readonly (keyof State)[]): State {
  const left = Object.entries(state).filter(([key]) => !keys.includes(key as keyof State));
  return Object.fromEntries(left) as unknown as State;
}
