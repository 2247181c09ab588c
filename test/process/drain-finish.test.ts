/**
 * What a drain waits for: requests in flight finish, whole; who leaves counts as finished, who is
 * left at the deadline as cut, to the unit; an app that is gone is waited for no longer.
 */
import t from 'tap';
import { until } from '../peers/until.js';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';

const CLEAN = { code: 0, signal: null };
const LOG_LINES_MAX = 9;

/** Waits until the app holds back so many answers and has so many WebSockets. */
async function atWork(app: Member, held: number, sockets: number): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const at = await app.ask('held');
    return at['held'] === held && at['sockets'] === sockets;
  };
  await until(isThere, `the app has ${held} requests and ${sockets} sockets`);
}

t.test('two hundred requests in flight finish, and each answer is whole', async (t) => {
  const { app, port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 20 });
  const { tidegate } = drained;
  await clients.ask('hold', { port: tidegate.listen.port, count: 200, bytes: 30_000 });
  await atWork(app, 200, 0);
  tidegate.kill('SIGTERM');
  await until(() => tidegate.lines.some(({ msg }) => msg.startsWith('draining')), 'it drains');
  t.equal((await app.ask('release'))['released'], 200);
  t.same(await drained.ended(), CLEAN);
  t.same(await clients.ask('requests'), { asked: 200, whole: 200, cut: 0 });
  const message = drained.message();
  t.match(message, { reason: 'SIGTERM', ended: 'finished', activeAtStart: 200, activeAtEnd: 0 });
  t.match(message, { finished: 200, farewell: 0, cut: 0 });
  const loud = tidegate.lines.filter(({ level }) => level !== 'info');
  t.same(loud, [], 'nothing to warn of');
  t.ok(tidegate.lines.length <= LOG_LINES_MAX, `a rollout logs ${tidegate.lines.length} lines`);
});

t.test('who leaves and who is left at the deadline are told apart to the unit', async (t) => {
  const { app, port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 4 });
  const { tidegate } = drained;
  await clients.ask('open', { port: tidegate.listen.port, count: 300 });
  await clients.ask('hold', { port: tidegate.listen.port, count: 50 });
  await atWork(app, 50, 300);
  tidegate.kill('SIGTERM');
  await until(() => tidegate.lines.some(({ msg }) => msg.startsWith('draining')), 'it drains');
  await clients.ask('leave', { count: 100 });
  await app.ask('release', { count: 30 });
  await until(
    async () => (await tidegate.metrics()).open({ state: 'active' }) === 220,
    'they left',
  );
  t.same(await drained.ended(), CLEAN, 'a forced drain is no fault');
  t.match(drained.message(), { ended: 'deadline', activeAtStart: 350, activeAtEnd: 220 });
  t.match(drained.message(), { finished: 130, farewell: 0, cut: 220 });
  t.same(await clients.ask('requests'), { asked: 50, whole: 30, cut: 20 });
  t.match(await clients.ask('tally'), { open: 0, byReset: 200 });
  t.ok(tidegate.lines.length <= LOG_LINES_MAX, `it logs ${tidegate.lines.length} lines`);
});

for (const phase of ['settling', 'draining'] as const) {
  t.test(`an app that dies while it is ${phase} is waited for no longer`, async (t) => {
    const { app, port } = await startApp(t);
    const clients = new Member(t, 'clients');
    const settleMs = phase === 'settling' ? 20_000 : 200;
    const drained = await startDrained(t, { port, deadlineS: 600, settleMs });
    const { tidegate } = drained;
    // Clients that keep their side open: the sockets are there when the app is not.
    await clients.ask('open', { port: tidegate.listen.port, count: 20, halfOpen: true });
    tidegate.kill('SIGTERM');
    const isThere = async (): Promise<boolean> =>
      (await tidegate.metrics()).value('tidegate_phase', { phase }) === 1;
    await until(isThere, `it is ${phase}`, 30_000);
    await app.kill();
    const killedMs = performance.now();
    t.same(await drained.ended(), CLEAN);
    const tookMs = performance.now() - killedMs;
    t.ok(tookMs < 5_000, `it ended after ${tookMs} ms`);
    t.match(drained.message(), { ended: 'app-gone', activeAtStart: 20, cut: 0 });
  });
}
