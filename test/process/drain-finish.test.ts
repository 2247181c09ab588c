/**
 * What a drain waits for: requests in flight finish, whole; who leaves counts as finished, who takes
 * a goodbye as that, who is left at the deadline as cut, to the unit; an app that is gone is waited
 * for no longer than its clients take to be told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Tidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';

const CLEAN = { code: 0, signal: null };
const LOG_LINES_MAX = 9;
/** What tidegate holds at most for a client that does not read; see tunnel/lane.ts. */
const HELD_BYTES = 65_536;
const LATE_READERS = 8;

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

/** How many bytes an app gets rid of while the client at the other end reads none. */
async function takenUnread(clients: Member, app: Member, tidegate: Tidegate): Promise<number> {
  await clients.ask('hold', { port: tidegate.listen.port, count: 1, bytes: 50e6, unread: true });
  await atWork(app, 1, 0);
  await app.ask('release');
  let taken = 0;
  const stands = async (): Promise<boolean> => {
    const before = taken;
    taken = (await tidegate.metrics()).value('tidegate_sent_bytes_total');
    await sleep(300);
    return taken > 0 && taken === before;
  };
  await until(stands, 'the app is held back');
  return taken;
}

t.test('an answer is whole, however late its client reads the end of it', async (t) => {
  const { app, port } = await startApp(t);
  const drained = await startDrained(t, { port, deadlineS: 60 });
  const { tidegate } = drained;
  const one = new Member(t, 'clients');
  const taken = await takenUnread(one, app, tidegate);
  await one.kill();
  await tidegate.idle();

  // The app has got rid of all, the system has taken what it takes, and the rest waits.
  const clients = new Member(t, 'clients');
  const most = taken - HELD_BYTES;
  for (let part = 0; part < LATE_READERS; part++) {
    const bytes = most + Math.floor((part * HELD_BYTES) / LATE_READERS);
    await clients.ask('hold', { port: tidegate.listen.port, count: 1, bytes, unread: true });
  }
  await atWork(app, LATE_READERS, 0);
  await app.ask('release');
  await sleep(500);
  tidegate.kill('SIGTERM');
  await sleep(1_500);
  await clients.ask('read');
  t.same(await drained.ended(), CLEAN);
  const whole = { asked: LATE_READERS, whole: LATE_READERS, cut: 0 };
  const isRead = async (): Promise<boolean> => {
    const { asked, whole, cut } = await clients.ask('requests');
    return asked === whole + cut;
  };
  await until(isRead, 'each answer is read or cut');
  t.same(await clients.ask('requests'), whole);
  t.match(drained.message(), { ended: 'finished', cut: 0 });
});

t.test('who leaves, is told and is left at the deadline are told apart to the unit', async (t) => {
  const { app, port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: 8 });
  const { tidegate } = drained;
  const at = { port: tidegate.listen.port };
  await clients.ask('open', { ...at, count: 250 });
  await clients.ask('open', { ...at, count: 50, deaf: true });
  await clients.ask('hold', { ...at, count: 50 });
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
  t.match(drained.message(), { ended: 'deadline', activeAtStart: 350, activeAtEnd: 70 });
  t.match(drained.message(), { finished: 130, farewell: 150, cut: 70 });
  t.same(await clients.ask('requests'), { asked: 50, whole: 30, cut: 20 });
  t.match(await clients.ask('closes'), { 1001: 200, all: 200 });
  t.same(await clients.ask('tally'), { open: 0, byReset: 0, byEnd: 300, refused: 0 });
  t.ok(tidegate.lines.length <= LOG_LINES_MAX, `it logs ${tidegate.lines.length} lines`);
});

/** Clients whose app dies, and how long their goodbye may take: 5 s where it is not answered. */
const LEFT_BEHIND = [
  { phase: 'settling', manner: {}, endsMsMax: 5_000, counts: { farewell: 20, cut: 0 } },
  { phase: 'draining', manner: {}, endsMsMax: 5_000, counts: { farewell: 20, cut: 0 } },
  {
    phase: 'draining',
    manner: { deaf: true, halfOpen: true },
    endsMsMax: 10_000,
    counts: { farewell: 0, cut: 20 },
  },
];

for (const { phase, manner, endsMsMax, counts } of LEFT_BEHIND) {
  const clients = 'deaf' in manner ? 'deaf clients' : 'clients';
  t.test(`an app that dies while it is ${phase} leaves its ${clients} to a goodbye`, async (t) => {
    const { app, port } = await startApp(t);
    const clients = new Member(t, 'clients');
    const settleMs = phase === 'settling' ? 20_000 : 200;
    const drained = await startDrained(t, { port, deadlineS: 600, settleMs });
    const { tidegate } = drained;
    await clients.ask('open', { port: tidegate.listen.port, count: 20, ...manner });
    tidegate.kill('SIGTERM');
    const isThere = async (): Promise<boolean> =>
      (await tidegate.metrics()).value('tidegate_phase', { phase }) === 1;
    await until(isThere, `it is ${phase}`, 30_000);
    await app.kill();
    const killedMs = performance.now();
    t.same(await drained.ended(), CLEAN);
    const tookMs = performance.now() - killedMs;
    t.ok(tookMs < endsMsMax, `it ended after ${tookMs} ms`);
    const { ended } = drained.message();
    // Settling waits for nobody but the app; else all may be over before its port is asked.
    t.ok(ended === 'app-gone' || (phase === 'draining' && ended === 'finished'), String(ended));
    t.match(drained.message(), { activeAtStart: 20, finished: 0, ...counts });
    t.match(await clients.ask('closes'), { 1001: 20, all: 20 });
    t.match(await clients.ask('tally'), { byReset: 0 });
  });
}
