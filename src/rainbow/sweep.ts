/**
 * Does what a plan says, step by step: what is live gets back what it needs before anything is taken
 * from others. One colour's failure is its own, until they look like everybody's.
 */
import type { Facts, Plan, Step } from './contract.js';
import { Deeds, type Doing, type Outcome } from './deeds.js';

export type { Outcome } from './deeds.js';

/** So many failures in a row are not one colour's: the rest of the run is not tried. */
export const FAILURES_MAX = 3;

export interface Sweeping extends Doing {
  /** Hears of each step when it is over. */
  readonly tell: (outcome: Outcome) => void;
  /** Asked before each step that takes something away; false: the rest is not tried. */
  readonly goesOn?: () => boolean;
}

/** Every step of the plan, in its order, with what became of it. */
export async function sweep(facts: Facts, plan: Plan, sweeping: Sweeping): Promise<Outcome[]> {
  const deeds = new Deeds(facts, sweeping);
  const outcomes = new Map<Step, Outcome>();
  let failures = 0;
  for (const step of restoresFirst(plan.steps)) {
    const why = isRestore(step) ? undefined : against(failures, sweeping);
    const outcome = why === undefined ? await deeds.attempt(step) : untried(step, why);
    if (outcome.result === 'done' || outcome.result === 'kept') failures = 0;
    if (outcome.result === 'failed' && !outcome.isOwn) failures++;
    sweeping.tell(outcome);
    outcomes.set(step, outcome);
  }
  return plan.steps.map((step) => outcomes.get(step) ?? untried(step, UNTRIED));
}

function restoresFirst(steps: readonly Step[]): readonly Step[] {
  return [...steps.filter(isRestore), ...steps.filter((step) => !isRestore(step))];
}

function isRestore({ action }: Step): boolean {
  return action.kind === 'restore';
}

/** The worst of them: what the exit code says. */
export function worstOf(outcomes: readonly Outcome[]): 'done' | 'stopped' | 'failed' {
  const has = (result: Outcome['result']): boolean =>
    outcomes.some((outcome) => outcome.result === result);
  if (has('failed')) return 'failed';
  return has('stopped') ? 'stopped' : 'done';
}

/** Nothing more should be tried, in other groups neither. */
export function hasGivenUp(outcomes: readonly Outcome[]): boolean {
  return outcomes.some((outcome) => outcome.result === 'stopped' && outcome.words === UNTRIED);
}

const UNTRIED = `not tried: ${FAILURES_MAX} failures in a row`;
const BROKEN_OFF = 'not tried: the group has changed meanwhile, or somebody else looks after it';

/** Why no further step is tried; undefined: nothing stands against it. */
function against(failures: number, { goesOn }: Sweeping): string | undefined {
  if (failures >= FAILURES_MAX) return UNTRIED;
  return goesOn?.() === false ? BROKEN_OFF : undefined;
}

function untried(step: Step, words: string): Outcome {
  const hasNothingToDo = step.action.kind === 'keep' && step.state === undefined;
  return hasNothingToDo ? { step, result: 'kept' } : { step, result: 'stopped', words };
}

/** It was begun; what stopped it, if anything did, was about itself. */
export function wasTried(outcome: Outcome): boolean {
  return !('words' in outcome && [UNTRIED, BROKEN_OFF].includes(outcome.words));
}
