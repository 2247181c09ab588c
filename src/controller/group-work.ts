/**
 * Looks after one group: plans by what is known already, and only where something is due looks at the
 * cluster itself, asks its pods, and does it as a clean-up would. It never decides what is due: the
 * room rainbow does.
 */
import type { Clock } from '../clock.js';
import type { Api } from '../kubernetes/api.js';
import { KubernetesError } from '../kubernetes/fault.js';
import type { AskPods } from '../rainbow/ask.js';
import type { Facts, Look, Plan, Policy, Step } from '../rainbow/contract.js';
import { gather, type Group } from '../rainbow/facts.js';
import { plan } from '../rainbow/plan.js';
import { hasGivenUp, type Outcome, sweep } from '../rainbow/sweep.js';
import type { Looked, May } from './contract.js';
import { Patience, restoring } from './patience.js';
import { Rehearsal } from './rehearsal.js';
import { groupStanding, type GroupStanding } from './standings.js';
import type { Telling } from './telling.js';

export interface GroupAround {
  /** The cluster itself; it refuses every write while this replica may not. */
  readonly api: Api;
  /** What is known of it already. */
  readonly known: Api;
  readonly askPods: AskPods;
  /** What pods said when they were asked last. */
  readonly looks: { of(uid: string): Looked | undefined };
  /** What they said is not believed for longer. */
  readonly staleMs: number;
  readonly clock: Clock;
  /** Whether this replica leads. */
  readonly may: May;
  readonly dryRun: boolean;
  readonly policy: Policy;
}

/**
 * What a look has come to; `waits`: it failed before; `blind`: not all of its pods were asked yet. What
 * is live is given back all the same.
 */
export type LookResult = 'gone' | 'waits' | 'blind' | 'looked';

/** The whole group, beside the uids of its Deployments. */
const GROUP = '';

export class GroupWork {
  standing: GroupStanding | undefined;
  /** The Services that had to do with it when it was looked at last. */
  services: ReadonlySet<string> | undefined;
  private readonly group: Group;
  private readonly around: GroupAround;
  private readonly telling: Telling;
  private readonly patience: Patience;
  private readonly rehearsal = new Rehearsal();
  private isBrokenOff = false;

  constructor(group: Group, around: GroupAround, telling: Telling) {
    this.group = group;
    this.around = around;
    this.telling = telling;
    this.patience = new Patience(around.clock);
  }

  /** What is under way goes no further than the step it is at: something has changed. */
  breakOff(): void {
    this.isBrokenOff = true;
  }

  /** When something that has failed may be tried again; undefined if nothing waits. */
  get nextTryMs(): number | undefined {
    return this.patience.nextMs;
  }

  /** What has failed need not wait any longer. */
  hurry(): void {
    this.patience.forget();
  }

  /**
   * Rejects with a KubernetesError if the group cannot be looked at. `isWaiting`: pods that have not
   * been asked yet are about to be.
   */
  async look(isWaiting: boolean): Promise<LookResult> {
    const { known, may, dryRun, policy } = this.around;
    this.isBrokenOff = false;
    const glance = new Glance(this.around, isWaiting);
    const facts = await gather(known, glance.ask, this.group);
    if (facts.colours.length === 0) return 'gone';
    this.services = new Set(facts.services.map(({ name }) => name));
    const imagined = dryRun ? this.rehearsal.imagined(facts) : facts;
    const planned = plan(imagined, policy);
    this.standing = groupStanding(imagined, planned);
    if (dryRun && !glance.isBlind) this.rehearsal.remember(facts, imagined, planned);
    if (!may()) return 'looked';
    const against = this.against(glance);
    if (against === undefined) this.telling.noticed(facts, planned, policy);
    if (!dryRun) await this.act(facts, planned, against !== undefined);
    else if (against === undefined) this.rehearse(facts, planned);
    return against ?? 'looked';
  }

  /** Why nothing is to be taken away now. */
  private against({ isBlind }: Glance): 'waits' | 'blind' | undefined {
    if (this.patience.waits(GROUP)) return 'waits';
    return isBlind ? 'blind' : undefined;
  }

  private rehearse(facts: Facts, planned: Plan): void {
    planned.steps.forEach((step, at) => {
      const target = this.rehearsal.news(facts.colours[at], step);
      if (target !== undefined) this.telling.planned(facts, facts.colours[at], step, target);
    });
  }

