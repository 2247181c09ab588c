/**
 * What is to be done with each colour of a group, and why: from facts, a policy and nothing else.
 * Pure. The first rule that holds decides, and what is in doubt is kept: no colour is taken from
 * that a Service selects, that is too young, or whose pods concerned did not all say that they are
 * safe.
 */
import type {
  Action,
  ColourFacts,
  Facts,
  Fight,
  Plan,
  PodFacts,
  Policy,
  Reason,
  State,
  Step,
} from './contract.js';
import { drainersOf, drainTurn } from './drain-turn.js';
import { pausedBy } from './pause.js';
import { IDLE_COST, shrinkable } from './removal-order.js';
import { isNotPromoted, routers, selectors, type Standing, standingOf } from './standing.js';
import { worthWriting } from './state.js';
import {
  aged,
  gainedTraffic,
  isClaimed,
  notLostYet,
  restsSince,
  stillRouted,
  withPeak,
} from './timers.js';
import { isAskedToDrain, isOnlyStarting, isSafe, nameOf, workOf } from './work.js';

/** Everything that a rule looks at; `state` is that of this moment. */
interface Look {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly standing: Standing;
  readonly colour: ColourFacts;
  readonly state: State;
}

interface Decision {
  readonly action: Action;
  readonly reason: Reason;
  readonly state: State;
}

export function plan(seen: Facts, policy: Policy): Plan {
  const facts = policy.force ? forced(seen) : seen;
  const { namespace, group, nowMs, colours } = facts;
  const standing = standingOf(facts, policy);
  const steps = colours.map((colour): Step => {
    const { name, uid, state: before } = colour.deployment;
    const { state, ...rest } = decide({ facts, policy, standing, colour, state: before });
    const news = worthWriting(before, state, uid);
    return { colour: colour.colour, deployment: name, ...rest, state: news };
  });
  return { namespace, group, nowMs, steps };
}

/** By force, what has only ever tried to start is safe, too. */
function forced(facts: Facts): Facts {
  const safe = (pod: PodFacts): PodFacts =>
    pod.answer.known && isOnlyStarting(pod)
      ? { ...pod, answer: { ...pod.answer, safe: true } }
      : pod;
  const colours = facts.colours.map((one) => ({ ...one, pods: one.pods.map(safe) }));
  return { ...facts, colours };
}

function decide(look: Look): Decision {
  const { facts, policy, standing, colour } = look;
  const { deployment } = colour;
  const { standstill } = standing;
  const services = selectors(facts, colour);
  // Giving back is always right, also to what is not ready because it was shrunk, and beside
  // colours that are odd.
  const isStill = standstill?.code === 'odd' && colour.isOdd;
  if (services.length > 0 && !isStill) return decideLive(look, services);
  if (standstill !== undefined) return keep(look, standstill);
  const routed = routers(facts, colour);
  if (routed.length > 0) {
    const state = stillRouted(deployment.state);
    return keep({ ...look, state }, { code: 'routed', services: routed });
  }
  if (deployment.isDeleting) return keep(look, { code: 'deleting' });
  if (isNotPromoted(colour, standing)) {
    return keep({ ...look, state: notLostYet(deployment.state) }, { code: 'not-promoted' });
  }
  return decideOld({ ...look, state: aged(colour, facts.nowMs, policy.lightlyUsed) });
}

function keep({ state }: Look, reason: Reason): Decision {
  return { action: { kind: 'keep' }, reason, state };
}

/** A Service selects it: what is left of its old age is taken back. */
function decideLive(look: Look, services: readonly string[]): Decision {
  const { facts, standing, colour } = look;
  const { deployment, pods } = colour;
  const before = deployment.state;
  const state = withPeak(gainedTraffic(before, facts.nowMs), colour);
  const costed = pods.filter((pod) => !pod.isTerminating && pod.deletionCost === IDLE_COST);
  const wasOld = isOld(before);
  // In a colour that was never old, whoever asked a pod to drain means it; but for us.
  const recalled = pods.filter((pod) => canBeRecalled(pod) && (wasOld || pod.isDrainOurs));
  if ((!wasOld && costed.length + recalled.length === 0) || deployment.isDeleting) {
    if (standing.standstill !== undefined) return keep(look, standing.standstill);
    return keep({ ...look, state }, { code: 'live', services });
  }
  const replicas = replicasBefore(before);
  const action: Action = {
    kind: 'restore',
    replicas: replicas > deployment.replicas ? replicas : undefined,
    recall: recalled.map(nameOf),
    uncost: costed.map(nameOf),
  };
  return { action, reason: { code: 're-selected', services }, state };
}

function isOld({ lostTrafficMs, drainAskedMs, replicas }: State): boolean {
  return lostTrafficMs !== undefined || drainAskedMs !== undefined || replicas !== undefined;
}

/** What was taken is given back; where nothing was, somebody else has scaled it. */
function replicasBefore({ replicas, liveReplicas = 0 }: State): number {
  return replicas === undefined ? 0 : Math.max(replicas, liveReplicas);
}

function canBeRecalled(pod: PodFacts): boolean {
  return pod.isOwned && !pod.isTerminating && isAskedToDrain(pod);
}

