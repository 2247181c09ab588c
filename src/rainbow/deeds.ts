/**
 * Does one step of a plan. Before anything is changed the group is looked at and planned for once
 * more, and after what takes something away once again: nothing that is written here would notice
 * that a Service has come to select the colour meanwhile.
 */
import type { Clock } from '../clock.js';
import type { Api } from '../kubernetes/api.js';
import { isConflict, isNotFound, KubernetesError, RefusedError } from '../kubernetes/fault.js';
import type { Action, ColourFacts, Facts, Look, Plan, PodName, Step } from './contract.js';
import { IDLE_COST } from './removal-order.js';
import { reasonWords } from './sentences.js';
import { Writes } from './writes.js';

/** What gives back is right as long as it is planned: a conflict only says to look again. */
const TRIES_MAX = 3;
/**
 * Whoever removes pods hears of their costs by one way and of the replicas by another: what is
 * written first is not known first.
 */
const COSTS_KNOWN_MS = 3_000;

export interface Doing {
  readonly api: Api;
  readonly look: Look;
  readonly plan: (facts: Facts) => Plan;
  readonly clock: Clock;
  /** The API server does all but keep it. */
  readonly dryRun: boolean;
}

/** What became of a step; `kept`: there was nothing to be done. */
export type Outcome = { readonly step: Step } & (
  | { readonly result: 'done' | 'kept' }
  /** `now`: what the plan says of the colour meanwhile, where that is why. */
  | { readonly result: 'stopped'; readonly words: string; readonly now?: Step }
  /** `isOwn`: it was refused for what this colour is, and says nothing of the others. */
  | { readonly result: 'failed'; readonly words: string; readonly isOwn: boolean }
);

/** Something is not as it was planned for. */
class Stop extends Error {
  readonly now: Step | undefined;

  constructor(words: string, now?: Step) {
    super(words);
    this.now = now;
  }
}

/** A colour as it was seen last, and what the plan said of it then. */
interface Held {
  readonly seen: ColourFacts;
  readonly step: Step;
  readonly nowMs: number;
}

type Shrink = Extract<Action, { readonly kind: 'shrink' }>;

export class Deeds {
  private readonly facts: Facts;
  private readonly around: Doing;
  private readonly writes: Writes;

  /** `facts`: what was planned by. */
  constructor(facts: Facts, around: Doing) {
    const { api, dryRun } = around;
    this.facts = facts;
    this.around = around;
    this.writes = new Writes(api, facts, { dryRun });
  }

