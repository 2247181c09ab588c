/**
 * Does what a plan says, step by step. Before anything is changed the group is looked at and planned
 * for once more: a step that is not the same then is not done, and the next run decides. One colour's
 * failure is its own, until they look like everybody's.
 */
import type { Api } from '../kubernetes/api.js';
import { isConflict, isNotFound, KubernetesError } from '../kubernetes/fault.js';
import type { Action, ColourFacts, Facts, Look, Plan, Step } from './contract.js';
import { reasonWords } from './sentences.js';
import { Writes } from './writes.js';

/** So many failures in a row are not one colour's: the rest of the run is not tried. */
export const FAILURES_MAX = 3;

export interface Sweeping {
  readonly api: Api;
  readonly look: Look;
  readonly plan: (facts: Facts) => Plan;
  /** The API server does all but keep it. */
  readonly dryRun: boolean;
  /** Hears of each step when it is over. */
  readonly tell: (outcome: Outcome) => void;
}

/** What became of a step; `kept`: there was nothing to be done. */
export type Outcome = { readonly step: Step } & (
  | { readonly result: 'done' | 'kept' }
  /** `now`: what the plan says of the colour meanwhile, where that is why. */
  | { readonly result: 'stopped'; readonly words: string; readonly now?: Step }
  | { readonly result: 'failed'; readonly words: string }
);

/** Every step of the plan, with what became of it. */
export async function sweep(facts: Facts, plan: Plan, sweeping: Sweeping): Promise<Outcome[]> {
  const run = new Sweep(facts, sweeping);
  const outcomes: Outcome[] = [];
  let failures = 0;
  for (const step of plan.steps) {
    const outcome = failures < FAILURES_MAX ? await run.attempt(step) : untried(step);
    if (outcome.result === 'failed') failures++;
    else if (outcome.result !== 'stopped') failures = 0;
    sweeping.tell(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
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

function untried(step: Step): Outcome {
  const hasNothingToDo = step.action.kind === 'keep' && step.state === undefined;
  return hasNothingToDo ? { step, result: 'kept' } : { step, result: 'stopped', words: UNTRIED };
}

/** Something is not as it was planned for. */
class Stop extends Error {
  readonly now: Step | undefined;

  constructor(words: string, now?: Step) {
    super(words);
    this.now = now;
  }
}

/** A step that still holds, and the Deployment as it was when it did. */
interface Held {
  readonly seen: ColourFacts;
  readonly step: Step;
}

class Sweep {
  private readonly facts: Facts;
  private readonly around: Sweeping;
  private readonly writes: Writes;

  constructor(facts: Facts, around: Sweeping) {
    const { api, dryRun } = around;
    this.facts = facts;
    this.around = around;
    this.writes = new Writes(api, facts.namespace, { dryRun });
  }

  async attempt(step: Step): Promise<Outcome> {
    try {
      if (step.action.kind === 'keep') return await this.remember(step);
      const held = await this.again(step);
      await this.act(narrowed(step.action, held.step.action), held);
      return { step, result: 'done' };
    } catch (error) {
      return outcomeOf(step, error);
    }
  }

  /** A Deployment's status changes all the time: what is only remembered is tried twice. */
  private async remember(step: Step): Promise<Outcome> {
    const { state } = step;
    if (state === undefined) return { step, result: 'kept' };
    try {
      await this.writes.change(this.find(this.facts, step).deployment, { state });
    } catch (error) {
      if (!isConflict(error)) throw error;
      const held = await this.again(step);
      await this.writes.change(held.seen.deployment, { state: held.step.state });
    }
    return { step, result: 'kept' };
  }

  /** What the plan says of it now; throws if that is something else. */
  private async again(step: Step): Promise<Held> {
    const facts = await this.around.look([step.colour]);
    const seen = this.find(facts, step);
    const now = this.around.plan(facts).steps.find(isOf(step));
    if (now === undefined) throw new Stop(OTHER);
    if (now.action.kind !== step.action.kind) {
      throw new Stop(`not as planned any more: ${reasonWords(now.reason, facts.nowMs)}`, now);
    }
    return { seen, step: now };
  }

  /** The colour that was planned for; not one that was made anew under its name. */
  private find(facts: Facts, step: Step): ColourFacts {
    const isIt = ({ colour, deployment }: ColourFacts): boolean =>
      isOf(step)({ colour, deployment: deployment.name });
    const planned = this.facts.colours.find(isIt);
    const seen = facts.colours.find(isIt);
    if (seen === undefined || seen.deployment.uid !== planned?.deployment.uid) {
      throw new Stop(OTHER);
    }
    return seen;
  }

  private async act(action: Action, { seen, step: { state } }: Held): Promise<void> {
    const { writes } = this;
    const { deployment } = seen;
    switch (action.kind) {
      case 'keep':
        return;
      case 'restore':
        // It is live: what still tells its pods to go comes first.
        await writes.recall(action.recall);
        await writes.change(deployment, { state, replicas: action.replicas });
        return writes.uncost(action.uncost);
      case 'shrink':
        await writes.cost(action.costs);
        return writes.change(deployment, { state, replicas: action.to });
      case 'drain':
        // That the Deployment is as it was seen is known before any pod is told.
        await writes.change(deployment, { state });
        return writes.drain(action.pods);
      case 'zero':
        return writes.change(deployment, { state, replicas: 0 });
      case 'delete':
        return writes.remove(deployment);
    }
  }
}

const OTHER = 'its Deployment is gone, or another one by now';
const SCALED = 'somebody has scaled it meanwhile';

type Named = Pick<Step, 'colour' | 'deployment'>;

function isOf(step: Named): (other: Named) => boolean {
  return (other) => other.colour === step.colour && other.deployment === step.deployment;
}

/** What holds now of what was agreed to: less of it may be done, never more. */
function narrowed(agreed: Action, now: Action): Action {
  if (agreed.kind === 'shrink' && now.kind === 'shrink') {
    if (now.from !== agreed.from) throw new Stop(SCALED);
    return { ...now, to: Math.max(now.to, agreed.to) };
  }
  if (agreed.kind === 'zero' && now.kind === 'zero' && now.from !== agreed.from) {
    throw new Stop(SCALED);
  }
  if (agreed.kind === 'drain' && now.kind === 'drain') {
    const uids = new Set(agreed.pods.map(({ uid }) => uid));
    return { kind: 'drain', pods: now.pods.filter(({ uid }) => uids.has(uid)) };
  }
  return now;
}

function outcomeOf(step: Step, error: unknown): Outcome {
  if (error instanceof Stop) {
    const { message: words, now } = error;
    return { step, result: 'stopped', words, ...(now === undefined ? {} : { now }) };
  }
  if (isConflict(error)) {
    return { step, result: 'stopped', words: 'somebody has changed it meanwhile' };
  }
  if (isNotFound(error)) return { step, result: 'stopped', words: OTHER };
  if (!(error instanceof KubernetesError)) throw error;
  return { step, result: 'failed', words: error.message };
}
