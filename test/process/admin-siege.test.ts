/**
 * A thousand slow or broken askers on the admin port: the data plane does not get slower by them,
 * and whoever waits for the drain is held and answered, whether there before them or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { within } from '../peers/until.js';
import { Member, startApp } from './crowd/crowd.js';
import { type Drained, startDrained } from './crowd/drained.js';
import { Hook } from './crowd/hook.js';
import { notify } from './crowd/notify.js';

const ASKERS = 1_000;
/** Pairs of rounds: some at least, more where the machine is restless. */
const PAIRS_MIN = 6;
const PAIRS_MAX = 40;
const ECHO = { count: 40, everyMs: 10, forMs: 400 };
const RATIO_MAX = 1.2;
/** What the scheduler adds to either gate by chance where all of this shares two cores. */
const JITTER_US = 1_500;
/** The storm of their coming is no siege yet. */
const COMING_MS = 1_500;
const WAITERS = 20;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** A tidegate with clients whose frames come back through it. */
interface Gate extends Drained {
  readonly clients: Member;
  /** Of each round, in microseconds. */
  readonly p99s: number[];
}

t.test('a thousand slow or broken askers', { timeout: 110_000 }, async (t) => {
  const { port } = await startApp(t);
  const startGate = async (): Promise<Gate> => {
    const clients = new Member(t, 'clients');
    const drained = await startDrained(t, { port, deadlineS: 600 });
    await clients.ask('open', { port: drained.tidegate.listen.port, count: ECHO.count });
    await clients.ask('echo', ECHO); // compiled, that is
    return { ...drained, clients, p99s: [] };
  };
  const [besieged, other] = [await startGate(), await startGate()];
  const { admin } = besieged.tidegate;
  const siege = new Member(t, 'siege');
  const hooks = Array.from({ length: WAITERS }, () => new Hook(admin));
  t.equal((await notify(admin.port)).code, 0);
  await siege.ask('begin', { port: admin.port, count: ASKERS });
  hooks.push(...Array.from({ length: WAITERS }, () => new Hook(admin)));
  await sleep(COMING_MS);

  // Both gates in turn, on a machine that has the siege to bear in every round.
  const isSlowed = (): boolean =>
    median(besieged.p99s) > median(other.p99s) * RATIO_MAX + JITTER_US;
  for (let pair = 0; pair < PAIRS_MAX; pair++) {
    if (pair >= PAIRS_MIN && !isSlowed()) break;
    for (const { clients, p99s } of pair % 2 === 0 ? [besieged, other] : [other, besieged]) {
      p99s.push((await clients.ask('echo', ECHO))['p99']);
    }
    hooks.push(new Hook(admin));
  }
  const figures = [other, besieged].map(({ p99s }) => `${median(p99s).toFixed(0)} us`).join(', ');
  t.notOk(isSlowed(), `p99 of an echo, without and with: ${figures}`);

  const { opened } = await siege.ask('counts');
  t.ok(opened >= ASKERS, `${opened} connections were opened`);
  t.equal(hooks.filter(({ isOver }) => isOver).length, 0, 'each of those who wait is held');
  await besieged.clients.ask('leave', { count: ECHO.count });
  const ends = await within(Promise.all(hooks.map(({ ended }) => ended)), 'all are answered');
  t.equal(ends.filter(({ status }) => status !== 200).length, 0, 'and answered with 200');
  besieged.tidegate.kill('SIGTERM');
  t.same(await besieged.ended(), { code: 0, signal: null }, 'the program ends beside them');
  t.same([...besieged.tidegate.output], [], 'and has nothing to complain about');
});
