/**
 * A drain that is held for a while by one WebSocket, with those who wait for its end: one who is
 * there before the notice, one beside it, one who is cut and asks again. The same for a time that
 * fits into every run of the tests, and for a long one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { Member, startApp } from './crowd.js';
import { startDrained } from './drained.js';
import { Hook } from './hook.js';
import { notify } from './notify.js';

/** How soon an answer has to be there, on a busy machine. */
const ANSWER_MS_MAX = 3_000;

/** Holds the waits for `heldMs` in a drain that would last much longer. */
export async function holdWaits(t: Test, heldMs: number): Promise<void> {
  const { port } = await startApp(t);
  const clients = new Member(t, 'clients');
  const drained = await startDrained(t, { port, deadlineS: (heldMs / 1_000) * 2 + 60 });
  const { tidegate } = drained;
  const { admin } = tidegate;
  await clients.ask('open', { port: tidegate.listen.port, count: 1 });
  const early = new Hook(admin);
  t.equal((await notify(admin.port)).code, 0, 'the notice is taken');
  const beganMs = performance.now();
  const beside = new Hook(admin);
  const lost = new Hook(admin);
  await sleep(heldMs / 3);
  lost.reset();
  t.equal((await lost.ended).status, 0, 'one is cut');
  const again = new Hook(admin);
  const status = async (): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://${admin.host}:${admin.port}/status`);
    return (await response.json()) as Record<string, unknown>;
  };
  await sleep(heldMs * (2 / 3));
  const hooks = [early, beside, again];
  t.same(
    hooks.map(({ isOver }) => isOver),
    [false, false, false],
    'all are held',
  );
  t.same(await clients.ask('tally'), { open: 1, byReset: 0, byEnd: 0, refused: 0 });
  t.match(await status(), { drain: { reason: 'preStop' } }, 'the drain is as it was');
  const heldForMs = performance.now() - beganMs;
  const leftMs = performance.now();
  await clients.ask('leave', { count: 1 });
  for (const { ended } of hooks) {
    const { status, body } = await ended;
    t.equal(status, 200);
    t.same(JSON.parse(body), { phase: 'drained' });
  }
  const answerMs = performance.now() - leftMs;
  t.ok(answerMs < ANSWER_MS_MAX, `answered ${answerMs} ms after the end, held for ${heldForMs} ms`);
  tidegate.kill('SIGTERM');
  t.same(await drained.ended(), { code: 0, signal: null });
  t.match(drained.message(), { ended: 'finished', activeAtStart: 1, finished: 1, cut: 0 });
}
