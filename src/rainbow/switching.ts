/**
 * Does a switch: gives the colour back what it had, waits until all its pods are ready, and only then
 * has the selectors moved. Whatever stops it before the first of them leaves traffic where it was, and
 * says what else it leaves.
 */
import type { Clock } from '../clock.js';
import { type Api, DEPLOYMENTS } from '../kubernetes/api.js';
import { isConflict, KubernetesError } from '../kubernetes/fault.js';
import { COLOUR_LABEL } from '../kubernetes/keys.js';
import type { ColourFacts, Facts, Look, State } from './contract.js';
import { isTold, Moving } from './moving.js';
import { poll } from './poll.js';
import { Refusal, Unfinished } from './refusal.js';
import { readRollout, type Rollout } from './rollout.js';
import { stateText } from './state.js';
import { planPromote, podsWords, type Switch } from './switch.js';
import { claimed, freed, given } from './switch-state.js';
import { nameOf } from './work.js';
import { Writes } from './writes.js';

const EVERY_MS = 1_000;
/** EndpointSlices follow a selector within a second or two. */
const FOLLOW_MS = 60_000;
const WRITES_MAX = 3;
/** While pods are not ready the group is looked at now and then: all of it costs more than one GET. */
const LOOK_EVERY = 5;

export interface Switching {
  readonly api: Api;
  readonly look: Look;
  readonly clock: Clock;
  /** Of the wait for ready pods. */
  readonly timeoutMs: number;
  /** The API server does all but keep it; nothing is waited for. */
  readonly dryRun: boolean;
  /** Hears what has been done and what is waited for, a sentence each. */
  readonly tell: (sentence: string) => void;
}

/** Rejects with a Refusal (traffic is where it was), an Unfinished or a KubernetesError. */
export async function doSwitch(wanted: Switch, switching: Switching): Promise<void> {
  const work = new SwitchWork(wanted, switching);
  await work.refuseMisfits();
  await work.claim();
  if (switching.dryRun) return work.moving.move(wanted.facts);
  await work.remember(await work.moved().catch((error: unknown) => work.stopped(error)));
}

/** The Deployment, and the group once its pods are ready. */
interface Looked {
  readonly rollout: Rollout;
  readonly facts?: Facts;
}

class SwitchWork {
  private wanted: Switch;
  private readonly around: Switching;
  private readonly writes: Writes;
  private mover: Moving | undefined;
  private told = '';
  /** What a refusal leaves as it is. */
  private readonly left: string[] = [];

  constructor(wanted: Switch, around: Switching) {
    this.wanted = wanted;
    this.around = around;
    this.writes = new Writes(around.api, wanted.facts, { dryRun: around.dryRun });
  }

  get moving(): Moving {
    const { look, tell } = this.around;
    return (this.mover ??= new Moving(this.wanted, { look, tell, writes: this.writes }));
  }

  /** Resolves with the group, once traffic is where it was wanted. */
  async moved(): Promise<Facts> {
    await this.moving.move(await this.ready());
    return this.followed();
  }

  /** Never resolves: says how things stand, and remembers what has come to traffic. */
  async stopped(error: unknown): Promise<never> {
    if (!isTold(error)) throw error;
    if (!this.moving.hasMoved) {
      if (!(error instanceof Refusal) || this.left.length === 0) throw error;
      throw new Refusal([error.message, ...this.left].join('; '));
    }
    const facts = await this.around.look([]).catch(() => undefined);
    // What stopped it is worth more to know than that this could not be noted.
    if (facts !== undefined) await this.remember(facts).catch(() => undefined);
    throw this.moving.halfway(error, facts);
  }

