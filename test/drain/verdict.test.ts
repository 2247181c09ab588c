/**
 * May the pod be deleted? Every reason against it, in the order in which they count, and the two
 * ways of being safe.
 */
import t from 'tap';
import { PHASES } from '../../src/drain/phase.js';
import {
  VERDICT_REASONS,
  type VerdictFacts,
  type VerdictReason,
  verdictOf,
} from '../../src/drain/verdict.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

/** Nothing at work for long enough, in a pod that stays. */
const QUIET: VerdictFacts = {
  phase: 'serving',
  appSeen: true,
  active: 0,
  leases: 0,
  terminating: false,
  quietMs: 60_000,
  quietForMs: 60_000,
};

/** What alone stands against it. */
const AGAINST: Readonly<Record<VerdictReason, Partial<VerdictFacts>>> = {
  active: { active: 1 },
  leases: { leases: 1 },
  settling: { phase: 'settling' },
  starting: { appSeen: false },
  'not-quiet': { quietMs: 59_999 },
};

function no(reason: VerdictReason): object {
  return { safe: false, reason };
}

for (const reason of VERDICT_REASONS) {
  t.test(`not safe: ${reason}`, (t) => {
    t.same(verdictOf({ ...QUIET, ...AGAINST[reason] }), no(reason));
    t.end();
  });
}

t.test('safe: quiet for quietFor, in a pod that stays', (t) => {
  t.same(verdictOf(QUIET), { safe: true });
  t.same(verdictOf({ ...QUIET, quietForMs: 0, quietMs: 0 }), { safe: true });
  t.end();
});

t.test('safe: terminating and settled, however short a while it has been quiet', (t) => {
  for (const phase of ['draining', 'closing', 'drained'] as const) {
    const facts = { ...QUIET, phase, terminating: true, quietMs: 0 };
    t.same(verdictOf(facts), { safe: true }, phase);
    t.same(verdictOf({ ...facts, appSeen: false }), { safe: true }, 'whether or not it started');
  }
  t.end();
});

t.test('of several reasons the first of the list is told', (t) => {
  for (const [at, first] of VERDICT_REASONS.entries()) {
    const facts = VERDICT_REASONS.slice(at).reduce(
      (all, reason) => ({ ...all, ...AGAINST[reason] }),
      QUIET,
    );
    t.same(verdictOf(facts), no(first));
  }
  t.end();
});

t.test('terminating outweighs only that it is starting or has not been quiet', (t) => {
  const facts = { ...QUIET, phase: 'draining', terminating: true } as const;
  for (const reason of ['active', 'leases', 'settling'] as const) {
    t.same(verdictOf({ ...facts, ...AGAINST[reason] }), no(reason));
  }
  t.end();
});

t.test('a drain by hand makes nothing safe before it has been quiet', (t) => {
  for (const phase of PHASES.filter((phase) => phase !== 'settling')) {
    t.same(verdictOf({ ...QUIET, phase, quietMs: 0 }), no('not-quiet'), phase);
    t.same(verdictOf({ ...QUIET, phase }), { safe: true }, phase);
  }
  t.end();
});

t.test('the drain gives the facts: from the start to the end of a pod', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  drain.appSeen = false;
  t.same(drain.verdict(), no('starting'));
  drain.appSeen = true;
  t.same(drain.verdict(), no('not-quiet'));
  const work = traffic.request();
  t.same(drain.verdict(), no('active'));
  clock.advance(100_000);
  t.same(drain.verdict(), no('active'), 'however long it takes');
  traffic.answer(work);
  t.same(drain.verdict(), no('not-quiet'));
  clock.advance(59_999);
  t.same(drain.verdict(), no('not-quiet'));
  clock.advance(1);
  t.same(drain.verdict(), { safe: true });
  drain.terminate('preStop');
  t.same(drain.verdict(), no('settling'), 'balancers may not have heard of it');
  clock.advance(10_000);
  t.same(drain.verdict(), { safe: true });
  t.end();
});

t.test('a pod that is terminating later than its drain began is safe once it has settled', (t) => {
  const settling = drainIn('settling');
  for (const tunnel of settling.traffic.tracker.tunnels()) settling.traffic.end(tunnel);
  settling.drain.terminate('preStop');
  t.same(settling.drain.verdict(), no('settling'));
  const drained = drainIn('drained');
  t.same(drained.drain.verdict(), no('not-quiet'));
  drained.drain.terminate('preStop');
  t.same(drained.drain.verdict(), { safe: true });
  t.end();
});
