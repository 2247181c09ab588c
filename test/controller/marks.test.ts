/** What is to stand on a pod: for each verdict, each setting, and whatever somebody else has put there. */
import t from 'tap';
import type { Marks, WatchedPod } from '../../src/controller/contract.js';
import {
  isMarkable,
  type MarkSettings,
  patchFor,
  recordedOn,
  type Wanted,
  wantedFor,
  withoutOurs,
} from '../../src/controller/marks.js';
import type { Summary } from '../../src/controller/summary.js';
import { watchedPod } from '../peers/pod-objects.js';

const SETTINGS: MarkSettings = { marks: true, deletionCost: true, safeToEvict: 'veto' };
const BARE: Marks = { safe: undefined, verdict: undefined, cost: undefined, evict: undefined };
const SAFE: Summary = { safe: true, reason: undefined, isUnknown: false, level: 'idle' };
const BUSY: Summary = { safe: false, reason: 'active', isUnknown: false, level: 'some' };
const SILENT: Summary = { ...BUSY, reason: 'unreachable', isUnknown: true };
const NEVER: Summary = { ...SILENT, level: undefined };
const RAINBOWS = '-2147483647';

const onBare = (summary: Summary, settings: Partial<MarkSettings> = {}): Wanted =>
  wantedFor(BARE, summary, { ...SETTINGS, ...settings });

t.test('what is said of a pod is its label and its verdict, and Kubernetes has its own', (t) => {
  t.same(onBare(BUSY).marks, {
    safe: 'false',
    verdict: '{"safe":false,"reason":"active","level":"some","cost":10,"evict":"false"}',
    cost: '10',
    evict: 'false',
  });
  t.same(onBare(SAFE).marks, {
    ...{ safe: 'true', verdict: '{"safe":true,"level":"idle"}' },
    ...{ cost: undefined, evict: undefined },
  });
  t.same(onBare(NEVER).marks, {
    safe: 'false',
    verdict: '{"safe":false,"reason":"unreachable","cost":1,"evict":"false"}',
    cost: '1',
    evict: 'false',
  });
  t.end();
});

t.test('settings say which of Kubernetes own marks there are', (t) => {
  t.match(onBare(BUSY, { deletionCost: false }).marks, { cost: undefined, evict: 'false' });
  t.match(onBare(BUSY, { safeToEvict: 'off' }).marks, { cost: '10', evict: undefined });
  t.match(onBare(BUSY, { safeToEvict: 'both' }).marks, { evict: 'false' });
  t.match(onBare(SAFE, { safeToEvict: 'both' }).marks, {
    verdict: '{"safe":true,"level":"idle","evict":"true"}',
    evict: 'true',
  });
  t.end();
});

t.test('what a verdict says is read again', (t) => {
  for (const summary of [BUSY, SAFE, SILENT, NEVER]) {
    const { marks } = onBare(summary);
    t.same(recordedOn(marks), { summary, cost: marks.cost, evict: marks.evict });
  }
  const none = { summary: undefined, cost: undefined, evict: undefined };
  for (const verdict of [undefined, '', '{', '7', 'null', '[]', '{"safe":"no"}']) {
    t.same(recordedOn({ ...BARE, verdict }), none);
  }
  const odd = recordedOn({ ...BARE, verdict: '{"safe":true,"level":"vast","cost":"7"}' });
  t.same(odd, { ...none, summary: { ...SAFE, level: undefined } });
  t.end();
});

t.test('what stands as it is to be is not written', (t) => {
  for (const summary of [BUSY, SAFE, SILENT, NEVER]) {
    const { marks } = onBare(summary);
    t.same(wantedFor(marks, summary, SETTINGS), { marks, foreign: [] });
    t.equal(patchFor(marked(marks), marks), undefined);
  }
  t.end();
});

t.test('a deletion cost is ours, rainbow s, or somebody else s', (t) => {
  const busy = onBare(BUSY).marks;
  const cases: readonly [string, Marks, Summary, string | undefined, boolean][] = [
    ['ours goes with the level', busy, { ...BUSY, level: 'crowd' }, '1000', false],
    ['ours is taken away', busy, SAFE, undefined, false],
    ['ours stays while it says nothing', busy, SILENT, '10', false],
    ['one that is missing is written', { ...busy, cost: undefined }, BUSY, '10', false],
    ['one unknown does not go first', BARE, SILENT, '1', false],
    ['also where it was idle', BARE, { ...SILENT, level: 'idle' }, '1', false],
    ['also where 0 stands', { ...BARE, cost: '0' }, NEVER, '1', false],
    ['until it is known to be idle', onBare(NEVER).marks, SAFE, undefined, false],
    ['somebody else s stays', { ...BARE, cost: '7' }, BUSY, '7', true],
    ['also of our value', { ...BARE, cost: '10' }, BUSY, '10', true],
    ['also where ours was', { ...busy, cost: '7' }, SAFE, '7', true],
    ['also where it is none', { ...BARE, cost: 'x' }, BUSY, 'x', true],
    ['rainbow s stays on who is idle', { ...BARE, cost: RAINBOWS }, SAFE, RAINBOWS, false],
    ['also where ours was', { ...busy, cost: RAINBOWS }, SAFE, RAINBOWS, false],
    ['and not on who is not', { ...BARE, cost: RAINBOWS }, BUSY, '10', false],
    ['nor on who says nothing', { ...BARE, cost: RAINBOWS }, SILENT, '1', false],
    ['0 is none', { ...BARE, cost: '0' }, BUSY, '10', false],
    ['and is left where none is wanted', { ...BARE, cost: '0' }, SAFE, '0', false],
  ];
  for (const [what, marks, summary, cost, isForeign] of cases) {
    const wanted = wantedFor(marks, summary, SETTINGS);
    t.equal(wanted.marks.cost, cost, what);
    t.same(wanted.foreign, isForeign ? ['cost'] : [], what);
    const again = wantedFor(wanted.marks, summary, SETTINGS);
    t.same(again.marks, wanted.marks, `${what}, and stays so`);
  }
  t.end();
});

