/**
 * What signals do to a drain, and when the process may end: as a classic container, as a native
 * sidecar, in a terminal; and how long it lingers.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS } from '../../src/drain/controller.js';
import { GRACE_MS } from '../../src/drain/forced.js';
import { StagedEnding } from '../peers/ending.js';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`classic: ${signal} starts the drain, the process ends once drained`, async (t) => {
    const staged = new StagedEnding();
    const work = staged.traffic.websocket();
    staged.ending.signal(signal);
    t.equal(staged.phase, 'settling');
    t.equal(staged.drain.terminating, true);
    await staged.pass(20_000);
    t.equal(staged.phase, 'draining');
    t.equal(staged.isOver, false);
    staged.traffic.end(work);
    await staged.pass(IDLE_CONFIRM_MS);
    t.equal(staged.isOver, true);
    t.same(staged.told, [`began ${signal} 1`, 'drained finished']);
  });

  t.test(`classic: a second signal after ${signal} ends it now`, async (t) => {
    const staged = new StagedEnding();
    staged.traffic.websocket();
    staged.ending.signal(signal);
    await staged.pass(1_000);
    staged.ending.signal('SIGTERM');
    await staged.pass(GRACE_MS.now);
    t.equal(staged.isOver, true);
    t.same(staged.told, [`began ${signal} 1`, 'drained now']);
    t.equal(staged.report?.cut, 1);
  });
}

t.test('classic: a SIGTERM behind the preStop goes on with its drain', async (t) => {
  const staged = new StagedEnding();
  staged.traffic.websocket();
  staged.drain.terminate('preStop');
  const { budget } = staged.drain;
  staged.ending.signal('SIGTERM');
  await staged.pass(20_000);
  t.equal(staged.phase, 'draining');
  t.equal(staged.drain.budget, budget);
  t.equal(staged.drain.reason, 'preStop');
  t.equal(staged.isOver, false);
  await staged.pass(80_000);
  t.equal(staged.isOver, true, 'the deadline ends it');
  t.same(staged.told.slice(1), ['drained deadline']);
});

t.test('classic: a SIGTERM that the preStop was to hold back means now', async (t) => {
  const staged = new StagedEnding();
  staged.traffic.websocket();
  staged.drain.terminate('preStop');
  staged.waits.addNotice(() => undefined);
  await staged.pass(5_000);
  t.equal(staged.isOver, false);
  staged.ending.signal('SIGTERM');
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true);
  t.match(staged.reports, [
    { reason: 'preStop', ended: 'now', cut: 1, tookMs: 5_000 + GRACE_MS.now },
  ]);
});

t.test(
  'classic: a SIGTERM behind a preStop that waits no longer goes on with its drain',
  async (t) => {
    const staged = new StagedEnding();
    staged.traffic.websocket();
    const release = (): void => undefined;
    staged.waits.add(() => undefined);
    staged.drain.terminate('preStop');
    staged.waits.addNotice(release);
    staged.waits.leave(release);
    staged.ending.signal('SIGTERM');
    await staged.pass(20_000);
    t.equal(staged.phase, 'draining', 'though the hook of the app still waits');
  },
);

t.test(
  'classic: a SIGTERM ends what the preStop has seen drained, late work behind it',
  async (t) => {
    const staged = new StagedEnding();
    const work = staged.traffic.websocket();
    staged.drain.terminate('preStop');
    staged.waits.addNotice(() => undefined);
    await staged.pass(30_000);
    staged.traffic.end(work);
    await staged.pass(IDLE_CONFIRM_MS);
    t.equal(staged.phase, 'drained');
    t.equal(staged.isOver, false, 'it waits for SIGTERM');
    const late = staged.traffic.request();
    staged.ending.signal('SIGTERM');
    await staged.pass(1_000);
    t.equal(staged.isOver, false, 'what has come meanwhile is finished');
    staged.traffic.answer(late);
    await staged.pass(IDLE_CONFIRM_MS);
    t.equal(staged.isOver, true);
  },
);

t.test('classic: a SIGTERM makes a drain by hand final', async (t) => {
  const staged = new StagedEnding();
  staged.traffic.websocket();
  staged.drain.ask('by hand', true);
  staged.ending.signal('SIGTERM');
  t.equal(staged.drain.recall(), 'terminating');
  await staged.pass(0);
  t.equal(staged.isOver, false);
});

t.test('native: SIGTERM means now', async (t) => {
  const staged = new StagedEnding({ sidecar: 'native' });
  staged.traffic.websocket();
  staged.ending.signal('SIGTERM');
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true);
  t.equal(staged.report?.cut, 1);
  t.same(staged.told, ['began SIGTERM 1', 'drained now']);
});

t.test('native: SIGTERM ends a drain that the preStop began', async (t) => {
  const staged = new StagedEnding({ sidecar: 'native' });
  staged.traffic.websocket();
  staged.drain.terminate('preStop');
  await staged.pass(30_000);
  t.equal(staged.isOver, false);
  staged.ending.signal('SIGTERM');
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true);
  t.match(staged.reports, [
    { reason: 'preStop', ended: 'now', cut: 1, tookMs: 30_000 + GRACE_MS.now },
  ]);
});

t.test('native: SIGINT comes from a terminal, and drains', async (t) => {
  const staged = new StagedEnding({ sidecar: 'native' });
  staged.traffic.websocket();
  staged.ending.signal('SIGINT');
  await staged.pass(20_000);
  t.equal(staged.phase, 'draining');
  t.equal(staged.isOver, false);
  staged.ending.signal('SIGINT');
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true, 'a second one does not wait');
});

t.test('a signal when all is drained ends the process at once', async (t) => {
  for (const sidecar of ['classic', 'native'] as const) {
    const staged = new StagedEnding({ sidecar, lingerMs: 5_000 });
    staged.drain.terminate('preStop');
    await staged.pass(30_000);
    t.equal(staged.phase, 'drained');
    t.equal(staged.isOver, false, 'a drain that no signal began ends nothing');
    staged.ending.signal('SIGTERM');
    await staged.pass(0);
    t.equal(staged.isOver, true, sidecar);
  }
});

t.test(
  'it lingers behind a drain for as long as is set, and a second signal ends that',
  async (t) => {
    const staged = new StagedEnding({ lingerMs: 5_000 });
    staged.ending.signal('SIGTERM');
    staged.msUntil('drained');
    await staged.pass(4_999);
    t.equal(staged.isOver, false);
    await staged.pass(1);
    t.equal(staged.isOver, true);
    const impatient = new StagedEnding({ lingerMs: 5_000 });
    impatient.ending.signal('SIGTERM');
    impatient.msUntil('drained');
    impatient.ending.signal('SIGTERM');
    await impatient.pass(0);
    t.equal(impatient.isOver, true);
  },
);

t.test('work that comes while it lingers is finished first', async (t) => {
  const staged = new StagedEnding({ lingerMs: 5_000 });
  staged.ending.signal('SIGTERM');
  staged.msUntil('drained');
  await staged.pass(4_000);
  const late = staged.traffic.request();
  await staged.pass(4_000);
  t.equal(staged.phase, 'draining');
  t.equal(staged.isOver, false);
  staged.traffic.answer(late);
  await staged.pass(IDLE_CONFIRM_MS + 4_999);
  t.equal(staged.isOver, false, 'and lingered behind again');
  await staged.pass(1);
  t.equal(staged.isOver, true);
});

t.test('nothing is lingered behind what ends now', async (t) => {
  const native = new StagedEnding({ sidecar: 'native', lingerMs: 5_000 });
  native.traffic.websocket();
  native.ending.signal('SIGTERM');
  await native.pass(GRACE_MS.now);
  t.equal(native.isOver, true, 'native');
  const classic = new StagedEnding({ lingerMs: 5_000 });
  classic.traffic.websocket();
  classic.ending.signal('SIGTERM');
  await classic.pass(1_000);
  classic.ending.signal('SIGTERM');
  await classic.pass(GRACE_MS.now);
  t.equal(classic.isOver, true, 'classic, by a second signal');
});
