/**
 * A thousand slow or broken askers on the admin port: the data plane does not get slower by them,
 * and whoever waits for the drain is held and answered, whether there before them or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { within } from '../peers/until.js';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';
import { Hook } from './crowd/hook.js';
import { notify } from './crowd/notify.js';

const ASKERS = 1_000;
/** Rounds without and with them take turns: some at least, more where the machine is restless. */
const ROUNDS_MIN = 3;
const ROUNDS_MAX = 8;
const ECHO = { count: 40, everyMs: 10, forMs: 1_000 };
const RATIO_MAX = 1.2;
/** The storm of their coming is no siege yet. */
const COMING_MS = 1_000;
const WAITERS = 20;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

t.test('a thousand slow or broken askers', { timeout: 110_000 }, async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const siege = new Member(t, 'siege');
  const drained = await startDrained(t, { port, deadlineS: 600 });
  const { tidegate } = drained;
  const { admin, listen } = tidegate;
  await clients.ask('open', { port: listen.port, count: ECHO.count });
  const before = Array.from({ length: WAITERS }, () => new Hook(admin));
  t.equal((await notify(admin.port)).code, 0);

  await clients.ask('echo', ECHO); // compiled, that is
  const without: number[] = [];
  const beside: number[] = [];
  const during: Hook[] = [];
  const ratio = (): number => median(beside) / median(without);
  while (without.length < ROUNDS_MAX && !(without.length >= ROUNDS_MIN && ratio() <= RATIO_MAX)) {
    without.push((await clients.ask('echo', ECHO))['p99']);
    await siege.ask('begin', { port: admin.port, count: ASKERS });
    await sleep(COMING_MS);
    during.push(...Array.from({ length: WAITERS }, () => new Hook(admin)));
    beside.push((await clients.ask('echo', ECHO))['p99']);
    await siege.ask('lift');
    await sleep(COMING_MS);
  }
  const figures = `${median(without).toFixed(0)} us without, ${median(beside).toFixed(0)} us with`;
  t.ok(ratio() <= RATIO_MAX, `p99 of an echo: ${figures}, after ${without.length} rounds`);

  const { opened } = await siege.ask('begin', { port: admin.port, count: ASKERS });
  t.ok(opened >= ASKERS * ROUNDS_MIN, `${opened} connections were opened`);
  during.push(...Array.from({ length: WAITERS }, () => new Hook(admin)));
  await sleep(COMING_MS);
  const hooks = [...before, ...during];
  t.same(hooks.filter(({ isOver }) => isOver).length, 0, 'each of those who wait is held');
  await clients.ask('leave', { count: ECHO.count });
  const ends = await within(Promise.all(hooks.map(({ ended }) => ended)), 'all are answered');
  t.same(ends.filter(({ status }) => status !== 200).length, 0, 'and answered with 200');
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), { code: 0, signal: null }, 'the program ends beside them');
  t.same([...tidegate.output], [], 'and has nothing to complain about');
});
