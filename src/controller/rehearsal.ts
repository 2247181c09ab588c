/**
 * A dry run of one group: what would be remembered of its colours, so that their timers run on, and
 * what has been told of them. Nothing of it is ever written.
 */
import type { Action, ColourFacts, Facts, Plan, State, Step } from '../rainbow/contract.js';
import { without } from '../rainbow/timers.js';

interface Remembered {
  /** What stood on the Deployment then. */
  readonly base: string;
  readonly state: State;
}

export class Rehearsal {
  /** By the Deployment's uid. */
  private readonly states = new Map<string, Remembered>();
  private readonly told = new Map<string, string>();

  /** The facts, if all had been written that was planned. */
  imagined(facts: Facts): Facts {
    const colours = facts.colours.map((colour): ColourFacts => {
      const { deployment } = colour;
      const remembered = this.states.get(deployment.uid);
      if (remembered === undefined) return colour;
      if (remembered.base === baseOf(colour)) {
        return { ...colour, deployment: { ...deployment, state: remembered.state } };
      }
      // Somebody else has written there: that is what counts.
      this.states.delete(deployment.uid);
      return colour;
    });
    return { ...facts, colours };
  }

  /** `facts` as they are, and the plan for them as they were imagined. */
  remember(facts: Facts, imagined: Facts, { steps }: Plan): void {
    steps.forEach((step, at) => {
      const state = rememberedOf(step, imagined.colours[at].deployment.state);
      const { uid } = facts.colours[at].deployment;
      if (state !== undefined) this.states.set(uid, { base: baseOf(facts.colours[at]), state });
    });
    const uids = new Set(facts.colours.map(({ deployment }) => deployment.uid));
    for (const map of [this.states, this.told]) {
      for (const uid of map.keys()) if (!uids.has(uid)) map.delete(uid);
    }
  }

  /** What is planned for it now, in short; undefined if that was the last that was told of it. */
  news({ deployment: { uid } }: ColourFacts, { action }: Step): string | undefined {
    const target = targetOf(action);
    const isKnown = this.told.get(uid) === target;
    this.told.set(uid, target);
    return isKnown || action.kind === 'keep' ? undefined : target;
  }
}

function baseOf({ deployment: { state } }: ColourFacts): string {
  return JSON.stringify(state);
}

/** What is not done is not remembered as if it were: neither that pods were asked nor what was taken. */
function rememberedOf({ action, state }: Step, before: State): State | undefined {
  if (state === undefined || action.kind === 'restore') return undefined;
  if (action.kind === 'keep') return state;
  return {
    ...without(state, ['drainAskedMs', 'replicas']),
    ...(before.drainAskedMs === undefined ? {} : { drainAskedMs: before.drainAskedMs }),
    ...(before.replicas === undefined ? {} : { replicas: before.replicas }),
  };
}

function targetOf(action: Action): string {
  switch (action.kind) {
    case 'shrink':
      return `shrink to ${action.to}`;
    case 'drain':
      return `drain ${action.pods.length}`;
    default:
      return action.kind;
  }
}
