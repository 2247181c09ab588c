/**
 * The plan of a group, case by case with the clock given: which rule decides, what is to be done and
 * what is to be remembered. Each case tells of one old colour beside a live one.
 */
import t from 'tap';
import type {
  Action,
  ColourFacts,
  DeploymentFacts,
  Facts,
  Policy,
  Reason,
  Rival,
  ServiceFacts,
  State,
} from '../../src/rainbow/contract.js';
import { plan } from '../../src/rainbow/plan.js';
import { type GivenPolicy, parsePolicy } from '../../src/rainbow/policy.js';
import { IDLE_COST } from '../../src/rainbow/removal-order.js';
import { NO_STATE } from '../../src/rainbow/state.js';
import {
  busy,
  colourOf,
  groupOf,
  HOUR,
  MINUTE,
  NOW,
  oldState,
  podOf,
  podsOf,
  SAFE,
  serviceOf,
  SILENT,
} from '../peers/rainbow.js';

/** One colour, beside `blue`, which is live and younger, and the policy. */
interface Case {
  readonly title: string;
  readonly old: ColourFacts;
  readonly others?: readonly ColourFacts[];
  readonly services?: readonly ServiceFacts[];
  readonly facts?: Partial<Facts>;
  readonly policy?: GivenPolicy;
  readonly force?: true;
  readonly action?: Action;
  readonly reason: Reason;
  /** What is to be written; left out: nothing is. */
  readonly state?: State;
}

const KEEP: Action = { kind: 'keep' };
const LIVE_STATE: State = { liveSinceMs: NOW - 5 * HOUR, wasLive: true, peak: 3, samples: [] };
const BLUE = colourOf('blue', [podOf('b0', { answer: busy(3) })], {
  createdMs: NOW - 5 * HOUR,
  state: LIVE_STATE,
});
const SELECTS_BLUE = serviceOf('web', ['blue']);
/** None is kept to go back to, so that the other rules are reached. */
const NONE_KEPT: GivenPolicy = { keep: '0' };

/** `green`, which lost its traffic so long ago. */
function green(
  pods: ColourFacts['pods'],
  lostForMs: number,
  state: Partial<State> = {},
  given: Partial<DeploymentFacts> = {},
): ColourFacts {
  // What was seen before is what is seen now: nothing of it need be written.
  const active = pods.reduce(
    (sum, { answer }) => sum + (answer.known ? answer.active + answer.leases : 0),
    0,
  );
  const samples = [{ atMs: NOW - lostForMs, active }];
  return colourOf('green', pods, {
    state: oldState(lostForMs, { peak: 100, samples, ...state }),
    ...given,
  });
}

export const rival = (kind: Rival['kind'], ...fights: Rival['fights'][number][]): Rival => ({
  kind,
  name: kind,
  fights,
});

