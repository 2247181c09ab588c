/**
 * A case of the plan: one colour beside `blue`, which is live and younger, and what the plan must say
 * of it.
 */
import type {
  Action,
  ColourFacts,
  DeploymentFacts,
  Facts,
  Reason,
  Rival,
  ServiceFacts,
  State,
} from '../../../src/rainbow/contract.js';
import type { GivenPolicy } from '../../../src/rainbow/policy.js';
import { busy, colourOf, HOUR, NOW, oldState, podOf, serviceOf } from '../../peers/rainbow.js';

/** One colour, beside `blue`, which is live and younger, and the policy. */
export interface Case {
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
  readonly state?: State | undefined;
}

export const KEEP: Action = { kind: 'keep' };
export const LIVE_STATE: State = {
  liveSinceMs: NOW - 5 * HOUR,
  wasLive: true,
  peak: 3,
  samples: [],
};
export const BLUE = colourOf('blue', [podOf('b0', { answer: busy(3) })], {
  createdMs: NOW - 5 * HOUR,
  state: LIVE_STATE,
});
export const SELECTS_BLUE = serviceOf('web', ['blue']);
/** None is kept to go back to, so that the other rules are reached. */
export const NONE_KEPT: GivenPolicy = { keep: '0' };

/** `green`, which lost its traffic so long ago. */
export function green(
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
