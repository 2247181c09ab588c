/**
 * Who leads: taken when free, renewed, lost by the clock alone, given away; and what others do to
 * the Lease meanwhile.
 */
import t from 'tap';
import { DEADLINE_MS, Leadership } from '../../src/kubernetes/lease.js';
import { HandClock } from '../peers/clock.js';
import type { Stored } from '../peers/fake-objects.js';
import { type Fate, type Made, MemoryApi, passes, refused, settled } from './memory-api.js';

interface Candidate {
  readonly leadership: Leadership;
  readonly api: MemoryApi;
  readonly heard: boolean[];
  readonly faults: string[];
}

class Stage {
  readonly clock = new HandClock();
  readonly first = new MemoryApi(this.clock);

  candidate(identity: string): Candidate {
    const api = new MemoryApi(this.clock, this.first.objects);
    const heard: boolean[] = [];
    const faults: string[] = [];
    const leadership = new Leadership({
      ...{ api, clock: this.clock, namespace: 'web', name: 'tidegate', identity },
      changed: (isLeader) => heard.push(isLeader),
      failed: (error) => faults.push((error as Error).message),
      random: () => 0.5,
    });
    return { leadership, api, heard, faults };
  }

  started(identity: string): Candidate {
    const candidate = this.candidate(identity);
    candidate.leadership.start();
    return candidate;
  }

  get lease(): Stored | undefined {
    return this.first.objects.find('Lease', 'web', 'tidegate');
  }

  get spec(): Readonly<Record<string, unknown>> {
    return (this.lease?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  }

  edit(merge: object): void {
    this.first.objects.patch('Lease', 'web', 'tidegate', merge);
  }

  passes(ms: number): Promise<void> {
    return passes(this.clock, ms);
  }
}

const writes = ({ api }: Candidate): readonly Made[] =>
  api.calls.filter(({ verb }) => verb !== 'get');

const only =
  (verb: Made['verb'], fate: Fate) =>
  (call: Made): Fate =>
    call.verb === verb ? fate : {};

t.test('who comes first makes the Lease, leads, and renews it every 5 seconds', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  t.equal(one.leadership.isLeader, true);
  t.same(one.heard, [true]);
  t.same(stage.spec, {
    holderIdentity: 'one',
    leaseDurationSeconds: 12,
    acquireTime: '2024-01-01T00:00:00.000000Z',
    renewTime: '2024-01-01T00:00:00.000000Z',
    leaseTransitions: 0,
  });
  await stage.passes(60_000);
  t.equal(writes(one).length, 13);
  t.match(stage.spec, {
    acquireTime: '2024-01-01T00:00:00.000000Z',
    renewTime: '2024-01-01T00:01:00.000000Z',
    leaseTransitions: 0,
  });
  t.same([one.heard, one.faults], [[true], []]);
  t.equal(one.api.calls.filter(({ verb }) => verb === 'get').length, 1, 'and reads no more');
});

t.test('who comes second waits, writes nothing, and leads once the first is dead', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  const two = stage.started('two');
  await stage.passes(59_000);
  t.equal(two.leadership.isLeader, false);
  t.equal(writes(two).length, 1, 'it has tried to make it at the same moment');
  one.api.fate = () => ({ fault: 'hangs' });
  const diedMs = stage.clock.now();
  while (!two.leadership.isLeader) await stage.passes(100);
  const afterMs = stage.clock.now() - diedMs;
  t.ok(afterMs > 7_000 && afterMs < 15_000, `${afterMs} ms`);
  t.match(stage.spec, { holderIdentity: 'two', leaseTransitions: 1 });
  t.equal(one.leadership.isLeader, false);
  t.same(one.heard, [true, false]);
  t.equal(stage.spec['acquireTime'], stage.spec['renewTime']);
});

t.test('a leader stops by the clock, though no timer has run and no call is over', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await stage.passes(4_000);
  one.api.fate = () => ({ fault: 'hangs' });
  // As after a pause of the machine: it is later, and nothing has run yet.
  const now = stage.clock.now.bind(stage.clock);
  stage.clock.now = () => now() + DEADLINE_MS - 4_001;
  t.equal(one.leadership.isLeader, true);
  stage.clock.now = () => now() + DEADLINE_MS - 4_000;
  t.equal(one.leadership.isLeader, false);
  t.same(one.heard, [true], 'nobody could tell it yet');
});

t.test('who stops gives it away, and the next leads at its next look', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await settled();
  const two = stage.started('two');
  await stage.passes(20_000);
  await one.leadership.stop();
  t.same(one.heard, [true, false]);
  t.match(stage.spec, { holderIdentity: '', leaseDurationSeconds: 1 });
  await stage.passes(2_500);
  t.equal(two.leadership.isLeader, true);
  t.match(stage.spec, { holderIdentity: 'two', leaseTransitions: 1, leaseDurationSeconds: 12 });
  const { length } = one.api.calls;
  await stage.passes(30_000);
  t.equal(one.api.calls.length, length, 'who has stopped asks no more');
});

t.test('a missing right is told once, and tried slowly until it is there', async (t) => {
  const stage = new Stage();
  const one = stage.candidate('one');
  one.api.fate = only('create', { fault: refused(403, 'Forbidden', 'not for you') });
  one.leadership.start();
  await stage.passes(60_000);
  t.same(one.faults, ['not for you']);
  t.ok(writes(one).length <= 7, String(writes(one).length));
  one.api.fate = () => ({});
  await stage.passes(12_000);
  t.same(one.heard, [true]);
});

t.test('a renewal that fails is repeated within the deadline', async (t) => {
  const stage = new Stage();
  const one = stage.started('one');
  await stage.passes(4_000);
  one.api.fate = ({ atMs }) => (atMs < 8_000 ? { fault: refused(503, 'x', 'not now') } : {});
  await stage.passes(30_000);
  t.same([one.heard, one.faults], [[true], ['not now']]);
});
