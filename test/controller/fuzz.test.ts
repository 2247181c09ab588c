/**
 * Pods that do whatever they like, looked at in rounds: how often they are written to, and what
 * stands on them when they have come to rest.
 */
import t, { type Test } from 'tap';
import { levelFrom } from '../../src/controller/levels.js';
import { recordedOn } from '../../src/controller/marks.js';
import { unknown } from '../../src/rainbow/answers.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { Random } from '../peers/random.js';
import { busy, SAFE } from '../peers/rainbow.js';
import { Markings, NOT_QUIET, numbered } from './markings.js';

t.test('a load that goes up and down by a tenth writes nothing', async (t) => {
  const stage = new Markings();
  const random = new Random(1);
  const means = new Map(numbered(60).map((name, at) => [name, Math.round(1.15 ** at)]));
  for (const name of means.keys()) stage.put(name);
  stage.says = (name) => {
    const mean = means.get(name) ?? 0;
    const [low, high] = [Math.ceil(0.9 * mean), Math.floor(1.1 * mean)];
    return busy(low + random.int(high - low + 1));
  };
  stage.rounds([...means.keys()]);
  // A load about a boundary may cross it once, upwards.
  await stage.pass(30 * 60_000, 2_000);
  const before = stage.written.length;
  t.ok(before <= 80, `${before} writes`);
  await stage.pass(60 * 60_000, 2_000);
  t.equal(stage.written.length - before, 0);
});

t.test('pods that are not ready for a while again and again write next to nothing', async (t) => {
  const stage = new Markings();
  const names = numbered(25);
  for (const name of names) stage.put(name);
  const cycleMs = 120_000;
  const isReady = (at: number): boolean => (stage.clock.now() + at * 4_800) % cycleMs >= 45_000;
  let flaps = true;
  stage.says = (name) => {
    const own = Number(name.slice(1));
    return flaps && !isReady(own) ? unknown('unready', 'is not ready') : SAFE;
  };
  stage.rounds(names);
  // When it turns it is asked out of turn.
  names.forEach((name, at) => {
    const turns = (): void => {
      if (!flaps) return;
      stage.look(name);
      stage.clock.after(isReady(at) ? 75_000 : 45_000, turns);
    };
    stage.clock.after(cycleMs - ((at * 4_800) % cycleMs) + 1_000, turns);
  });
  await stage.pass(15 * 60_000, 1_000);
  const before = stage.written.length;
  t.ok(before <= 25 * 7, `${before} writes until it is learnt`);
  await stage.pass(3 * 60 * 60_000, 2_000);
  const perMinute = (stage.written.length - before) / 180;
  t.ok(perMinute < 2, `${perMinute} writes a minute`);
  flaps = false;
  await stage.pass(5 * 60_000, 1_000);
  t.ok(names.every((name) => stage.stands(name) === 'safe idle'));
});

/** A pod as its tidegate would tell of it: quiet for a minute, it is safe. */
class Life {
  count = 0;
  private activeMs = -Infinity;

  set(count: number, nowMs: number): void {
    if (this.count > 0) this.activeMs = nowMs;
    this.count = count;
  }

  says(nowMs: number): PodAnswer {
    if (this.count > 0) return busy(this.count);
    return nowMs - this.activeMs < 60_000 ? NOT_QUIET : SAFE;
  }
}

const COUNTS = [0, 0, 1, 3, 9, 11, 30, 90, 120, 400, 1_500];

/** Pods that change so often, and then no more; checks what stands on them after that. */
async function live(t: Test, seed: number, changes: number, withinMs: number): Promise<void> {
  const stage = new Markings();
  const random = new Random(seed);
  const lives = new Map(numbered(25).map((name) => [name, new Life()]));
  stage.says = (name) => lives.get(name)?.says(stage.clock.now());
  let lastMs = 0;
  for (const [name, life] of lives) {
    stage.put(name);
    let atMs = 0;
    for (let change = 0; change < changes; change += 1) {
      atMs += random.int(random.pick([3_000, 30_000, 120_000]));
      const count = random.pick(COUNTS);
      stage.clock.after(atMs, () => life.set(count, stage.clock.now()));
    }
    lastMs = Math.max(lastMs, atMs);
  }
  stage.rounds([...lives.keys()]);
  await stage.pass(lastMs + withinMs);
  // From quiet to safe is a change like any other, a minute later.
  for (const [name, { count }] of lives) {
    if (count === 0) continue;
    const { summary } = recordedOn(stage.pod(name).marks);
    const level = summary?.level;
    t.equal(summary?.reason, 'active', `${seed} ${name}`);
    t.equal(levelFrom(level, count), level, `${seed} ${name}`);
  }
  await stage.pass(60_000);
  for (const [name, { count }] of lives) {
    if (count === 0) t.equal(stage.stands(name), 'safe idle', `${seed} ${name}`);
    const own = stage.written.filter((one) => one.name === name).map(({ atMs }) => atMs);
    t.ok(
      own.every((ms, at) => at === 0 || ms - own[at - 1] >= 60_000),
      `${seed} ${name}`,
    );
  }
}

t.test(
  'whatever a pod does, it has a patch a minute at most and is right in the end',
  async (t) => {
    for (let seed = 1; seed <= 8; seed += 1) await live(t, seed, 3, 75_000);
    for (let seed = 11; seed <= 14; seed += 1) await live(t, seed, 40, 300_000);
  },
);