/** A group that is not as it should be, and colours that have traffic or are yet to have it. */
const STANDING: readonly Case[] = [
  {
    title: 'what does not fit together stops everything',
    old: green(podsOf(SAFE), 60 * HOUR),
    facts: { oddities: ['two Deployments are green', 'another'] },
    reason: { code: 'odd', oddity: 'two Deployments are green' },
  },
  {
    title: 'without a live colour nothing is done',
    old: green(podsOf(SAFE), 60 * HOUR),
    services: [serviceOf('web', [])],
    reason: { code: 'no-live-colour' },
  },
  {
    title: 'without a Service nothing is done',
    old: green([], 60 * HOUR, { scaledToZeroMs: NOW - 50 * HOUR }),
    services: [],
    reason: { code: 'no-live-colour' },
  },
  {
    title: 'while no pod of a live colour is ready nothing is done',
    old: green(podsOf(SAFE), 60 * HOUR),
    services: [serviceOf('web', ['red'])],
    others: [colourOf('red', [podOf('r0', { isReady: false })])],
    reason: { code: 'live-not-ready' },
  },
  {
    title: 'a pod that terminates makes no colour ready',
    old: green(podsOf(SAFE), 60 * HOUR),
    services: [serviceOf('web', ['red'])],
    others: [colourOf('red', [podOf('r0', { isTerminating: true })])],
    reason: { code: 'live-not-ready' },
  },
  {
    title: 'one live colour that is ready is enough',
    old: green(podsOf(busy(9)), 2 * HOUR),
    services: [SELECTS_BLUE, serviceOf('beta', ['red'])],
    others: [colourOf('red', [])],
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'a live colour that is at zero gets its replicas back, although nothing is ready',
    old: green([], 60 * HOUR, { scaledToZeroMs: NOW - HOUR, replicas: 4 }),
    services: [serviceOf('web', ['green'])],
    action: { kind: 'restore', replicas: 4, recall: [], uncost: [] },
    reason: { code: 're-selected', services: ['web'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 100, samples: [] },
  },
  {
    title: 'a live colour that is not ready and never was old is told so',
    old: colourOf('green', [], { replicas: 2 }),
    services: [serviceOf('web', ['green'])],
    reason: { code: 'live-not-ready' },
  },
  {
    title: 'a colour that a Service selects is kept',
    old: colourOf('green', podsOf(SAFE), { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
  },
  {
    title: 'a Service that selects all colours makes all of them live',
    old: colourOf('green', podsOf(SAFE), { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('all', ['green', 'blue'])],
    reason: { code: 'live', services: ['all'] },
  },
  {
    title: 'a colour that is seen live for the first time is remembered as live',
    old: colourOf('green', podsOf(busy(7, 2))),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 9, samples: [] },
  },
  {
    title: 'the most that a live colour had at work is remembered',
    old: colourOf('green', podsOf(busy(7), busy(5)), { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
    state: { ...LIVE_STATE, peak: 12 },
  },
  {
    title: 'a peak of which a part is unknown is none',
    old: colourOf('green', podsOf(busy(7), SILENT), { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
  },
  {
    title: 'a colour that is selected again gets back what it had',
    old: green(
      [
        podOf('p0', { drain: 'true', answer: busy(3) }),
        podOf('p1', { deletionCost: IDLE_COST }),
        podOf('p2', { drain: 'keep', isTerminating: true, deletionCost: IDLE_COST }),
        podOf('p3', { deletionCost: -7, drain: 'false' }),
      ],
      3 * HOUR,
      { drainAskedMs: NOW - HOUR, replicas: 9, drainedSinceMs: NOW - MINUTE },
    ),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    action: {
      kind: 'restore',
      replicas: 9,
      recall: [{ name: 'p0', uid: 'uid-p0' }],
      uncost: [{ name: 'p1', uid: 'uid-p1' }],
    },
    reason: { code: 're-selected', services: ['beta'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 100, samples: [] },
  },
  {
    title: 'replicas that somebody raised meanwhile are not lowered again',
    old: green(podsOf(busy(1), busy(1)), 3 * HOUR, { replicas: 2 }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    action: { kind: 'restore', replicas: undefined, recall: [], uncost: [] },
    reason: { code: 're-selected', services: ['beta'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 100, samples: [] },
  },
  {
    title: 'costs that were left on a live colour are taken back',
    old: colourOf('green', [podOf('p0', { deletionCost: IDLE_COST })], { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    action: {
      kind: 'restore',
      replicas: undefined,
      recall: [],
      uncost: [{ name: 'p0', uid: 'uid-p0' }],
    },
    reason: { code: 're-selected', services: ['beta'] },
  },
  {
    title: 'a pod of a live colour that somebody drains goes on draining',
    old: colourOf('green', [podOf('p0', { drain: 'true' })], { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
  },
  {
    title: 'nothing is given back to a colour that is being deleted',
    old: green(podsOf(busy(1)), 3 * HOUR, { replicas: 5 }, { isDeleting: true }),
    services: [SELECTS_BLUE, serviceOf('beta', ['green'])],
    reason: { code: 'live', services: ['beta'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 100, samples: [] },
  },
  {
    title: 'a colour that endpoints still name is kept, and its age begins anew',
    old: green(podsOf(SAFE), 60 * HOUR, { drainedSinceMs: NOW - HOUR, replicas: 3 }),
    services: [SELECTS_BLUE, serviceOf('beta', [], { routesTo: ['green'] })],
    reason: { code: 'routed', services: ['beta'] },
    state: oldState(0, { peak: 100, samples: [{ atMs: NOW - 60 * HOUR, active: 0 }], replicas: 3 }),
  },
  {
    title: 'a colour that endpoints name and that never lost its traffic has none to lose yet',
    old: colourOf('green', podsOf(SAFE), { state: LIVE_STATE }),
    services: [SELECTS_BLUE, serviceOf('beta', [], { routesTo: ['green'] })],
    reason: { code: 'routed', services: ['beta'] },
  },
  {
    title: 'a colour that is being deleted already is left to it',
    old: green(podsOf(SAFE), 60 * HOUR, {}, { isDeleting: true }),
    reason: { code: 'deleting' },
  },
  {
    title: 'a colour that never was live and is newer waits to be promoted',
    old: colourOf('green', podsOf(SAFE), { createdMs: NOW - HOUR }),
    reason: { code: 'not-promoted' },
  },
  {
    title: 'one that was made in the same second waits, too',
    old: colourOf('green', podsOf(SAFE), { createdMs: BLUE.deployment.createdMs }),
    reason: { code: 'not-promoted' },
  },
  {
    title: 'one that is newer than the oldest of two live colours waits, too',
    old: colourOf('green', podsOf(SAFE), { createdMs: NOW - HOUR }),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW - MINUTE })],
    services: [SELECTS_BLUE, serviceOf('beta', ['red'])],
    reason: { code: 'not-promoted' },
  },
  {
    title: 'timers that ran meanwhile are cleared of one that is yet to be promoted',
    old: green(
      podsOf(SAFE),
      60 * HOUR,
      { wasLive: false, drainedSinceMs: NOW - HOUR, replicas: 3 },
      { createdMs: NOW - HOUR },
    ),
    reason: { code: 'not-promoted' },
    state: { wasLive: false, peak: 100, replicas: 3, samples: [] },
  },
  {
    title: 'one that never was live and is older has been skipped, and ages',
    old: colourOf('green', podsOf(SAFE)),
    reason: { code: 'too-young', untilMs: NOW + HOUR },
    state: {
      ...NO_STATE,
      lostTrafficMs: NOW,
      drainedSinceMs: NOW,
      lightlyUsedSinceMs: NOW,
      samples: [{ atMs: NOW, active: 0 }],
    },
  },
  {
    title: 'after a rollback the newer one was live and ages',
    old: green(podsOf(busy(40)), 2 * HOUR, {}, { createdMs: NOW - HOUR }),
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(40) } },
  },
];

/** How long it has been old, and whether somebody may want to go back to it. */
const AGE: readonly Case[] = [
  {
    title: 'a colour that has just lost its traffic is remembered to have',
    old: colourOf('green', podsOf(busy(40)), { state: { ...LIVE_STATE, peak: 50 } }),
    reason: { code: 'too-young', untilMs: NOW + HOUR },
    state: oldState(0, { peak: 50, samples: [{ atMs: NOW, active: 40 }] }),
  },
  {
    title: 'one that was selected and let go between two looks ages anew',
    old: green(podsOf(busy(40)), 60 * HOUR, { liveSinceMs: NOW - HOUR, replicas: 3 }),
    reason: { code: 'too-young', untilMs: NOW + HOUR },
    state: oldState(0, { peak: 100, replicas: 3, samples: [{ atMs: NOW, active: 40 }] }),
  },
  {
    title: 'nothing is done before the minimum age, however safe it is',
    old: green(podsOf(SAFE, SAFE), HOUR - 1, {
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
    }),
    reason: { code: 'too-young', untilMs: NOW + 1 },
  },
  {
    title: 'nothing is done before the minimum age, however light the use',
    old: green(podsOf(busy(1)), HOUR - 1, { lightlyUsedSinceMs: NOW - 50 * MINUTE }),
    reason: { code: 'too-young', untilMs: NOW + 1 },
  },
  {
    title: 'at the minimum age it is old enough',
    old: green(podsOf(SAFE), HOUR, {
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
    }),
    action: { kind: 'zero', from: 1 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 30 * MINUTE },
    state: oldState(HOUR, {
      peak: 100,
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
      replicas: 1,
      samples: [{ atMs: NOW - HOUR, active: 0 }],
    }),
  },
  {
    title: 'a minimum age of nothing is none',
    old: green(podsOf(busy(50)), 0),
    policy: { minAge: '0' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(50) } },
  },
  {
    title: 'the colour that was live last is kept',
    old: green(podsOf(SAFE), 60 * HOUR, { drainedSinceMs: NOW - HOUR, lightlyUsedSinceMs: NOW }),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'the one before it is not',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(2 * HOUR) })],
    policy: { keep: '1', maxAge: 'off' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'the one before it has the second of two places',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(2 * HOUR) })],
    policy: { keep: '2' },
    reason: { code: 'kept', place: 2, of: 2 },
  },
  {
    title: 'one that is too young has its place, too',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(MINUTE) })],
    policy: { keep: '1' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'one that is being deleted has no place',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(MINUTE), isDeleting: true })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that is yet to be promoted has no place',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that never was live has its place behind those that were',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW - 6 * HOUR })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'where none is known to have been live, the newest is kept',
    old: colourOf('green', podsOf(busy(9)), {
      state: oldState(2 * HOUR, {
        wasLive: false,
        peak: 9,
        samples: [{ atMs: NOW - HOUR, active: 9 }],
      }),
    }),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW - 21 * HOUR })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'a colour at zero can be one to go back to',
    old: green([], 60 * HOUR, { scaledToZeroMs: NOW - 50 * HOUR, replicas: 3 }),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'the maximum age does not beat a place',
    old: green(podsOf(busy(9)), 100 * HOUR),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that rolls out is left to it',
    old: green(
      podsOf(SAFE),
      60 * HOUR,
      { drainedSinceMs: NOW - HOUR, lightlyUsedSinceMs: NOW },
      {
        isRollingOut: true,
      },
    ),
    reason: { code: 'rolling-out' },
  },
];

const CASES: readonly Case[] = [...STANDING, ...AGE];

for (const one of CASES) {
  t.test(one.title, (t) => {
    const facts = groupOf(
      [one.old, ...(one.others ?? []), BLUE],
      one.services ?? [SELECTS_BLUE],
      one.facts,
    );
    const policy: Policy = parsePolicy({ ...NONE_KEPT, ...one.policy }, one.force);
    const [step] = plan(facts, policy).steps;
    t.strictSame(step, {
      colour: one.old.colour,
      deployment: one.old.deployment.name,
      action: one.action ?? KEEP,
      reason: one.reason,
      state: one.state,
    });
    t.end();
  });
}
