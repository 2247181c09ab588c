/**
 * Which Services go from which colour to which, and what the colour must get back first, if it was
 * on its way out. Pure; what must not be switched is refused with a sentence.
 */
import { COLOUR_LABEL } from '../kubernetes/keys.js';
import type { ColourFacts, Facts, PodName, ServiceFacts } from './contract.js';
import { listed, Refusal } from './refusal.js';
import { IDLE_COST } from './removal-order.js';
import { rivalName } from './sentences.js';
import { noSuchColour } from './wait.js';
import { isAskedToDrain, nameOf } from './work.js';

export interface SwitchAsked {
  /** Names of Services; empty: all that can be moved and are on one colour. */
  readonly services: readonly string[];
  /** Also what somebody else would undo, and where something does not fit together. */
  readonly force: boolean;
}

export interface Switch extends SwitchAsked {
  readonly facts: Facts;
  readonly to: ColourFacts;
  /** The colours that Services are taken from. */
  readonly from: readonly ColourFacts[];
  /** The Services that are to be moved; those that are there already are in `there`. */
  readonly moves: readonly ServiceFacts[];
  readonly there: readonly ServiceFacts[];
  /** What it is scaled to first; undefined: it has enough. */
  readonly replicas: number | undefined;
  /** Its pods that were asked to drain, or to go first. */
  readonly recall: readonly PodName[];
  readonly uncost: readonly PodName[];
}

/** Throws a Refusal. */
export function planPromote(colour: string, facts: Facts, asked: SwitchAsked): Switch {
  const to = facts.colours.find((one) => one.colour === colour);
  if (to === undefined) throw noSuchColour(colour, facts);
  refuseOdd(to, facts, asked);
  const meant = servicesMeant(facts, asked);
  const moves = meant.filter((service) => service.colour !== colour);
  if (asked.services.length === 0) refuseMany(moves);
  refuseRivals(moves, asked);
  refuseOwner(to, asked);
  const from = facts.colours.filter(
    (one) => one !== to && moves.some(({ selects }) => selects.includes(one.colour)),
  );
  return {
    ...asked,
    facts,
    to,
    from,
    moves,
    there: meant.filter((service) => service.colour === colour),
    replicas: replicasFor(to, from),
    recall: to.pods.filter((pod) => !pod.isTerminating && isAskedToDrain(pod)).map(nameOf),
    uncost: to.pods.filter(({ deletionCost }) => deletionCost === IDLE_COST).map(nameOf),
  };
}

/** To the colour that lost its traffic last, or to the one that is named. Throws a Refusal. */
export function planRollback(colour: string | undefined, facts: Facts, asked: SwitchAsked): Switch {
  return planPromote(colour ?? lastLive(facts, asked), facts, asked);
}

function lastLive(facts: Facts, asked: SwitchAsked): string {
  const meant = servicesMeant(facts, asked);
  const lostMs = ({ deployment }: ColourFacts): number => deployment.state.lostTrafficMs ?? -1;
  const [last] = facts.colours
    .filter((one) => one.deployment.state.wasLive && lostMs(one) >= 0)
    .filter((one) => !one.deployment.isDeleting)
    .filter(({ colour }) => !meant.some((service) => service.colour === colour))
    .sort((one, other) => lostMs(other) - lostMs(one));
  if (last !== undefined) return last.colour;
  throw new Refusal(
    `nobody knows which colour of group ${facts.group} was live before: name the one to go back to`,
  );
}

function refuseOdd(to: ColourFacts, facts: Facts, { force }: SwitchAsked): void {
  const { deployment, colour } = to;
  if (facts.colours.some((one) => one !== to && one.colour === colour)) {
    throw new Refusal(`more than one Deployment of group ${facts.group} has the colour ${colour}`);
  }
  if (deployment.isDeleting) {
    throw new Refusal(`Deployment ${deployment.name} is being deleted: no traffic is given to it`);
  }
  const [oddity] = facts.oddities;
  if (oddity !== undefined && !force) throw new Refusal(`${oddity}; --force switches nevertheless`);
}

function servicesMeant({ services, group, namespace }: Facts, asked: SwitchAsked): ServiceFacts[] {
  const movable = services.filter(({ colour }) => colour !== undefined);
  const names = movable.map(({ name }) => name);
  if (movable.length === 0) {
    throw new Refusal(
      `no Service in namespace ${namespace} can be moved: none has ${COLOUR_LABEL} in its selector` +
        ` and fits a colour of group ${group}`,
    );
  }
  if (asked.services.length === 0) return movable;
  const unknown = asked.services.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new Refusal(
      `Service ${listed(unknown)} cannot be moved to a colour of group ${group}: ` +
        `those that can are ${listed(names)}`,
    );
  }
  return movable.filter(({ name }) => asked.services.includes(name));
}

