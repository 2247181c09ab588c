/**
 * How the colours of a group stand to each other: which are live, which are yet to be, which are
 * kept to go back to, and whether anything may be done at all. Pure.
 */
import type { ColourFacts, Facts, Policy, Reason, State } from './contract.js';
import { isClaimed, isLetGo } from './timers.js';

export interface Standing {
  /** Why nothing of the group may be taken away. */
  readonly standstill: Reason | undefined;
  /** Of the oldest live colour's Deployment. */
  readonly liveCreatedMs: number;
  /** Colour by colour, the kept ones: 1 is the one to go back to first. */
  readonly places: ReadonlyMap<string, number>;
}

/** Names of the Services that select it. */
export function selectors({ services }: Facts, { colour }: ColourFacts): string[] {
  return services.filter(({ selects }) => selects.includes(colour)).map(({ name }) => name);
}

/** Names of the Services that send to it, whatever they select. */
export function routers({ services }: Facts, { colour }: ColourFacts): string[] {
  return services.filter(({ routesTo }) => routesTo.includes(colour)).map(({ name }) => name);
}

/** It has never had traffic, and is no older than what has. */
export function isNotPromoted({ deployment }: ColourFacts, { liveCreatedMs }: Standing): boolean {
  return !deployment.state.wasLive && deployment.createdMs >= liveCreatedMs;
}

export function standingOf(facts: Facts, { keep, minAgeMs }: Policy): Standing {
  const live = facts.colours.filter((colour) => selectors(facts, colour).length > 0);
  const liveCreatedMs = Math.min(...live.map(({ deployment }) => deployment.createdMs));
  const standing = { standstill: standstillOf(facts, live), liveCreatedMs, places: new Map() };
  const kept = facts.colours
    .filter((colour) => !live.includes(colour) && !colour.deployment.isDeleting)
    .filter((colour) => !isNotPromoted(colour, standing))
    // Whether that comes to anything is not known yet: what there is to go back to stays.
    .filter(({ deployment }) => !isClaimed(deployment.state, minAgeMs, facts.nowMs))
    .sort(compareReturn)
    .slice(0, keep);
  return { ...standing, places: new Map(kept.map(({ colour }, at) => [colour, at + 1])) };
}

function standstillOf({ oddities }: Facts, live: readonly ColourFacts[]): Reason | undefined {
  if (oddities.length > 0) return { code: 'odd', oddity: oddities[0] };
  if (live.length === 0) return { code: 'no-live-colour' };
  const isReady = live.some(({ pods }) => pods.some((pod) => pod.isReady && !pod.isTerminating));
  return isReady ? undefined : { code: 'live-not-ready' };
}

/**
 * Who would be gone back to: the one that was live last; one that loses its traffic just now before
 * all. Those never seen live come behind, the newest first: a group that is new to us has had a
 * colour before its live one all the same.
 */
function compareReturn(
  { deployment: one }: ColourFacts,
  { deployment: other }: ColourFacts,
): number {
  const newerFirst = other.createdMs - one.createdMs || (one.name < other.name ? -1 : 1);
  if (one.state.wasLive !== other.state.wasLive) return one.state.wasLive ? -1 : 1;
  if (!one.state.wasLive) return newerFirst;
  return lastLiveMs(other.state) - lastLiveMs(one.state) || newerFirst;
}

function lastLiveMs(state: State): number {
  return isLetGo(state) ? Number.MAX_VALUE : (state.lostTrafficMs ?? Number.MAX_VALUE);
}
