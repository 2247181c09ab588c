/**
 * Leases: held for as long as they are renewed and no longer, told when they expire, and what they
 * hold: the drain in each of its phases, its end, and the verdict.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS, WINDOW_LOOK_MS } from '../../src/drain/controller.js';
import { GRACE_MS } from '../../src/drain/forced.js';
import {
  EXPIRED_TOLD_MAX,
  EXPIRED_TOLD_MS,
  type Lease,
  LEASES_MAX,
  TTL_MS_MAX,
} from '../../src/drain/leases.js';
import type { Phase } from '../../src/drain/phase.js';
import { DRAIN_SETTINGS, drainIn, StagedDrain } from '../peers/drain.js';

const TTL_MS = 30_000;

/** A drain in `phase` in which a lease is all the work that is left. */
function heldIn(phase: Phase): StagedDrain {
  const staged = drainIn(phase);
  staged.lease();
  for (const tunnel of [...staged.traffic.tracker.tunnels()]) staged.traffic.end(tunnel);
  staged.told.length = 0;
  return staged;
}

t.test('a lease is held until it is let go, and nobody can let go of it twice', (t) => {
  const { leases, clock, told } = new StagedDrain();
  clock.advance(500);
  const lease = leases.take({ name: 'job', holder: 'worker-1', ttlMs: TTL_MS }) as Lease;
  t.match(lease, { name: 'job', holder: 'worker-1', ttlMs: TTL_MS, sinceMs: 500 });
  t.match(lease.id, /^[0-9a-f]{12}$/);
  t.equal(lease.expiresMs, 500 + TTL_MS);
  t.same([leases.size, leases.oldest], [1, lease]);
  clock.advance(TTL_MS - 1);
  t.same(leases.letGo(lease.id), lease);
  t.equal(leases.letGo(lease.id), undefined);
  t.equal(leases.renew(lease.id), undefined);
  t.same([leases.size, leases.oldest, leases.lastHeldMs], [0, undefined, 500 + TTL_MS - 1]);
  clock.advance(TTL_MS);
  t.same(told, [], 'nor does it expire behind that');
  t.equal(clock.pending, 0);
  t.end();
});

t.test('a lease that is not renewed expires to the millisecond, and is told once', (t) => {
  const { leases, clock, told } = new StagedDrain();
  const staged = { leases, clock };
  const lease = leases.take({ name: 'job', holder: undefined, ttlMs: TTL_MS }) as Lease;
  t.equal(clock.holding, 0, 'its timer keeps no process running');
  staged.clock.advance(TTL_MS - 1);
  t.equal(leases.size, 1);
  staged.clock.advance(1);
  t.equal(leases.size, 0);
  t.equal(leases.renew(lease.id), undefined);
  t.same(told, ['expired job']);
  t.end();
});

t.test('a renewal counts from its own moment, for as long as before or as it says', (t) => {
  const { leases, clock } = new StagedDrain();
  const { id } = leases.take({ name: 'job', holder: undefined, ttlMs: TTL_MS }) as Lease;
  clock.advance(20_000);
  t.match(leases.renew(id), { id, sinceMs: 0, ttlMs: TTL_MS, expiresMs: 20_000 + TTL_MS });
  clock.advance(TTL_MS - 1);
  t.match(leases.renew(id, 1_000), { ttlMs: 1_000 });
  clock.advance(999);
  t.match(leases.renew(id), { ttlMs: 1_000 }, 'and that stays');
  clock.advance(1_000);
  t.equal(leases.size, 0);
  t.end();
});

t.test('the oldest is the one that is held for longest, however often it is renewed', (t) => {
  const { leases, clock } = new StagedDrain();
  const [first, second] = ['first', 'second'].map((name) => {
    clock.advance(1_000);
    return leases.take({ name, holder: undefined, ttlMs: TTL_MS }) as Lease;
  });
  leases.renew(first.id);
  t.equal(leases.oldest?.name, 'first');
  leases.letGo(first.id);
  t.equal(leases.oldest?.name, 'second');
  leases.renew(second.id);
  t.end();
});

t.test('a thousand can be held, each with an id of its own, and not one more', (t) => {
  const staged = new StagedDrain();
  for (let count = 0; count < LEASES_MAX; count++) staged.lease();
  const ids = [...staged.leases.all()].map(({ id }) => id);
  t.equal(new Set(ids).size, LEASES_MAX);
  const further = { name: 'job', holder: undefined, ttlMs: TTL_MS };
  t.equal(staged.leases.take(further), undefined);
  staged.leases.letGo(ids[0]);
  t.ok(staged.leases.take(further));
  t.end();
});

t.test('a storm of expiries is told by few names and a number, minute by minute', (t) => {
  const staged = new StagedDrain();
  const { clock, told } = staged;
  for (let count = 0; count < 100; count++) staged.lease('storm', 1_000 + count);
  clock.advance(2_000);
  t.same(told, Array<string>(EXPIRED_TOLD_MAX).fill('expired storm'));
  clock.advance(EXPIRED_TOLD_MS);
  t.same(told.splice(0).slice(EXPIRED_TOLD_MAX), [`expired ${100 - EXPIRED_TOLD_MAX} more`]);
  staged.lease('later', 1_000);
  clock.advance(1_000);
  t.same(told, ['expired later'], 'and then by name again');
  clock.advance(1_000_000);
  t.same([told.length, clock.pending], [1, 0]);
  t.end();
});