function refuseMany(moves: readonly ServiceFacts[]): void {
  if (new Set(moves.map(({ colour }) => colour)).size < 2) return;
  const where = moves.map(({ name, colour = '' }) => `${name} on ${colour}`);
  throw new Refusal(
    `the Services are on different colours, ${listed(where)}: --service NAME says which are meant`,
  );
}

function refuseRivals(moves: readonly ServiceFacts[], { force }: SwitchAsked): void {
  if (force) return;
  for (const { name, rivals } of moves) {
    const rival = rivals.find(({ fights }) => fights.includes('select'));
    if (rival === undefined) continue;
    throw new Refusal(
      `${rivalName(rival)} keeps the selector of Service ${name} as it has it: change it there;` +
        ` --force switches nevertheless`,
    );
  }
}

/** Who has its own way of giving traffic takes its pods away again. */
function refuseOwner({ deployment: { name, rivals } }: ColourFacts, { force }: SwitchAsked): void {
  const owner = rivals.find(({ kind }) => kind === 'argo-rollouts' || kind === 'owner');
  if (owner === undefined || force) return;
  throw new Refusal(
    `${rivalName(owner)} looks after Deployment ${name}: have it done there;` +
      ` --force switches nevertheless`,
  );
}

/**
 * What it had before it was shrunk, and when it was live. One that was is meant to carry all of it
 * again: no fewer than what does now. A new one may be few on purpose.
 */
function replicasFor(
  { deployment: { name, replicas, state, rivals } }: ColourFacts,
  from: readonly ColourFacts[],
): number | undefined {
  const own = Math.max(replicas, state.replicas ?? 0, state.liveReplicas ?? 0);
  const others = from.map(({ deployment }) => deployment.replicas);
  const needed = state.wasLive || own === 0 ? Math.max(1, own, ...others) : own;
  if (needed === replicas) return undefined;
  const rival = rivals.find(({ fights }) => fights.includes('zero'));
  if (rival === undefined) return needed;
  // In a hurry few are better than none; that they are few is told.
  if (replicas > 0) return undefined;
  throw new Refusal(
    `Deployment ${name} has ${replicas} replicas, and ${rivalName(rival)} would undo any other count:` +
      ` give it ${needed} there first`,
  );
}

/** What would be done, a line each; empty: nothing. */
export function switchSentences(wanted: Switch): string[] {
  const { to, moves, replicas, recall, uncost } = wanted;
  const { colour, deployment } = to;
  const lines: string[] = [];
  if (replicas !== undefined) {
    lines.push(`Deployment ${deployment.name}: ${deployment.replicas} to ${replicas} replicas`);
  }
  if (recall.length > 0) lines.push(`${podsWords(recall)} of ${colour}: drain taken back`);
  if (uncost.length > 0) lines.push(`${podsWords(uncost)} of ${colour}: deletion cost removed`);
  for (const service of moves) {
    lines.push(`Service ${service.name}: ${service.colour ?? 'no colour'} to ${colour}`);
  }
  const fewer = fewerSentence(wanted);
  return fewer === '' ? lines : [...lines, fewer];
}

/** That it will serve with fewer pods than what serves now; empty: it will not. */
export function fewerSentence({ to, from, replicas, facts }: Switch, now: Facts = facts): string {
  const found = (uid: string): ColourFacts | undefined =>
    now.colours.find(({ deployment }) => deployment.uid === uid);
  const counts = from.map(({ colour, deployment }) => {
    const pods = found(deployment.uid)?.pods ?? [];
    return { colour, count: pods.filter((pod) => pod.isReady && !pod.isTerminating).length };
  });
  const [most] = counts.sort((one, other) => other.count - one.count);
  const own = Math.max(found(to.deployment.uid)?.deployment.replicas ?? 0, replicas ?? 0);
  if (most === undefined || own >= most.count) return '';
  return `${to.colour} has only ${own} of what ${most.colour} serves with: ${most.count} ready pods`;
}

export function podsWords(pods: readonly PodName[]): string {
  return pods.length === 1 ? `pod ${pods[0].name}` : `${pods.length} pods`;
}
