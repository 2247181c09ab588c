/**
 * What is told of colours: as Events on their Deployments, and to whoever keeps the log. Pure; what is
 * done, and why, is said in the words of the room rainbow.
 */
import type { Occurrence, Regarding } from '../kubernetes/events.js';
import type { ActionKind, ColourFacts, Facts, Rival, Step } from '../rainbow/contract.js';
import { actionWords, reasonWords } from '../rainbow/sentences.js';
import type { Outcome } from '../rainbow/sweep.js';
import type { ActionName, ActionResult } from './contract.js';

/** What was done to a colour, or would have been, or why it was not. */
export interface ColourDeed {
  readonly namespace: string;
  readonly group: string;
  readonly colour: string;
  readonly action: ActionName;
  readonly result: ActionResult;
  readonly reason: string;
}

type Doing = Exclude<ActionKind, 'keep'>;

const REASONS: Readonly<Record<Doing, string>> = {
  restore: 'RainbowRestored',
  shrink: 'RainbowShrunk',
  drain: 'RainbowDrain',
  zero: 'RainbowScaledToZero',
  delete: 'RainbowDeleted',
};

const EVENT_MS = 3_600_000;

/** Where it stands: whose step it is. */
export interface Place {
  readonly facts: Pick<Facts, 'namespace' | 'group' | 'nowMs'>;
  readonly colour: ColourFacts;
}

export function regarding(
  { namespace }: Pick<Facts, 'namespace'>,
  { deployment: { name, uid } }: Pick<ColourFacts, 'deployment'>,
): Regarding {
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid };
}

/** Undefined if nothing was to be done. */
export function deedOf({ facts, colour }: Place, outcome: Outcome): ColourDeed | undefined {
  const { step, result } = outcome;
  if (step.action.kind === 'keep' || result === 'kept') return undefined;
  const { namespace, group, nowMs } = facts;
  return {
    ...{ namespace, group, colour: colour.colour, action: step.action.kind, result },
    reason: 'words' in outcome ? outcome.words : `${deedWords(step, nowMs)}`,
  };
}

export function plannedDeed({ facts, colour }: Place, step: Step): ColourDeed | undefined {
  if (step.action.kind === 'keep') return undefined;
  const { namespace, group, nowMs } = facts;
  return {
    ...{ namespace, group, colour: colour.colour, action: step.action.kind },
    ...{ result: 'planned', reason: deedWords(step, nowMs) },
  };
}

/** What became of a step; undefined if nothing was to be done. */
export function deedTold(place: Place, outcome: Outcome): Occurrence | undefined {
  const { step, result } = outcome;
  const { kind } = step.action;
  if (kind === 'keep' || result === 'kept') return undefined;
  const { facts, colour } = place;
  if (!('words' in outcome)) {
    return told(place, 'Normal', REASONS[kind], {
      message: deedWords(step, facts.nowMs),
      // It may come to the same colour again, on another day.
      key: `${kind} ${facts.nowMs}`,
    });
  }
  const { words } = outcome;
  return told(place, 'Warning', result === 'failed' ? 'RainbowFailed' : 'RainbowStopped', {
    message: `${actionWords(step.action)}: ${result}: ${words}`,
    key: `${colour.colour} ${kind} ${words} ${hourOf(facts)}`,
  });
}

/** What would have been done; `target`: what makes it another plan. */
export function planTold(place: Place, step: Step, target: string): Occurrence {
  const message = `in a dry run nothing is done; else: ${deedWords(step, place.facts.nowMs)}`;
  return told(place, 'Normal', 'RainbowPlanned', {
    message,
    key: `${target} ${hourOf(place.facts)}`,
  });
}

export function rivalTold(place: Place, { kind, name }: Rival, words: string): Occurrence {
  return told(place, 'Warning', 'RainbowRival', { message: words, key: `${kind} ${name}` });
}

export function standstillTold(place: Place, words: string): Occurrence {
  const message = `nothing is taken away in the group: ${words}`;
  return told(place, 'Warning', 'RainbowStandstill', {
    message,
    key: `${words} ${hourOf(place.facts)}`,
  });
}

/** An Event is kept for an hour: what stands for longer, or comes again, is told again. */
function hourOf({ nowMs }: Place['facts']): number {
  return Math.floor(nowMs / EVENT_MS);
}

function deedWords({ action, reason }: Step, nowMs: number): string {
  return `${actionWords(action)}: ${reasonWords(reason, nowMs)}`;
}

function told(
  { facts, colour }: Place,
  type: Occurrence['type'],
  reason: string,
  { message, key }: { readonly message: string; readonly key: string },
): Occurrence {
  return {
    ...{ regarding: regarding(facts, colour), type, reason, key },
    message: `Colour ${colour.colour} of group ${facts.group}: ${message}`,
  };
}