/** It has no traffic, and `state` says since when. */
function decideOld(look: Look): Decision {
  const { facts, policy, standing, colour, state } = look;
  const { deployment, pods } = colour;
  const by = pausedBy(facts, colour);
  if (by !== undefined) return keep(look, { code: 'paused', by });
  const untilMs = restsSince(state, facts.nowMs) + policy.minAgeMs;
  if (facts.nowMs < untilMs) return keep(look, { code: restCode(look), untilMs });
  const place = standing.places.get(colour.colour);
  if (place !== undefined) return keep(look, { code: 'kept', place, of: policy.keep });
  if (deployment.isRollingOut) return keep(look, { code: 'rolling-out' });
  if (deployment.replicas === 0) return decideAtZero(look);
  if (pods.length === 0) return keep(look, { code: 'no-pods', wanted: deployment.replicas });
  if (pods.every(isSafe)) return decideDrained(look);
  return drainDue(look) ?? shrinkDue(look) ?? waiting(look);
}

function restCode({ facts, policy, state }: Look): 'claimed' | 'too-young' | 'passed-over' {
  if (isClaimed(state, policy.minAgeMs, facts.nowMs)) return 'claimed';
  return state.wasLive ? 'too-young' : 'passed-over';
}

function decideAtZero(look: Look): Decision {
  const { facts, policy, colour, state } = look;
  if (colour.pods.length > 0) return keep(look, { code: 'emptying' });
  const sinceMs = state.scaledToZeroMs ?? facts.nowMs;
  const untilMs = sinceMs + policy.deleteAfterMs;
  if (facts.nowMs < untilMs) return keep(look, { code: 'at-zero', untilMs });
  return unlessFought(look, 'delete', {
    action: { kind: 'delete' },
    reason: { code: 'zero-long-enough', sinceMs },
    state,
  });
}

function decideDrained(look: Look): Decision {
  const { facts, policy, colour, state } = look;
  const from = colour.deployment.replicas;
  const sinceMs = state.drainedSinceMs ?? facts.nowMs;
  const untilMs = sinceMs + policy.drainedForMs;
  if (facts.nowMs < untilMs) return keep(look, { code: 'drained', untilMs });
  return unlessFought(look, 'zero', {
    action: { kind: 'zero', from },
    reason: { code: 'drained-long-enough', sinceMs },
    state: rememberingReplicas(state, from),
  });
}

/** What else wants another thing would win in the end, and pods come and go meanwhile. */
function unlessFought(look: Look, fight: Fight, decision: Decision): Decision {
  const rival = look.colour.deployment.rivals.find(({ fights }) => fights.includes(fight));
  return rival === undefined ? decision : keep(look, { code: 'rival', rival, fight });
}

function rememberingReplicas(state: State, replicas: number): State {
  return { ...state, replicas: Math.max(state.replicas ?? 0, replicas) };
}

/** It is too old, or hardly used any more; undefined if nobody is to be asked now. */
function drainDue(look: Look): Decision | undefined {
  const { facts, policy, colour, state } = look;
  const reason = drainReason(look);
  if (reason === undefined) return undefined;
  const { pods, last } = drainTurn(colour, facts, policy.force);
  if (last !== undefined) return keep(look, { code: 'last-ready-pod', ...last });
  if (pods.length === 0) return undefined;
  return {
    action: { kind: 'drain', pods },
    reason,
    state: { ...state, drainAskedMs: facts.nowMs },
  };
}

function drainReason({ facts, policy, colour, state }: Look): Reason | undefined {
  const { nowMs } = facts;
  const { maxAgeMs, lightlyUsed } = policy;
  const { lostTrafficMs = nowMs, lightlyUsedSinceMs, peak } = state;
  if (maxAgeMs !== undefined && nowMs - lostTrafficMs >= maxAgeMs) {
    return { code: 'too-old', sinceMs: lostTrafficMs };
  }
  if (lightlyUsed === undefined || lightlyUsedSinceMs === undefined) return undefined;
  if (nowMs - lightlyUsedSinceMs < lightlyUsed.forMs) return undefined;
  const active = workOf(colour.pods) ?? 0;
  return { code: 'lightly-used', sinceMs: lightlyUsedSinceMs, active, peak };
}

/** Idle pods go, and one stays. */
function shrinkDue(look: Look): Decision | undefined {
  const { colour, state } = look;
  const from = colour.deployment.replicas;
  const { idle, of, costs } = shrinkable(colour.pods);
  const to = Math.max(1, of - idle);
  if (to >= from || to >= of) return undefined;
  return unlessFought(look, 'shrink', {
    action: { kind: 'shrink', from, to, costs },
    reason: { code: 'idle-pods', pods: of - to, of },
    state: rememberingReplicas(state, from),
  });
}

function waiting(look: Look): Decision {
  const { pods } = look.colour;
  const of = pods.length;
  const { draining, unheeding } = drainersOf(look.colour, look.facts.nowMs);
  if (draining.length > 0) return keep(look, { code: 'draining', pods: draining.length, of });
  if (unheeding.length > 0) return keep(look, { code: 'unheeded', pods: unheeding.length, of });
  const unsafe = pods.filter((pod) => !isSafe(pod));
  // Whoever is busy will be done one day; whoever does not answer may need somebody.
  const { name, answer } = unsafe.find((pod) => !pod.answer.known) ?? unsafe[0];
  const first = { pod: name, answer };
  return keep(look, { code: 'not-safe', pods: unsafe.length, of, first });
}