for (const phase of ['draining', 'closing'] as const) {
  t.test(`a lease holds the drain in ${phase} until it is let go`, (t) => {
    const { drain, clock, leases, told } = heldIn(phase);
    clock.advance(10_000);
    t.equal(drain.phase, phase);
    leases.letGo((leases.oldest as Lease).id);
    clock.advance(IDLE_CONFIRM_MS - 1);
    t.equal(drain.phase, phase, 'the next one may follow at once');
    clock.advance(1);
    t.equal(drain.phase, 'drained');
    t.same(told, ['drained finished']);
    t.end();
  });
}

t.test('a lease that expires lets go of the drain', (t) => {
  const staged = drainIn('draining');
  staged.lease('job', TTL_MS);
  for (const tunnel of [...staged.traffic.tracker.tunnels()]) staged.traffic.end(tunnel);
  staged.clock.advance(TTL_MS);
  t.equal(staged.phase, 'draining');
  staged.clock.advance(IDLE_CONFIRM_MS);
  t.equal(staged.phase, 'drained');
  t.same(staged.told, ['expired job', 'drained finished']);
  t.end();
});

t.test('a drain that only a lease holds looks as seldom as one that a socket holds', (t) => {
  const { drain, clock } = heldIn('draining');
  let looks = 0;
  const step = drain.step.bind(drain);
  drain.step = () => (looks++, step());
  clock.advance(10 * WINDOW_LOOK_MS);
  t.ok(looks <= 11, `${looks} looks`);
  t.end();
});

t.test('leases outlast the close window, but not the deadline', (t) => {
  const { drain, clock, leases, reports } = heldIn('draining');
  clock.advance(DRAIN_SETTINGS.deadlineMs - clock.now() - 1);
  t.same([drain.phase, leases.size], ['closing', 1]);
  clock.advance(1 + GRACE_MS.deadline);
  t.same([drain.phase, leases.size], ['drained', 0]);
  t.match(reports, [{ ended: 'deadline', leasesAtEnd: 1, activeAtEnd: 0, cut: 0 }]);
  t.end();
});

t.test('leases end with a drain that is ended now', (t) => {
  const { drain, clock, leases, reports } = heldIn('settling');
  drain.now('SIGTERM');
  t.equal(leases.size, 0);
  clock.advance(GRACE_MS.now);
  t.match(reports, [{ ended: 'now', leasesAtEnd: 1 }]);
  t.end();
});

t.test('a drain whose leases were let go in time reports none', (t) => {
  const { clock, leases, reports } = heldIn('draining');
  leases.letGo((leases.oldest as Lease).id);
  clock.advance(IDLE_CONFIRM_MS);
  t.match(reports, [{ ended: 'finished', leasesAtEnd: 0 }]);
  t.end();
});

t.test('an app whose port refuses is waited for while it holds a lease', (t) => {
  const { drain, clock, leases, told } = heldIn('draining');
  drain.appRefuses();
  t.equal(drain.phase, 'draining', 'it has only stopped listening');
  clock.advance(TTL_MS_MAX / 1_000);
  leases.letGo((leases.oldest as Lease).id);
  drain.appRefuses();
  t.equal(drain.phase, 'drained');
  t.same(told, ['drained app-gone']);
  t.end();
});

t.test('leases may be taken until closing, and never in a pod that is done', (t) => {
  const takes = (phase: Phase, terminating: boolean): boolean => {
    const { drain } = drainIn(phase);
    if (terminating) drain.terminate('preStop');
    return drain.takesLeases;
  };
  for (const terminating of [false, true]) {
    t.same(
      (['settling', 'draining', 'closing'] as const).map((phase) => takes(phase, terminating)),
      [true, true, false],
    );
  }
  t.equal(takes('serving', false), true);
  t.same([takes('drained', false), takes('drained', true)], [true, false]);
  const { drain } = drainIn('draining');
  drain.now('SIGTERM');
  t.equal(drain.takesLeases, false, 'nor while it is ended by force');
  t.end();
});

t.test('a lease that is taken in a pod that was drained by hand is work again', (t) => {
  const staged = drainIn('drained');
  const { id } = staged.lease();
  t.equal(staged.phase, 'draining');
  staged.clock.advance(1_000);
  staged.leases.letGo(id);
  staged.clock.advance(IDLE_CONFIRM_MS);
  t.equal(staged.phase, 'drained');
  t.same(staged.told, ['drained finished']);
  t.end();
});

t.test('a lease that is taken behind the deadline of a drain by hand holds the verdict', (t) => {
  const staged = drainIn('drained');
  staged.clock.advance(200_000);
  staged.lease();
  t.equal(staged.phase, 'drained', 'the budget is spent');
  t.same(staged.drain.verdict(), { safe: false, reason: 'leases' });
  t.end();
});

t.test('leases outlast a drain that is taken back', (t) => {
  const { drain, leases } = heldIn('draining');
  t.equal(drain.recall(), 'recalled');
  t.equal(leases.size, 1);
  t.end();
});

t.test('a pod is not quiet while a lease is held, and from its end on it is', (t) => {
  const staged = new StagedDrain();
  const { drain, clock, leases } = staged;
  clock.advance(70_000);
  t.same(drain.verdict(), { safe: true });
  const { id } = staged.lease();
  t.same(drain.verdict(), { safe: false, reason: 'leases' });
  t.equal(drain.quietSinceMs, undefined);
  clock.advance(100_000);
  leases.letGo(id);
  t.same(drain.verdict(), { safe: false, reason: 'not-quiet' });
  t.equal(drain.quietSinceMs, 170_000);
  clock.advance(60_000);
  t.same(drain.verdict(), { safe: true });
  t.end();
});
