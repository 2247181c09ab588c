/**
 * How the colours of a group stand, for whoever counts them: what each is by its plan, since when the
 * oldest one burns down, and which Deployments nobody needs. Pure.
 */
import type { Facts, Plan, Reason } from '../rainbow/contract.js';
import { selectors } from '../rainbow/standing.js';
import { COLOUR_STATES, type ColourState } from './contract.js';

export interface GroupStanding {
  readonly namespace: string;
  readonly group: string;
  readonly colours: Readonly<Record<ColourState, number>>;
  /** When the oldest colour that still has pods lost its traffic; undefined if there is none. */
  readonly oldestMs: number | undefined;
  /** The uids of the Deployments that nobody needs any more: they burn down, or have drained. */
  readonly old: ReadonlySet<string>;
}

const STATES: Readonly<Record<Reason['code'], ColourState>> = {
  live: 'live',
  're-selected': 'live',
  routed: 'live',
  odd: 'held',
  'no-live-colour': 'held',
  'live-not-ready': 'held',
  paused: 'held',
  rival: 'held',
  deleting: 'burning',
  'rolling-out': 'burning',
  'not-promoted': 'waiting',
  claimed: 'waiting',
  emptying: 'zero',
  'at-zero': 'zero',
  'zero-long-enough': 'zero',
  kept: 'kept',
  drained: 'drained',
  'drained-long-enough': 'drained',
  'too-young': 'burning',
  'passed-over': 'burning',
  'not-safe': 'burning',
  'no-pods': 'burning',
  draining: 'burning',
  unheeded: 'burning',
  'last-ready-pod': 'burning',
  'idle-pods': 'burning',
  'too-old': 'burning',
  'lightly-used': 'burning',
};

export function groupStanding(facts: Facts, { steps }: Plan): GroupStanding {
  const { namespace, group, colours } = facts;
  const counts = Object.fromEntries(COLOUR_STATES.map((state) => [state, 0])) as Record<
    ColourState,
    number
  >;
  const unselected = colours.filter((colour) => selectors(facts, colour).length === 0);
  const old = new Set<string>();
  colours.forEach((colour, at) => {
    // Where nothing is done to a group at all, what serves is live all the same.
    const isSelected = !unselected.includes(colour);
    const state = isSelected ? 'live' : STATES[steps[at].reason.code];
    counts[state]++;
    if (state === 'burning' || state === 'drained') old.add(colour.deployment.uid);
  });
  const lost = unselected.flatMap((colour) => {
    const step = steps[colours.indexOf(colour)];
    const { lostTrafficMs } = step.state ?? colour.deployment.state;
    return colour.pods.length === 0 || lostTrafficMs === undefined ? [] : [lostTrafficMs];
  });
  return {
    ...{ namespace, group, colours: counts },
    oldestMs: lost.length === 0 ? undefined : Math.min(...lost),
    old,
  };
}
