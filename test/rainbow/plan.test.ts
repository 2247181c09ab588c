/**
 * The plan of a group, case by case with the clock given: which rule decides, what is to be done and
 * what is to be remembered. Each case tells of one colour, most of an old one, beside a live one.
 */
import t from 'tap';
import type { Policy } from '../../src/rainbow/contract.js';
import { plan } from '../../src/rainbow/plan.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import { groupOf } from '../peers/rainbow.js';
import { AGE } from './cases/age.js';
import { BLUE, type Case, KEEP, NONE_KEPT, SELECTS_BLUE } from './cases/case.js';
import { DRAIN } from './cases/drain.js';
import { ENDING } from './cases/ending.js';
import { PAUSE } from './cases/pause.js';
import { SHRINK } from './cases/shrink.js';
import { STANDING } from './cases/standing.js';

const CASES: readonly Case[] = [...STANDING, ...AGE, ...ENDING, ...DRAIN, ...SHRINK, ...PAUSE];

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
