/**
 * How long a replica that ends waits: until what is under way is over, and no longer than it may.
 */
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { areAtRest, overOnce } from '../../src/controller/ending.js';
import { HandClock } from '../peers/clock.js';

async function pass(clock: HandClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 25) {
    clock.advance(25);
    await setImmediate();
  }
}

t.test('it waits until all are over', async (t) => {
  const clock = new HandClock();
  let end = (): void => undefined;
  const isOver = overOnce(new Promise<void>((resolve) => (end = resolve)));
  const rest = { isThere: true };
  const resting = areAtRest(clock, 1_000, isOver, () => rest.isThere);
  let came: boolean | undefined;
  void resting.then((is) => (came = is));
  await pass(clock, 500);
  t.equal(came, undefined);
  rest.isThere = false;
  end();
  await pass(clock, 100);
  t.same([isOver(), came], [true, undefined], 'one of two is not all');
  rest.isThere = true;
  await pass(clock, 25);
  t.equal(came, true);
  t.equal(clock.pending, 0);
});

t.test('it waits no longer than it may, and what has failed is over', async (t) => {
  const clock = new HandClock();
  t.equal(await areAtRest(clock, 0, () => false), false);
  t.equal(await areAtRest(clock, 0, () => true), true);
  const resting = areAtRest(clock, 1_000, () => false);
  await pass(clock, 1_000);
  t.equal(await resting, false);
  const failed = overOnce(Promise.reject(new Error('no')));
  await setImmediate();
  t.equal(failed(), true);
});
