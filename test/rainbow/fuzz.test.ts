/**
 * Plans of made-up groups, thousands of them: whatever the facts are, nothing is taken from a colour
 * that a Service selects, that is too young, or whose pods concerned did not all say that they are
 * safe. Held by the facts alone, not by what the plan says of itself.
 */
import t from 'tap';
import type {
  ColourFacts,
  Facts,
  Fight,
  KnownAnswer,
  PodAnswer,
  PodFacts,
  Policy,
  Rival,
  ServiceFacts,
  State,
  Step,
} from '../../src/rainbow/contract.js';
import { plan } from '../../src/rainbow/plan.js';
import { IDLE_COST } from '../../src/rainbow/removal-order.js';
import { reasonWords, stepWords } from '../../src/rainbow/sentences.js';
import { readState, stateText } from '../../src/rainbow/state.js';
import {
  busy,
  colourOf,
  groupOf,
  HOUR,
  MINUTE,
  NOW,
  podOf,
  SAFE,
  serviceOf,
  SILENT,
} from '../peers/rainbow.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';

const GROUPS = 6_000;
const RUN = seedOfRun(20_261_122);
const TAKING: readonly Step['action']['kind'][] = ['shrink', 'drain', 'zero', 'delete'];

const ANSWERS: readonly PodAnswer[] = [
  ...[SAFE, SAFE, SAFE, SAFE, SAFE, SAFE],
  busy(1),
  busy(0, 1),
  busy(500),
  { ...(busy(3) as KnownAnswer), phase: 'draining' },
  { ...(busy(0) as KnownAnswer), phase: 'drained', reason: 'not-quiet' },
  { ...(busy(0) as KnownAnswer), reason: 'starting' },
  SILENT,
  { known: false, reason: 'not-asked', words: 'was not asked' },
  { ...(SAFE as KnownAnswer), safe: false },
];

function anyPod(random: Random, name: string): PodFacts {
  const drain = random.pick([undefined, undefined, undefined, 'true', 'keep', 'false']);
  return podOf(name, {
    answer: random.pick(ANSWERS),
    neverStarted: random.once(12),
    isReady: !random.once(4),
    isTerminating: random.once(8),
    phase: random.once(8) ? random.pick(['Pending', 'Unknown'] as const) : 'Running',
    node: random.once(10) ? undefined : 'node',
    deletionCost: random.pick([0, 0, 0, IDLE_COST, IDLE_COST - 1, -5, 7]),
    drain,
    isDrainOurs: drain !== undefined && random.once(2),
    isOwned: !random.once(12),
  });
}

function anyState(random: Random): State {
  const moment = (key: keyof State): object =>
    random.once(2) ? {} : { [key]: NOW - random.int(80) * HOUR - random.int(60) * MINUTE };
  return {
    wasLive: !random.once(3),
    ...(random.once(5) ? moment('liveSinceMs') : {}),
    ...moment('lostTrafficMs'),
    ...(random.once(4) ? moment('claimedMs') : {}),
    ...moment('lightlyUsedSinceMs'),
    ...moment('drainAskedMs'),
    ...moment('drainedSinceMs'),
    ...moment('scaledToZeroMs'),
    peak: random.int(1_000),
    ...(random.once(2) ? {} : { replicas: 1 + random.int(20) }),
    ...(random.once(2) ? {} : { liveReplicas: 1 + random.int(20) }),
    samples: [],
  };
}

function anyColour(random: Random, colour: string): ColourFacts {
  const sizes = [0, 0, 1, 2, 3, 12];
  const isAllSafe = random.once(2);
  const pods = Array.from({ length: random.pick(sizes) }, (_, at) => {
    const pod = anyPod(random, `${colour}-${at}`);
    return isAllSafe ? { ...pod, answer: SAFE } : pod;
  });
  const rival = (kind: Rival['kind'], ...fights: Fight[]): Rival => ({ kind, name: 'it', fights });
  const facts = colourOf(colour, pods, {
    createdMs: NOW - random.int(100) * HOUR,
    replicas: random.once(4) ? random.int(4) : pods.length,
    isDeleting: random.once(12),
    isRollingOut: random.once(8),
    isPaused: random.once(12),
    state: anyState(random),
    rivals: random.once(6)
      ? [random.pick([rival('hpa', 'shrink'), rival('argo-cd', 'shrink', 'zero', 'delete')])]
      : [],
  });
  return { ...facts, isOdd: random.once(20) };
}

function anyService(random: Random, name: string, colours: readonly ColourFacts[]): ServiceFacts {
  const one = (): string[] => (random.once(5) ? [] : [random.pick(colours).colour]);
  const selects = random.once(12) ? colours.map(({ colour }) => colour) : one();
  const routesTo = random.once(6) ? one() : selects;
  const pods = colours.flatMap((colour) => colour.pods).filter(({ isReady }) => isReady);
  const some = pods.filter(() => random.once(6));
  const ready = random.once(3) || pods.length === 0 ? some : [random.pick(pods)];
  const readyPods = ready.map((pod) => pod.name);
  return serviceOf(name, selects, { routesTo, readyPods, isPaused: random.once(30) });
}