t.test('a cost of rainbow s that came after the look is left', (t) => {
  const marks = { ...BARE, cost: RAINBOWS };
  t.equal(wantedFor(marks, BUSY, SETTINGS, true).marks.cost, RAINBOWS);
  t.equal(wantedFor(marks, SILENT, SETTINGS, true).marks.cost, RAINBOWS);
  t.equal(wantedFor(marks, BUSY, SETTINGS, false).marks.cost, '10');
  t.end();
});

t.test('what is switched off is taken away, and only what is ours', (t) => {
  const off: MarkSettings = { marks: true, deletionCost: false, safeToEvict: 'off' };
  const { marks } = onBare(BUSY);
  t.same(wantedFor(marks, BUSY, off).marks, {
    ...{ safe: 'false', verdict: '{"safe":false,"reason":"active","level":"some"}' },
    ...{ cost: undefined, evict: undefined },
  });
  const theirs = { ...BARE, cost: '7', evict: 'true' };
  t.match(wantedFor(theirs, BUSY, off).marks, { cost: '7', evict: 'true' });
  t.match(wantedFor({ ...BARE, cost: RAINBOWS }, BUSY, off).marks, { cost: RAINBOWS });
  t.end();
});

t.test('where nothing is marked nothing of ours is left, and what is not ours is', (t) => {
  for (const summary of [BUSY, SAFE, SILENT, NEVER]) {
    const { marks } = onBare(summary, { safeToEvict: 'both' });
    t.same(withoutOurs(marks), BARE);
    t.same(withoutOurs({ ...marks, cost: '7' }), { ...BARE, cost: '7' });
    t.same(withoutOurs({ ...marks, cost: RAINBOWS }), { ...BARE, cost: RAINBOWS });
    t.same(withoutOurs({ ...marks, verdict: undefined, safe: 'true' }), {
      ...{ ...BARE, cost: marks.cost },
      evict: marks.evict,
    });
  }
  const { marks } = onBare(BUSY);
  t.same(withoutOurs({ ...marks, evict: 'true' }), { ...BARE, evict: 'true' });
  t.end();
});

t.test('what somebody else says of an eviction stays', (t) => {
  for (const evict of ['true', 'false']) {
    const wanted = wantedFor({ ...BARE, evict }, SAFE, SETTINGS);
    t.equal(wanted.marks.evict, evict);
    t.same(wanted.foreign, ['evict']);
  }
  const { marks } = onBare(BUSY);
  t.equal(wantedFor(marks, SAFE, SETTINGS).marks.evict, undefined);
  t.equal(wantedFor({ ...marks, evict: 'true' }, SAFE, SETTINGS).marks.evict, 'true');
  t.end();
});

t.test('a patch has what differs, and whose it is', (t) => {
  const { marks } = onBare(BUSY);
  const wanted = wantedFor(marks, SAFE, SETTINGS).marks;
  t.same(patchFor(marked(marks), wanted), {
    metadata: {
      uid: 'uid-one',
      labels: { 'tidegate.dev/safe-to-delete': 'true' },
      annotations: {
        'tidegate.dev/verdict': '{"safe":true,"level":"idle"}',
        'controller.kubernetes.io/pod-deletion-cost': null,
        'cluster-autoscaler.kubernetes.io/safe-to-evict': null,
      },
    },
  });
  const relabelled = { ...marks, safe: 'true' };
  t.same(patchFor(marked(relabelled), marks), {
    metadata: { uid: 'uid-one', labels: { 'tidegate.dev/safe-to-delete': 'false' } },
  });
  t.end();
});

t.test('only what runs and does not go is marked', (t) => {
  const is = (given: object): boolean => isMarkable(watchedPod('one', given));
  t.equal(is({}), true);
  t.equal(is({ phase: 'Unknown' }), true);
  t.equal(is({ phase: 'Pending' }), false);
  t.equal(is({ phase: 'Failed' }), false);
  t.equal(is({ isTerminating: true }), false);
  t.end();
});

function marked(marks: Marks): WatchedPod {
  return { ...watchedPod('one'), marks };
}