  /** A selector that asks for more than the colour must find that on the pods, too. */
  async refuseMisfits(): Promise<void> {
    const { moves, to } = this.wanted;
    const { templateLabels } = await this.rollout();
    for (const { name, selector } of moves) {
      const misfit = Object.entries(selector).find(
        ([key, value]) => key !== COLOUR_LABEL && templateLabels[key] !== value,
      );
      if (misfit === undefined) continue;
      throw new Refusal(
        `Service ${name} would select no pod of ${to.colour}: it asks for ${misfit.join('=')},` +
          ` which the pods of Deployment ${to.deployment.name} do not have`,
      );
    }
  }

  /** As things are now: between plan and act somebody was asked, and status changes all the time. */
  async claim(): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.wanted = stillWanted(this.wanted, await this.around.look([]));
      try {
        return await this.claimAsSeen();
      } catch (error) {
        if (!isConflict(error) || tries === WRITES_MAX) throw error;
      }
    }
  }

  /**
   * From here on a cleanup sees that the colour is no longer on its way out: its timers begin anew,
   * and its resourceVersion is another than it has seen.
   */
  private async claimAsSeen(): Promise<void> {
    const { to, from, facts, replicas, recall, uncost } = this.wanted;
    const { writes } = this;
    await writes.recall(recall);
    if (recall.length > 0) this.left.push(`the drain of ${podsWords(recall)} was taken back`);
    const state = changed(to, claimed(to.deployment.state, facts.nowMs));
    await writes.change(to.deployment, { state, replicas });
    if (replicas !== undefined) this.left.push(scaledWords(to, replicas));
    await writes.uncost(uncost);
    // Should all end here, the colours that are left are still known for having been live.
    for (const { deployment } of from.filter((one) => !one.deployment.state.wasLive)) {
      await writes.change(deployment, { state: given(deployment.state, facts.nowMs) });
    }
  }

  /** Resolves once all wanted pods are ready and none of them is in a drain. */
  private async ready(): Promise<Facts> {
    const { to, moves } = this.wanted;
    const name = `Deployment ${to.deployment.name}`;
    const { clock, timeoutMs, look } = this.around;
    let looks = 0;
    const ask = async (): Promise<Looked> => {
      const rollout = await this.rollout();
      if (rollout.wanted === 0) throw new Refusal(`${name} was scaled to zero meanwhile`);
      const isReadyNow = isReady(rollout);
      if (!isReadyNow && ++looks % LOOK_EVERY > 0) return { rollout };
      const facts = await look(isReadyNow ? [to.colour] : []);
      await this.recallLate(facts);
      return isReadyNow ? { rollout, facts } : { rollout };
    };
    let missing = '';
    for await (const { rollout, facts } of this.poll(ask, clock.now() + timeoutMs)) {
      missing = missingOf(to, rollout, facts);
      if (facts !== undefined && missing === '') return facts;
      this.tellOnce(`waiting: ${missing}`);
    }
    const left = moves.length === 0 ? '' : '; no selector was moved';
    throw new Refusal(`not within ${timeoutMs / 1_000}s: ${missing}${left}`);
  }

  /** A cleanup that had begun before this may ask pods to drain after they were recalled. */
  private async recallLate({ colours }: Facts): Promise<void> {
    const { uid } = this.wanted.to.deployment;
    const { pods = [] } = colours.find(({ deployment }) => deployment.uid === uid) ?? {};
    const late = pods.filter(({ isDrainOurs, isTerminating }) => isDrainOurs && !isTerminating);
    await this.writes.recall(late.map(nameOf));
  }

  /** Resolves once the EndpointSlices of all its Services name its pods and no others. */
  private async followed(): Promise<Facts> {
    let wrong = '';
    const { clock, look } = this.around;
    for await (const facts of this.poll(() => look([]), clock.now() + FOLLOW_MS)) {
      wrong = this.moving.strayed(facts);
      if (wrong === '') return facts;
      this.tellOnce(`waiting: ${wrong}`);
    }
    throw new Unfinished(`the selector was moved, but not within ${FOLLOW_MS / 1_000}s: ${wrong}`);
  }

  /** A cleanup would note the same later, by its own time: without it the timers are a bit longer. */
  async remember(seen: Facts): Promise<void> {
    const { to, from } = this.wanted;
    let facts = seen;
    for (let tries = 1; ; tries++) {
      try {
        return await this.note(facts, [to, ...from]);
      } catch (error) {
        if (!(error instanceof KubernetesError)) throw error;
        if (!isConflict(error) || tries === WRITES_MAX) throw unnoted(to, error);
      }
      facts = await this.around.look([]);
    }
  }

  private async note({ colours, services, nowMs }: Facts, of: ColourFacts[]): Promise<void> {
    for (const { deployment } of of) {
      const colour = colours.find((one) => one.deployment.uid === deployment.uid);
      if (colour === undefined) continue;
      const { state } = colour.deployment;
      const isLive = services.some(({ selects }) => selects.includes(colour.colour));
      const now = isLive ? given(state, nowMs) : freed(colour.deployment, nowMs);
      await this.writes.change(colour.deployment, { state: changed(colour, now) });
    }
  }

  private async rollout(): Promise<Rollout> {
    const { facts, to } = this.wanted;
    const { name, uid } = to.deployment;
    const object = await this.around.api.get(DEPLOYMENTS, facts.namespace, name);
    const rollout = object === undefined ? undefined : readRollout(object);
    if (rollout?.uid === uid) return rollout;
    throw new Refusal(`Deployment ${name} is gone, or another one by now`);
  }

  private poll<T>(ask: () => Promise<T>, untilMs: number): AsyncGenerator<T, void, void> {
    const failed = (error: KubernetesError): void => this.around.tell(error.message);
    return poll(ask, { clock: this.around.clock, everyMs: EVERY_MS, untilMs, failed });
  }

  private tellOnce(sentence: string): void {
    if (sentence !== this.told) this.around.tell(sentence);
    this.told = sentence;
  }
}