function anyGroup(random: Random): Facts {
  const colours = Array.from({ length: 1 + random.int(6) }, (_, at) =>
    anyColour(random, `colour${at}`),
  );
  const services = Array.from({ length: random.int(4) }, (_, at) =>
    anyService(random, `service${at}`, colours),
  );
  const ready = podOf('ready');
  // Most groups have somebody who serves, or no rule beyond that would be reached.
  const serving = random.once(10) ? [] : [colourOf('serving', [ready], { createdMs: NOW - HOUR })];
  const selecting = serving.map(() => serviceOf('serves', ['serving']));
  const oddities = random.once(30) ? ['something is odd'] : [];
  return groupOf([...colours, ...serving], [...services, ...selecting], { oddities });
}

function anyPolicy(random: Random): Policy {
  return {
    keep: random.pick([0, 0, 0, 1, 2]),
    minAgeMs: random.pick([0, HOUR, 30 * HOUR]),
    drainedForMs: random.pick([0, 10 * MINUTE, 5 * HOUR]),
    deleteAfterMs: random.pick([0, 24 * HOUR]),
    maxAgeMs: random.pick([undefined, 0, 48 * HOUR]),
    lightlyUsed: random.once(2) ? undefined : { share: 0.01, forMs: random.pick([0, HOUR]) },
    force: random.once(4),
  };
}

/** By its own word; or nothing of it has ever run; or, by force, its app has never been there. */
function isSafe({ answer, neverStarted }: PodFacts, force: boolean): boolean {
  if (!answer.known) return neverStarted;
  const { safe, reason, active, leases } = answer;
  return safe || (force && reason === 'starting' && active + leases === 0);
}

/** What is wrong with taking from this colour; the facts alone say so. */
function faultsOf(facts: Facts, policy: Policy, colour: ColourFacts, step: Step): string[] {
  const { deployment, pods } = colour;
  const { action } = step;
  const faults: string[] = [];
  const must = (holds: boolean, words: string): void => void (holds || faults.push(words));
  if (!TAKING.includes(action.kind)) return faults;
  const has = (key: 'selects' | 'routesTo', name: string): boolean =>
    facts.services.some((service) => service[key].includes(name));
  const live = facts.colours.filter((one) => has('selects', one.colour));
  must(!has('selects', colour.colour), 'a Service selects it');
  must(!has('routesTo', colour.colour), 'a Service routes to it');
  must(
    live.some((one) => one.pods.some((pod) => pod.isReady)),
    'nobody else serves',
  );
  must(facts.oddities.length === 0 && !deployment.isDeleting, 'it is not to be touched');
  must(!deployment.isRollingOut, 'it rolls out');
  must(![deployment, ...facts.services].some(({ isPaused }) => isPaused), 'it is paused');
  const { lostTrafficMs = NOW, claimedMs = 0, liveSinceMs = 0, wasLive } = deployment.state;
  const lostMs = liveSinceMs > lostTrafficMs ? NOW : Math.max(lostTrafficMs, claimedMs);
  must(NOW - lostMs >= policy.minAgeMs, 'it is too young');
  const isNewest = live.every((one) => deployment.createdMs >= one.deployment.createdMs);
  must(wasLive || !isNewest, 'it is yet to be promoted');
  const fights = deployment.rivals.flatMap((rival) => rival.fights);
  must(!fights.some((fight) => fight === action.kind), 'somebody would undo it');
  if (action.kind === 'delete') {
    must(pods.length === 0 && deployment.replicas === 0, 'there are pods');
  } else if (action.kind === 'zero') {
    must(pods.length > 0, 'nobody has said anything');
    must(
      pods.every((pod) => isSafe(pod, policy.force)),
      'not all of them are safe',
    );
  } else if (action.kind === 'shrink') {
    must(action.to >= 1 && action.to < action.from, 'that is no shrinking');
    must(action.from === deployment.replicas, 'it has another count');
    const gone = removedFirst(pods, action, policy.force);
    must(
      gone.every((pod) => isSafe(pod, policy.force)),
      'a pod that would go is not safe',
    );
  } else if (action.kind === 'drain') {
    faults.push(
      ...drainFaults(
        facts,
        policy,
        colour,
        action.pods.map(({ name }) => name),
      ),
    );
  }
  return faults;
}

