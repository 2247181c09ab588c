/**
 * An app that is gone before its drain is over, where requests have a second chance: its sidecar
 * goes on for those who still come, as long as it settles, and for those who are being answered.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS } from '../../src/drain/controller.js';
import { GRACE_MS } from '../../src/drain/forced.js';
import { REFUSAL_MS_MAX } from '../../src/drain/triggers.js';
import { DRAIN_SETTINGS } from '../peers/drain.js';
import { StagedEnding } from '../peers/ending.js';

const ELSEWHERE = { secondChance: { host: 'web', port: 80 } };

/** A native sidecar whose requests have a second chance, and whose app is gone. */
function untold(): StagedEnding {
  const staged = new StagedEnding({ sidecar: 'native' }, ELSEWHERE);
  staged.port = 'refuses';
  return staged;
}

/** As above, told by its preStop that the pod is terminating. */
function bereft(): StagedEnding {
  const staged = untold();
  staged.drain.terminate('preStop');
  return staged;
}

t.test('native: behind a dead app it settles, where others answer', async (t) => {
  const staged = bereft();
  staged.ending.signal('SIGTERM');
  await staged.pass(0);
  t.equal(staged.phase, 'settling');
  const hop = staged.traffic.asksElsewhere();
  await staged.pass(DRAIN_SETTINGS.settleMinMs);
  staged.drain.appRefuses();
  t.same([staged.phase, staged.isOver], ['draining', false], 'one is being answered');
  staged.traffic.cut(hop, 'client');
  await staged.pass(IDLE_CONFIRM_MS);
  t.equal(staged.isOver, true);
  t.match(staged.reports, [{ reason: 'preStop', ended: 'finished' }]);
});

for (const hand of [false, true]) {
  const before = hand ? 'by hand' : 'not at all';
  t.test(
    `native: SIGTERM means now where the notice did not come, drained ${before}`,
    async (t) => {
      const staged = untold();
      if (hand) staged.drain.ask('by hand');
      staged.traffic.dial();
      staged.ending.signal('SIGTERM');
      await staged.pass(0);
      await staged.pass(GRACE_MS.now);
      t.equal(staged.isOver, true, 'the grace may be spent, for all that is known');
      t.match(staged.reports, [{ reason: hand ? 'by hand' : 'SIGTERM', ended: 'now' }]);
    },
  );
}

t.test(
  'native: SIGTERM leaves those their time who came when the app was gone for good',
  async (t) => {
    const staged = bereft();
    await staged.pass(DRAIN_SETTINGS.settleMaxMs);
    const stream = staged.traffic.websocket();
    staged.traffic.fin(stream, 'app');
    staged.drain.appRefuses();
    t.equal(staged.phase, 'drained');
    const hop = staged.traffic.asksElsewhere();
    staged.ending.signal('SIGTERM');
    await staged.pass(0);
    await staged.pass(GRACE_MS.now);
    t.equal(staged.isOver, false, 'it is being answered');
    staged.traffic.cut(hop, 'client');
    staged.drain.appRefuses();
    await staged.pass(0);
    t.equal(staged.isOver, true);
  },
);

t.test('native: a WebSocket with another pod is no work of the app', async (t) => {
  const staged = bereft();
  const other = staged.traffic.websocket(true);
  staged.ending.signal('SIGTERM');
  await staged.pass(0);
  await staged.pass(GRACE_MS.now);
  t.equal(staged.phase, 'settling', 'newcomers are answered');
  await staged.pass(DRAIN_SETTINGS.settleMaxMs);
  staged.drain.appRefuses();
  t.equal(staged.phase, 'draining', 'and it has its time');
  staged.traffic.end(other);
  await staged.pass(IDLE_CONFIRM_MS);
  t.equal(staged.isOver, true);
});

t.test('native: behind a dead app it goes on where somebody is being answered', async (t) => {
  const staged = bereft();
  const hop = staged.traffic.asksElsewhere();
  await staged.pass(DRAIN_SETTINGS.settleMaxMs);
  t.equal(staged.phase, 'draining');
  staged.ending.signal('SIGTERM');
  await staged.pass(0);
  await staged.pass(5_000);
  t.equal(staged.isOver, false);
  staged.traffic.cut(hop, 'client');
  await staged.pass(IDLE_CONFIRM_MS);
  t.equal(staged.isOver, true);
});

t.test('native: a second signal ends now what goes on behind a dead app', async (t) => {
  for (const ms of [0, 5_000]) {
    const staged = bereft();
    staged.traffic.dial();
    staged.ending.signal('SIGTERM');
    if (ms > 0) await staged.pass(ms);
    staged.ending.signal('SIGTERM');
    await staged.pass(GRACE_MS.now);
    t.equal(staged.isOver, true, `${ms} ms later`);
    t.same(staged.told.slice(1), ['drained now']);
  }
});

t.test('native: leases end with the app that held them', async (t) => {
  const staged = bereft();
  staged.lease();
  staged.ending.signal('SIGTERM');
  await staged.pass(0);
  t.equal(staged.leases.size, 0);
  await staged.pass(DRAIN_SETTINGS.settleMinMs + IDLE_CONFIRM_MS);
  t.equal(staged.isOver, true);
  t.match(staged.reports, [{ ended: 'finished', leasesAtEnd: 1 }]);
});

t.test('native: SIGTERM means now where the app is there, or does not say', async (t) => {
  for (const port of ['open', 'silent'] as const) {
    const staged = bereft();
    staged.port = port;
    staged.ending.signal('SIGTERM');
    await staged.pass(0);
    await staged.pass(REFUSAL_MS_MAX + GRACE_MS.now);
    t.equal(staged.isOver, true, port);
    t.same(staged.told, ['began preStop 0', 'drained now']);
  }
});

t.test('native: SIGTERM means now while the app has work, though its port refuses', async (t) => {
  const staged = bereft();
  staged.traffic.websocket();
  staged.ending.signal('SIGTERM');
  t.equal(staged.leases.size, 0);
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true, 'it has only stopped listening: the grace is spent');
});

t.test('native: SIGTERM ends at once what is drained, whoever answers elsewhere', async (t) => {
  const staged = untold();
  staged.drain.ask('by hand', true);
  staged.msUntil('drained');
  staged.drain.terminate('preStop');
  staged.ending.signal('SIGTERM');
  await staged.pass(0);
  t.equal(staged.isOver, true);
});

t.test('native: SIGTERM that the preStop was to hold back means now', async (t) => {
  const staged = bereft();
  staged.waits.addNotice(() => undefined);
  staged.ending.signal('SIGTERM');
  await staged.pass(GRACE_MS.now);
  t.equal(staged.isOver, true);
});

t.test('classic: SIGTERM together with the app: it settles, where others answer', async (t) => {
  const staged = new StagedEnding({}, ELSEWHERE);
  staged.ending.signal('SIGTERM');
  staged.drain.appRefuses();
  await staged.pass(DRAIN_SETTINGS.settleMinMs - 1);
  staged.drain.appRefuses();
  t.same([staged.phase, staged.isOver], ['settling', false]);
  await staged.pass(1 + IDLE_CONFIRM_MS);
  t.equal(staged.isOver, true);
  const alone = new StagedEnding();
  alone.ending.signal('SIGTERM');
  alone.drain.appRefuses();
  await alone.pass(0);
  t.equal(alone.isOver, true, 'and ends at once where nobody does');
});