/** Undefined if there is nothing to be written. */
function changed({ deployment: { state, uid } }: ColourFacts, to: State): State | undefined {
  return stateText(state, uid) === stateText(to, uid) ? undefined : to;
}

function unnoted({ colour }: ColourFacts, { message }: KubernetesError): Unfinished {
  return new Unfinished(`traffic is on ${colour}, but that could not be remembered: ${message}`);
}

/** The switch as things are now; a Refusal if it is another one. */
function stillWanted(agreed: Switch, facts: Facts): Switch {
  const now = planPromote(agreed.to.colour, facts, agreed);
  const key = ({ moves, to }: Switch): string =>
    JSON.stringify([to.deployment.uid, moves.map(({ uid, colour }) => [uid, colour])]);
  if (key(now) === key(agreed)) return now;
  throw new Refusal('the group is not as it was when this was planned; do it again');
}

function isReady({ isCaughtUp, available, wanted }: Rollout): boolean {
  return isCaughtUp && available >= wanted;
}

function scaledWords({ deployment: { name, replicas } }: ColourFacts, to: number): string {
  return `Deployment ${name} was scaled from ${replicas} to ${to} and stays so until a cleanup`;
}

/** What there is to wait for; empty: nothing. */
function missingOf({ colour, deployment }: ColourFacts, rollout: Rollout, facts?: Facts): string {
  const { isCaughtUp, ready, available, wanted } = rollout;
  if (ready < wanted) return `${ready} of ${wanted} pods of ${colour} are ready`;
  if (available < wanted) {
    return `${available} of ${wanted} pods of ${colour} have been ready for minReadySeconds`;
  }
  if (!isCaughtUp) return `Deployment ${deployment.name} is still rolling out`;
  const now = facts?.colours.find((one) => one.deployment.uid === deployment.uid);
  const draining = now?.pods.find(
    ({ answer, isOwned, isTerminating }) =>
      isOwned && !isTerminating && answer.known && answer.phase !== 'serving',
  );
  return draining === undefined ? '' : `pod ${draining.name} of ${colour} is still in a drain`;
}
