/** Turns that come round: how evenly, how soon for those in a hurry, and how many at once. */
import t from 'tap';
import { Rounds, type RoundsOf } from '../../src/controller/rounds.js';
import { HandClock } from '../peers/clock.js';

const EVERY_MS = 20_000;

class Turns {
  readonly clock = new HandClock();
  readonly taken: { readonly key: string; readonly atMs: number }[] = [];
  readonly rounds: Rounds;

  constructor(act: RoundsOf['act'] = () => Promise.resolve(), atOnceMax = 32) {
    this.rounds = new Rounds({
      clock: this.clock,
      everyMs: EVERY_MS,
      atOnceMax,
      act: (key) => {
        this.taken.push({ key, atMs: this.clock.now() });
        return act(key);
      },
    });
    this.rounds.start();
  }

  add(count: number): string[] {
    const keys = Array.from({ length: count }, (_, at) => `k${at}`);
    for (const key of keys) this.rounds.add(key);
    return keys;
  }

  /** Turn by turn, so that each is over before the next. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(Math.min(100, ms - passed));
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  count(fromMs: number, toMs = this.clock.now()): number {
    return this.taken.filter(({ atMs }) => atMs > fromMs && atMs <= toMs).length;
  }
}

for (const count of [1, 3, 199, 1_000]) {
  t.test(`each of ${count} has one turn a round, spread evenly`, async (t) => {
    const turns = new Turns();
    const keys = turns.add(count);
    await turns.pass(5 * EVERY_MS);
    for (let round = 0; round < 5; round += 1) {
      const fromMs = round * EVERY_MS;
      t.ok(Math.abs(turns.count(fromMs, fromMs + EVERY_MS) - count) <= 1);
    }
    const even = (count * 1_000) / EVERY_MS;
    for (let fromMs = 0; fromMs < turns.clock.now(); fromMs += 1_000) {
      t.ok(turns.count(fromMs, fromMs + 1_000) <= Math.ceil(even) + 1);
    }
    const of = (key: string): number => turns.taken.filter((one) => one.key === key).length;
    t.ok(keys.every((key) => of(key) >= 4));
    turns.rounds.stop();
    t.equal(turns.clock.pending, 0);
  });
}

t.test('who is hurried has a turn between one and two seconds later', async (t) => {
  const turns = new Turns();
  turns.add(10);
  turns.rounds.hurry('k9');
  turns.rounds.hurry('k9');
  turns.rounds.hurry('nobody');
  await turns.pass(2_000);
  const own = turns.taken.filter(({ key }) => key === 'k9');
  t.equal(own.length, 1);
  t.ok(own[0].atMs >= 1_000);
  t.equal(turns.taken.filter(({ key }) => key === 'nobody').length, 0);
});

t.test('thousands in a hurry come at twice the even rate', async (t) => {
  const turns = new Turns();
  for (const key of turns.add(1_000)) turns.rounds.hurry(key);
  await turns.pass(12_000);
  t.equal(new Set(turns.taken.map(({ key }) => key)).size, 1_000);
  for (let fromMs = 0; fromMs < 12_000; fromMs += 1_000) {
    t.ok(turns.count(fromMs, fromMs + 1_000) <= 160);
  }
  await turns.pass(EVERY_MS);
  t.ok(Math.abs(turns.count(12_000) - 1_000) <= 10, `${turns.count(12_000)}`);
});

t.test('who is hurried in its own turn has another one after it', async (t) => {
  let over = (): void => undefined;
  const turns = new Turns(() => new Promise((resolve) => (over = resolve)));
  turns.add(1);
  turns.rounds.hurry('k0');
  await turns.pass(2_000);
  turns.rounds.hurry('k0');
  await turns.pass(3_000);
  t.equal(turns.taken.length, 1);
  over();
  await turns.pass(300);
  t.equal(turns.taken.length, 2);
});

t.test('so many are at once, and who takes long is not asked again meanwhile', async (t) => {
  const open = new Set<string>();
  const turns = new Turns((key) => {
    t.notOk(open.has(key));
    open.add(key);
    t.ok(open.size <= 5);
    return new Promise(() => undefined);
  }, 5);
  turns.add(20);
  await turns.pass(3 * EVERY_MS);
  t.equal(open.size, 5);
});

t.test('one that takes long does not hold up the others', async (t) => {
  const turns = new Turns((key) =>
    key === 'k3' ? new Promise(() => undefined) : Promise.resolve(),
  );
  turns.add(10);
  await turns.pass(4 * EVERY_MS);
  t.equal(turns.taken.filter(({ key }) => key === 'k3').length, 1);
  t.ok(turns.taken.filter(({ key }) => key === 'k4').length >= 3);
});

t.test('after a standstill nothing is made up for', async (t) => {
  const turns = new Turns();
  turns.add(1_000);
  await turns.pass(1_000);
  turns.rounds.stop();
  turns.clock.advance(60_000);
  const fromMs = turns.clock.now();
  turns.rounds.start();
  await turns.pass(1_000);
  t.ok(turns.count(fromMs) <= 60, `${turns.count(fromMs)}`);
});

t.test('who is removed has no turn, and a turn that fails is one', async (t) => {
  const turns = new Turns(() => Promise.reject(new Error('broken')));
  turns.add(2);
  turns.rounds.remove('k0');
  await turns.pass(3 * EVERY_MS);
  t.same(new Set(turns.taken.map(({ key }) => key)), new Set(['k1']));
  t.ok(turns.taken.length >= 2);
});