  async attempt(step: Step): Promise<Outcome> {
    try {
      if (step.action.kind === 'keep') return await this.remember(step);
      await this.act(step.action, await this.again(step));
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

  /** As it is now; throws if something else is due with it by now. */
  private async again(step: Step): Promise<Held> {
    const held = await this.sight(step, [step.colour]);
    const { action, reason } = held.step;
    if (action.kind === step.action.kind) return held;
    throw new Stop(`not as planned any more: ${reasonWords(reason, held.nowMs)}`, held.step);
  }

  private async sight(step: Named, asked: readonly string[]): Promise<Held> {
    const facts = await this.around.look(asked);
    const seen = this.find(facts, step);
    const now = this.around.plan(facts).steps.find(isOf(step));
    if (now === undefined) throw new Stop(OTHER);
    return { seen, step: now, nowMs: facts.nowMs };
  }

  /** The colour that was planned for; not one that was made anew under its name. */
  private find(facts: Facts, step: Named): ColourFacts {
    const isIt = ({ colour, deployment }: ColourFacts): boolean =>
      isOf(step)({ colour, deployment: deployment.name });
    const planned = this.facts.colours.find(isIt);
    const seen = facts.colours.find(isIt);
    if (seen === undefined || seen.deployment.uid !== planned?.deployment.uid) {
      throw new Stop(OTHER);
    }
    return seen;
  }

  private async act(agreed: Action, held: Held): Promise<void> {
    const { writes } = this;
    const { seen, step } = held;
    const action = narrowed(agreed, step.action);
    switch (action.kind) {
      case 'keep':
        return;
      case 'restore':
        return this.restore(held);
      case 'shrink':
        return this.shrink(agreed, held, action);
      case 'drain':
        return this.drain(action.pods, held);
      case 'zero':
        await writes.reduce(seen.deployment, { state: step.state, replicas: 0 });
        await this.lookAfter(held);
        return;
      case 'delete':
        return writes.remove(seen.deployment);
    }
  }

  private async restore(first: Held): Promise<void> {
    let held = first;
    for (let tries = 1; ; tries++) {
      try {
        return await this.giveBack(held);
      } catch (error) {
        if (!isConflict(error) || tries === TRIES_MAX) throw error;
      }
      held = await this.again(held.step);
    }
  }

  /** It is live: new pods take longest to come. */
  private async giveBack({ seen, step: { action, state } }: Held): Promise<void> {
    if (action.kind !== 'restore') return;
    await this.writes.change(seen.deployment, { state, replicas: action.replicas });
    await this.writes.recall(action.recall);
    await this.writes.uncost(action.uncost);
  }

  private async drain(pods: readonly PodName[], held: Held): Promise<void> {
    const { deployment } = held.seen;
    // Whoever claims the colour for traffic changes its Deployment: nobody has before pods are told.
    await this.writes.reduce(deployment, { state: held.step.state ?? deployment.state });
    await this.writes.drain(pods);
    const after = await this.lookAfter(held);
    // Only who gives it traffic forgets that its pods were asked.
    if (after === undefined || after.seen.deployment.state.drainAskedMs !== undefined) return;
    await this.writes.recall(pods);
    throw new Stop('a promote to it has begun meanwhile: its pods are not to drain', after.step);
  }

  private async shrink(agreed: Action, held: Held, action: Shrink): Promise<void> {
    await this.writes.cost(action.costs);
    let [{ seen, step }, { to }] = [held, action];
    const isNews = action.costs.length > 0 || (agreed as Shrink).costs.length > 0;
    if (isNews && !this.around.dryRun) {
      await new Promise<void>((resolve) => this.around.clock.after(COSTS_KNOWN_MS, resolve));
      ({ seen, step } = await this.again(held.step));
      to = await this.settled(action, step.action as Shrink);
    }
    await this.writes.reduce(seen.deployment, { state: step.state, replicas: to });
    await this.lookAfter(held);
  }

  /** How far it may shrink by the costs that stand: those that are missing are not to be relied on. */
  private async settled(agreed: Shrink, { from, to, costs }: Shrink): Promise<number> {
    if (from !== agreed.from) throw new Stop(SCALED);
    if (costs.some(({ cost }) => cost !== IDLE_COST)) {
      await this.writes.cost(costs);
      throw new Stop('pods that were idle are at work again: the next run does it');
    }
    const known = Math.max(agreed.to, to + costs.length);
    if (known < from) return known;
    throw new Stop('its idle pods have only been marked: the next run does it');
  }

  /** Between a look and a deed a Service may have come to select it: then it gets all back at once. */
  private async lookAfter(held: Held): Promise<Held | undefined> {
    if (this.around.dryRun) return undefined;
    const after = await this.sight(held.step, []).catch((error: unknown) => {
      if (!(error instanceof KubernetesError)) throw error;
      const words = `it was done, but not looked at after that: ${error.message}`;
      throw new KubernetesError(words, error.passing, error);
    });
    if (after.step.action.kind !== 'restore') return after;
    await this.restore(after);
    const why = reasonWords(after.step.reason, after.nowMs);
    throw new Stop(`${why}: what was taken from it is given back`, after.step);
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
  const isOwn = error instanceof RefusedError && !error.passing;
  const isBusy = error instanceof RefusedError && error.code === 429;
  const words = isBusy ? `${error.message}; the next run does it` : error.message;
  return { step, result: 'failed', words, isOwn };
}
