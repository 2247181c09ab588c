/**
 * Nine thousand open WebSockets: what is asked on the admin port costs what it costs without them,
 * and a drain that has to cut them at its deadline counts every one and never stalls the rest.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Tidegate } from '../peers/tidegate.js';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';

const SOCKETS = 9_000;
const DEADLINE_S = 4;
/** Of a native sidecar, from SIGTERM on; the kubelet leaves it two seconds. */
const END_S_MAX = 1.5;
const CLEAN = { code: 0, signal: null };

/** What one turn of the event loop may take, and the cutting of all. */
const BLOCKED_MS_MAX = 20;
const CUTTING_S_MAX = 1.5;
const COST_RATIO_MAX = 2;
const BATCHES = 9;
const CALLS_A_BATCH = 40;

/** What the program's main thread has run for; microseconds. */
function runMicros({ pid }: Tidegate): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1_000;
}

/** Microseconds of its main thread for one answer, the median of many batches. */
async function costOf(tidegate: Tidegate, path: string): Promise<number> {
  const costs: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = runMicros(tidegate);
    for (let call = 0; call < CALLS_A_BATCH; call++) {
      const response = await fetch(`http://127.0.0.1:${tidegate.admin.port}${path}`);
      await response.arrayBuffer();
    }
    costs.push((runMicros(tidegate) - before) / CALLS_A_BATCH);
  }
  return costs.sort((one, other) => one - other)[BATCHES >> 1];
}

t.test('nine thousand WebSockets', { timeout: 110_000 }, async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: DEADLINE_S, watched: true });
  const { tidegate, loop } = drained;

  const paths = ['/metrics', '/status'];
  const alone: number[] = [];
  for (const path of paths) await costOf(tidegate, path); // compiled, that is
  for (const path of paths) alone.push(await costOf(tidegate, path));
  const opened = await clients.ask('open', { port: tidegate.listen.port, count: SOCKETS });
  t.equal(opened['open'], SOCKETS);
  const metrics = await tidegate.metrics();
  t.equal(metrics.open({ kind: 'websocket', state: 'active' }), SOCKETS, 'all are counted');

  for (const [at, path] of paths.entries()) {
    const crowded = await costOf(tidegate, path);
    const ratio = crowded / alone[at];
    const figures = `${alone[at].toFixed(0)} us alone, ${crowded.toFixed(0)} us beside them`;
    t.ok(ratio <= COST_RATIO_MAX, `${path} costs the same: ${figures}`);
  }

  const beganMs = Date.now();
  const echoes = clients.ask('echo', { count: 100, everyMs: 20, forMs: DEADLINE_S * 1_000 - 500 });
  tidegate.kill('SIGTERM');
  t.ok((await echoes)['samples'] > 1_000, 'they talk while it drains');
  t.same(await clients.ask('tally'), { open: SOCKETS, byReset: 0, byEnd: 0, refused: 0 });
  t.same(await drained.ended(), CLEAN);

  const left = drained.message();
  t.match(left, { reason: 'SIGTERM', ended: 'deadline', activeAtStart: SOCKETS });
  t.match(left, { activeAtEnd: SOCKETS, finished: 0, cut: SOCKETS });
  const tookS = Number(left['tookSeconds']);
  t.ok(tookS >= DEADLINE_S, `it has waited until the deadline: ${tookS} s`);
  const waitedS = loop.waitedMs() / 1_000;
  t.ok(tookS - waitedS < DEADLINE_S + CUTTING_S_MAX, `${tookS} s, of them ${waitedS} s for a core`);
  const tally = await clients.ask('tally');
  t.same(tally, { open: 0, byReset: SOCKETS, byEnd: 0, refused: 0 }, 'each is told by a reset');
  const blockedMs = loop.longestSince(beganMs);
  t.ok(blockedMs < BLOCKED_MS_MAX, `the event loop stood still for ${blockedMs.toFixed(1)} ms`);
});

t.test('a native sidecar that is told to end', { timeout: 60_000 }, async (t) => {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const flags = ['--sidecar=native'];
  const drained = await startDrained(t, { port, deadlineS: 600, flags, watched: true });
  const { tidegate, loop } = drained;
  await clients.ask('open', { port: tidegate.listen.port, count: SOCKETS });
  const beganMs = performance.now();
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), CLEAN);
  const tookS = (performance.now() - beganMs) / 1_000;
  const waitedS = loop.waitedMs() / 1_000;
  t.ok(tookS - waitedS < END_S_MAX, `it took ${tookS} s, of them ${waitedS} s for a core`);
  t.match(drained.message(), { ended: 'now', activeAtStart: SOCKETS, activeAtEnd: SOCKETS });
  t.match(drained.message(), { finished: 0, cut: SOCKETS });
  t.same(await clients.ask('tally'), { open: 0, byReset: SOCKETS, byEnd: 0, refused: 0 });
});
