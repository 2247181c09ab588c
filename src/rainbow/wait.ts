/**
 * Waits until a colour may be deleted: no Service sends to it, and every pod of it says that it is
 * safe. Starts nothing and writes nothing: a colour that is used stays used.
 */
import type { Clock } from '../clock.js';
import type { KubernetesError } from '../kubernetes/fault.js';
import type { ColourFacts, Facts, Look, Reason } from './contract.js';
import { poll } from './poll.js';
import { listed, NotThere } from './refusal.js';
import { routers, selectors } from './standing.js';
import { isSafe as isPodSafe } from './work.js';

const EVERY_MS = 5_000;

export interface Waiting {
  readonly look: Look;
  readonly clock: Clock;
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  /** Hears of all that is seen on the way. */
  readonly seen: (colour: ColourFacts, facts: Facts) => void;
  readonly failed: (error: KubernetesError) => void;
}

/** `gone`: its Deployment was there and is deleted, so that there is nothing to wait for. */
export type Waited = 'safe' | 'gone' | 'late';

export async function waitForColour(name: string, waiting: Waiting): Promise<Waited> {
  const { look, clock, timeoutMs, seen, failed } = waiting;
  const untilMs = timeoutMs === undefined ? undefined : clock.now() + timeoutMs;
  let wasThere = false;
  for await (const facts of poll(() => look([name]), {
    clock,
    everyMs: EVERY_MS,
    untilMs,
    failed,
  })) {
    const colour = facts.colours.find((one) => one.colour === name);
    if (colour === undefined) {
      if (wasThere) return 'gone';
      throw noSuchColour(name, facts);
    }
    wasThere = true;
    seen(colour, facts);
    if (isSafeToDelete(colour, facts)) return 'safe';
  }
  return 'late';
}

/** A pod that is idle is one; a colour that is idle and live is still what new clients come to. */
export function isSafeToDelete(colour: ColourFacts, facts: Facts): boolean {
  return isSafe(colour) && trafficOf(colour, facts) === undefined;
}

/** By which Services clients still come to it, whatever its pods say; undefined if by none. */
export function trafficOf(colour: ColourFacts, facts: Facts): Reason | undefined {
  const [live, routed] = [selectors(facts, colour), routers(facts, colour)];
  if (live.length > 0) return { code: 'live', services: live };
  return routed.length > 0 ? { code: 'routed', services: routed } : undefined;
}

/** All its pods say so; where pods are wanted, nobody has said anything before one is there. */
export function isSafe({ pods, deployment }: ColourFacts): boolean {
  if (pods.length === 0) return deployment.replicas === 0;
  return pods.every(isPodSafe);
}

export function noSuchColour(name: string, { group, namespace, colours }: Facts): NotThere {
  const there = colours.map(({ colour }) => colour);
  const others = there.length === 0 ? 'it has none' : `it has ${listed(there)}`;
  return new NotThere(`group ${group} in namespace ${namespace} has no colour ${name}: ${others}`);
}
