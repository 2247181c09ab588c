/**
 * Those who wait for the drain, as a kubelet does: held while something is in use, answered with
 * 200 in every case, and nothing changes because one of them is gone.
 */
import t from 'tap';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';
import { holdWaits } from './crowd/held-waits.js';
import { Hook } from './crowd/hook.js';
import { notify } from './crowd/notify.js';

const NOTICE_MS = 1_500;
/** How soon an answer has to be there, on a busy machine. */
const ANSWER_MS_MAX = 3_000;
const CLEAN = { code: 0, signal: null };

t.test('waits are held for 6 s, asked for twice, cut and asked for again', (t) => {
  return holdWaits(t, 6_000);
});

t.test('a wait of a pod that is not terminating is answered when no notice comes', async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const flags = [`--termination-notice=${NOTICE_MS}ms`];
  const { tidegate } = await startDrained(t, { port, deadlineS: 60, flags });
  await clients.ask('open', { port: tidegate.listen.port, count: 1 });
  const { status, tookMs } = await new Hook(tidegate.admin).ended;
  t.equal(status, 200);
  t.ok(tookMs >= NOTICE_MS - 1 && tookMs < NOTICE_MS + ANSWER_MS_MAX, `after ${tookMs} ms`);
  const metrics = await tidegate.metrics();
  t.equal(metrics.value('tidegate_phase', { phase: 'serving' }), 1, 'it has started nothing');
  t.same(await clients.ask('tally'), { open: 1, byReset: 0, byEnd: 0, refused: 0 });
});

t.test(
  'a notice that comes late holds a wait that is there; drained, it is answered',
  async (t) => {
    const { port } = await startApp(t);
    const clients = new Member(t, 'clients');
    const flags = [`--termination-notice=${NOTICE_MS}ms`, '--sidecar=native'];
    const drained = await startDrained(t, { port, deadlineS: 60, flags });
    const { tidegate } = drained;
    await clients.ask('open', { port: tidegate.listen.port, count: 1 });
    const early = new Hook(tidegate.admin);
    t.equal((await notify(tidegate.admin.port)).code, 0);
    await new Promise((resolve) => setTimeout(resolve, 2 * NOTICE_MS));
    t.notOk(early.isOver, 'it is held for longer than a notice may be late');
    await clients.ask('leave', { count: 1 });
    const { status } = await early.ended;
    t.equal(status, 200);
    const late = await new Hook(tidegate.admin).ended;
    t.equal(late.status, 200);
    t.ok(late.tookMs < ANSWER_MS_MAX, `drained, it is answered within ${late.tookMs} ms`);
    tidegate.kill('SIGTERM');
    t.same(await drained.ended(), CLEAN);
  },
);

t.test('a wait is answered at the deadline, before the program ends', async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 2 });
  const { tidegate } = drained;
  await clients.ask('open', { port: tidegate.listen.port, count: 10, deaf: true });
  tidegate.kill('SIGTERM');
  const { status, body } = await new Hook(tidegate.admin).ended;
  t.equal(status, 200);
  t.same(JSON.parse(body), { phase: 'drained' });
  t.same(await drained.ended(), CLEAN);
  t.match(drained.message(), { ended: 'deadline', activeAtEnd: 10, cut: 10 });
});
