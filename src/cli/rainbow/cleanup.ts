/**
 * `cleanup`: says what is due with each colour of each group, asks, and has it done. What has changed
 * between the question and the deed is not done.
 */
import { EXIT_FAULT, EXIT_OK } from '../../errors.js';
import type { Facts, Plan } from '../../rainbow/contract.js';
import type { Group } from '../../rainbow/facts.js';
import { plan } from '../../rainbow/plan.js';
import { hasGivenUp, type Outcome, sweep, worstOf } from '../../rainbow/sweep.js';
import { EXIT_COMMAND_USAGE, EXIT_NOT_SAFE } from '../options.js';
import { listDocument, planDocument } from './documents.js';
import { eachGroup } from './each-group.js';
import { doneWords, renderPlan } from './plan-table.js';
import { type Doing, mayAsk, present } from './verb.js';

/** A group, and what is due with it. */
interface Due {
  readonly group: Group;
  readonly facts: Facts;
  readonly plan: Plan;
}

/** Runs over the groups; returns the exit code. */
export async function cleanup(doing: Doing): Promise<number> {
  if (!mayAsk(doing)) return EXIT_COMMAND_USAGE;
  const { cluster, asked, speech } = doing;
  const groups = await cluster.groups();
  if (groups.length === 0) speech.complain('no group is found');
  const run = new Cleanup(doing);
  // Where nobody is asked each group is done as soon as it is seen.
  const isAsking = !asked.yes && asked.dryRun === 'none';
  const dues: Due[] = [];
  const { failed } = await eachGroup(groups, doing, async (group) => {
    const due = await run.look(group);
    if (!isAsking) return run.act(due);
    dues.push(due);
    return true;
  });
  if (isAsking && !(await run.mayAct(dues))) {
    speech.complain('nothing was changed');
    return EXIT_NOT_SAFE;
  }
  const left = dues.map(({ group }) => group);
  const later = await eachGroup(left, doing, (group) => run.act(dues[left.indexOf(group)]));
  return run.end(failed || later.failed);
}

class Cleanup {
  private readonly doing: Doing;
  private readonly done: { readonly plan: Plan; readonly outcomes: readonly Outcome[] }[] = [];

  constructor(doing: Doing) {
    this.doing = doing;
  }

  async look(group: Group): Promise<Due> {
    const { cluster, asked, speech } = this.doing;
    const facts = await cluster.look(group)();
    if (asked.group !== '') present(facts, this.doing);
    const due = { group, facts, plan: plan(facts, asked.policy) };
    speech.show(renderPlan(due.plan, speech.depth));
    return due;
  }

  /** True at once if there is nothing that anybody would want to be asked for. */
  async mayAct(dues: readonly Due[]): Promise<boolean> {
    const steps = dues.flatMap((due) => due.plan.steps);
    const count = steps.filter(({ action }) => action.kind !== 'keep').length;
    if (count === 0) return true;
    return this.doing.speech.ask(count === 1 ? 'Do this?' : `Do these ${count}?`);
  }

  /** False once the rest of the groups is not to be tried. */
  async act({ group, facts, plan: due }: Due): Promise<boolean> {
    const { cluster, asked, around, speech } = this.doing;
    if (asked.dryRun === 'client') {
      for (const { action, deployment } of due.steps) {
        if (action.kind !== 'keep') speech.name('deployment.apps', deployment);
      }
      this.done.push({ plan: due, outcomes: [] });
      return true;
    }
    const outcomes = await sweep(facts, due, {
      api: cluster.api,
      look: cluster.look(group),
      plan: (now) => plan(now, asked.policy),
      clock: around.clock,
      dryRun: asked.dryRun === 'server',
      tell: (outcome) => this.tell(outcome),
    });
    this.done.push({ plan: due, outcomes });
    for (const { result, step } of outcomes) {
      if (result === 'done') speech.name('deployment.apps', step.deployment);
    }
    return !hasGivenUp(outcomes);
  }

  end(hasFailed: boolean): number {
    const { speech } = this.doing;
    speech.document(() =>
      listDocument(this.done.map(({ plan: due, outcomes }) => planDocument(due, outcomes))),
    );
    const worst = worstOf(this.done.flatMap(({ outcomes }) => outcomes));
    if (hasFailed || worst === 'failed') return EXIT_FAULT;
    return worst === 'stopped' ? EXIT_NOT_SAFE : EXIT_OK;
  }

  private tell(outcome: Outcome): void {
    const { speech, asked } = this.doing;
    const { step, result } = outcome;
    if ('words' in outcome) {
      speech.complain(`${step.colour}: ${step.action.kind} ${result}: ${outcome.words}`);
    } else if (result === 'done') {
      const suffix = asked.dryRun === 'server' ? ' (server dry run)' : '';
      speech.say(`${step.colour}: ${doneWords(step.action)}${suffix}`);
    }
  }
}