/** As the controller would, for the worst it could make of what is alike. */
function removedFirst(
  pods: readonly PodFacts[],
  action: Step['action'] & { kind: 'shrink' },
  force: boolean,
): PodFacts[] {
  const costs = new Map(action.costs.map(({ name, cost }) => [name, cost]));
  const phases = ['Pending', 'Unknown', 'Running'];
  const rank = (pod: PodFacts): number[] => [
    pod.node === undefined ? 0 : 1,
    phases.indexOf(pod.phase),
    pod.isReady ? 1 : 0,
    costs.get(pod.name) ?? pod.deletionCost,
    isSafe(pod, force) ? 1 : 0,
  ];
  const own = pods.filter((pod) => pod.isOwned && !pod.isTerminating);
  const order = own.sort((one, other) => {
    const [a, b] = [rank(one), rank(other)];
    const at = a.findIndex((value, index) => value !== b[index]);
    return at === -1 ? 0 : a[at] - b[at];
  });
  return order.slice(0, Math.max(0, own.length - action.to));
}

function drainFaults(
  { services }: Facts,
  { force }: Policy,
  { pods, deployment }: ColourFacts,
  asked: readonly string[],
): string[] {
  const faults: string[] = [];
  const drains = (pod: PodFacts): boolean => pod.drain === 'true' || pod.drain === 'keep';
  const hasHeard = NOW - (deployment.state.drainAskedMs ?? 0) >= 3 * MINUTE;
  const isEmptying = ({ answer }: PodFacts): boolean =>
    !answer.known ||
    ['settling', 'draining', 'closing', hasHeard ? '' : 'serving'].includes(answer.phase);
  const before = pods
    .filter((pod) => drains(pod) && !isSafe(pod, force) && isEmptying(pod))
    .map(({ name }) => name);
  if (before.length + asked.length > Math.max(1, pods.length / 10)) faults.push('too many drain');
  for (const name of asked) {
    const pod = pods.find((one) => one.name === name);
    const isFit = pod?.answer.known === true && !isSafe(pod, force) && !drains(pod) && pod.isOwned;
    if (!isFit || pod.isTerminating) faults.push(`${name} need not drain`);
  }
  const gone = [...before, ...asked];
  for (const { name, readyPods } of services) {
    const isLast = readyPods.length > 0 && readyPods.every((pod) => gone.includes(pod));
    if (isLast && readyPods.some((pod) => asked.includes(pod)) && !force) {
      faults.push(`Service ${name} would have nobody`);
    }
  }
  return faults;
}

/** Each group once, for all that is held of it. */
function eachGroup(see: (facts: Facts, policy: Policy, label: string) => void): void {
  for (let index = 0; index < GROUPS; index++) {
    const random = new Random(seedOf(RUN, index));
    see(anyGroup(random), anyPolicy(random), `run ${RUN}, group ${index}`);
  }
}

t.test('nothing is taken that is selected, too young or not safe', (t) => {
  const faults: string[] = [];
  const seen = new Map<string, number>();
  eachGroup((facts, policy, label) => {
    plan(facts, policy).steps.forEach((step, at) => {
      for (const key of [step.action.kind, step.reason.code])
        seen.set(key, (seen.get(key) ?? 0) + 1);
      for (const fault of faultsOf(facts, policy, facts.colours[at], step)) {
        faults.push(`${label}: ${stepWords(step, NOW)}: ${fault}`);
      }
    });
  });
  t.same(faults.slice(0, 5), []);
  t.comment([...seen].map(([key, times]) => `${key} ${times}`).join(', '));
  t.equal(seen.size, 6 + 28, 'every action and every reason was there');
  t.end();
});

t.test('each colour has a step, with a reason in words', (t) => {
  const faults: string[] = [];
  eachGroup((facts, policy, label) => {
    const { steps } = plan(facts, policy);
    const names = facts.colours.map(({ deployment }) => deployment.name);
    if (steps.map(({ deployment }) => deployment).join() !== names.join()) faults.push(label);
    for (const step of steps) {
      if (/undefined|NaN/.test(reasonWords(step.reason, NOW) + stepWords(step, NOW))) {
        faults.push(`${label}: ${stepWords(step, NOW)}`);
      }
    }
  });
  t.same(faults.slice(0, 5), []);
  t.end();
});

t.test(
  'the same facts make the same plan, and once it is remembered there is nothing to remember',
  (t) => {
    const faults: string[] = [];
    eachGroup((facts, policy, label) => {
      const { steps } = plan(facts, policy);
      if (JSON.stringify(plan(facts, policy).steps) !== JSON.stringify(steps)) faults.push(label);
      const colours = facts.colours.map((colour, at): ColourFacts => {
        const { deployment } = colour;
        const text = stateText(steps[at].state ?? deployment.state, deployment.uid);
        return {
          ...colour,
          deployment: { ...deployment, state: readState(text, deployment.uid, NOW) },
        };
      });
      const again = plan({ ...facts, colours }, policy).steps;
      again.forEach((step, at) => {
        const { kind } = step.action;
        if (kind === 'keep' && steps[at].action.kind === 'keep' && step.state !== undefined) {
          faults.push(`${label}: ${stepWords(step, NOW)} remembers ${JSON.stringify(step.state)}`);
        }
      });
    });
    t.same(faults.slice(0, 5), []);
    t.end();
  },
);