  /** `isHeld`: only what is live may be given back what it needs, which its users wait for. */
  private async act(facts: Facts, { steps }: Plan, isHeld: boolean): Promise<void> {
    const { policy } = this.around;
    const due = steps.filter((step, at) => {
      const { deployment } = facts.colours[at];
      const isMeant = !isHeld || isRestore(step);
      const isDue = isMeant && this.patience.isDue(step, deployment, policy);
      return isDue && !this.waits(step, deployment.uid);
    });
    if (due.length === 0) return;
    try {
      await this.sweep([...new Set(due.map(({ colour }) => colour))], isHeld);
    } catch (error) {
      if (error instanceof KubernetesError) {
        // The others' turn is not put off by what was not theirs.
        if (!isHeld) this.failed(GROUP, error.passing);
        if (due.some(isRestore)) this.failed(restoring(GROUP), true);
      }
      throw error;
    }
  }

  private waits(step: Step, uid: string): boolean {
    const { patience } = this;
    if (!isRestore(step)) return patience.waits(uid);
    return patience.waits(restoring(GROUP)) || patience.waits(restoring(uid));
  }

  /** As the cluster is now, and by what its pods say now. */
  private async sweep(due: readonly string[], isHeld: boolean): Promise<void> {
    const { api, askPods, policy, clock, may } = this.around;
    const look: Look = (colours) => gather(api, askPods, this.group, colours);
    const facts = await look(due);
    const planned = plan(facts, policy);
    const steps = planned.steps.filter((step, at) => {
      const isMeant = isRestore(step) || (!isHeld && due.includes(step.colour));
      return isMeant && !this.waits(step, facts.colours[at].deployment.uid);
    });
    const outcomes = await sweep(
      facts,
      { ...planned, steps },
      {
        ...{ api, look, clock, dryRun: false },
        plan: (now) => plan(now, policy),
        tell: (outcome) => this.heard(facts, outcome),
        goesOn: () => may() && !this.isBrokenOff,
      },
    );
    if (hasGivenUp(outcomes)) this.failed(GROUP, true);
    else if (isHeld) this.patience.worked(restoring(GROUP));
    else this.patience.worked(GROUP);
  }

  private heard(facts: Facts, outcome: Outcome): void {
    const { step, result } = outcome;
    const colour = facts.colours.find(({ deployment }) => deployment.name === step.deployment);
    if (colour === undefined) return;
    // What is refused to whoever does not lead any more has not failed: another does it.
    if (result === 'failed' && !this.around.may()) return;
    const { uid } = colour.deployment;
    if (result === 'failed' && isRestore(step)) this.failed(restoring(uid), true);
    else if (result === 'failed') this.failed(uid, !outcome.isOwn);
    else if (result !== 'stopped') this.patience.worked(uid);
    this.telling.done(facts, colour, outcome);
  }

  /** Whoever does not lead any more has not failed. */
  private failed(key: string, isPassing: boolean): void {
    if (this.around.may()) this.patience.failedAt(key, isPassing);
  }
}

function isRestore({ action }: Step): boolean {
  return action.kind === 'restore';
}

/** Asks nobody whom somebody else has asked just now. */
class Glance {
  /** Somebody will be asked soon, and was not yet. */
  isBlind = false;
  private readonly around: GroupAround;
  private readonly isWaiting: boolean;

  constructor(around: GroupAround, isWaiting: boolean) {
    this.around = around;
    this.isWaiting = isWaiting;
  }

  readonly ask: AskPods = async (namespace, pods) => {
    const { looks, clock, staleMs, askPods } = this.around;
    const answers = new Map<string, Looked['answer']>();
    const unseen = pods.filter(({ uid }) => {
      const looked = looks.of(uid);
      if (looked === undefined || clock.now() - looked.atMs > staleMs) return true;
      answers.set(uid, looked.answer);
      return false;
    });
    if (unseen.length === 0) return answers;
    if (this.isWaiting) {
      this.isBlind = true;
      return answers;
    }
    // Those without the label of a tidegate are nobody else's.
    const asked = await askPods(namespace, unseen);
    return new Map([...answers, ...asked]);
  };
}
