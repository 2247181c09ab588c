/** Each colour stands in exactly one way, told by the plan that was made for it. */
import t from 'tap';
import { groupStanding } from '../../src/controller/standings.js';
import type { Facts } from '../../src/rainbow/contract.js';
import { plan } from '../../src/rainbow/plan.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import {
  busy,
  colourOf,
  groupOf,
  HOUR,
  MINUTE,
  NOW,
  oldState,
  podsOf,
  SAFE,
  serviceOf,
} from '../peers/rainbow.js';

const LIVE = colourOf('live', podsOf(busy(3)), { createdMs: NOW - HOUR });
const SELECTS = serviceOf('web', ['live']);
const ARGO = { kind: 'argo-cd', name: 'shop', fights: ['zero'] } as const;
const DRAINED = { drainedSinceMs: NOW - HOUR };

const COLOURS = [
  LIVE,
  colourOf('next', podsOf(SAFE), { createdMs: NOW - MINUTE }),
  colourOf('kept', podsOf(SAFE), { state: oldState(2 * HOUR) }),
  colourOf('busy', podsOf(busy(2)), { state: oldState(9 * HOUR) }),
  colourOf('young', podsOf(busy(2)), { state: oldState(MINUTE, { claimedMs: NOW - MINUTE }) }),
  colourOf('safe', podsOf(SAFE), { state: oldState(5 * HOUR) }),
  colourOf('zero', [], { state: oldState(20 * HOUR) }),
  colourOf('paused', podsOf(SAFE), { state: oldState(6 * HOUR), isPaused: true }),
  colourOf('fought', podsOf(SAFE), { state: oldState(7 * HOUR, DRAINED), rivals: [ARGO] }),
];

const standingOf = (facts: Facts) => groupStanding(facts, plan(facts, parsePolicy({})));

t.test('colours are counted by how they stand', (t) => {
  const { colours, oldestMs, old, group } = standingOf(groupOf(COLOURS, [SELECTS]));
  t.equal(group, 'web');
  t.same(colours, {
    ...{ live: 1, waiting: 2, kept: 1, burning: 1, drained: 1, zero: 1, held: 2 },
  });
  t.equal(oldestMs, NOW - 9 * HOUR, 'one without pods does not count');
  t.same([...old], ['uid-busy', 'uid-safe'], 'not what waits, is kept, or is held');
  t.end();
});

t.test('a group that stands still is held, but for what serves', (t) => {
  const facts = groupOf(COLOURS, [SELECTS], { oddities: ['odd'] });
  t.match(standingOf(facts).colours, { live: 1, held: COLOURS.length - 1 });
  t.end();
});

t.test('where every colour is live none is the oldest', (t) => {
  const { oldestMs, old } = standingOf(groupOf([LIVE], [SELECTS]));
  t.equal(oldestMs, undefined);
  t.equal(old.size, 0);
  t.end();
});

t.test('what has only now lost its traffic is as old as that', (t) => {
  const state = { wasLive: true, liveSinceMs: NOW - HOUR, peak: 0, samples: [] };
  const facts = groupOf([LIVE, colourOf('old', podsOf(busy(1)), { state })], [SELECTS]);
  t.equal(standingOf(facts).oldestMs, NOW);
  t.end();
});
