/**
 * The hand-driven clock: tests of time are only as good as this.
 */
import t from 'tap';
import { HandClock } from './clock.js';

t.test('time stands still until it is moved', (t) => {
  const clock = new HandClock(new Date('2024-05-01T00:00:00Z'));
  t.equal(clock.now(), 0);
  clock.advance(1500);
  t.equal(clock.now(), 1500);
  t.equal(clock.wall().toISOString(), '2024-05-01T00:00:01.500Z');
  t.equal(clock.wallAt(250).toISOString(), '2024-05-01T00:00:00.250Z');
  t.end();
});

t.test('timers act in order, each at its own moment, those of one moment as they were set', (t) => {
  const clock = new HandClock();
  const seen: string[] = [];
  const note = (name: string): void => void seen.push(`${name} at ${clock.now()}`);
  clock.after(30, note, 'late');
  clock.after(10, note, 'first');
  clock.after(10, note, 'second');
  clock.after(31, note, 'too late');
  clock.advance(30);
  t.same(seen, ['first at 10', 'second at 10', 'late at 30']);
  t.equal(clock.pending, 1);
  t.end();
});

t.test('a timer set by a timer acts within the same move, if it falls due', (t) => {
  const clock = new HandClock();
  const moments: number[] = [];
  const again = (): void => {
    moments.push(clock.now());
    clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  t.same(moments, [10, 20, 30]);
  t.equal(clock.now(), 35);
  t.end();
});

t.test('a timer that is cancelled is gone, also by another of the same moment', (t) => {
  const clock = new HandClock();
  clock.after(10, () => last.cancel());
  const last = clock.after(10, () => t.fail('was cancelled'));
  clock.advance(10);
  last.cancel();
  t.equal(clock.pending, 0);
  t.end();
});

t.test('it is known which timers would keep a process', (t) => {
  const clock = new HandClock();
  clock.after(10, () => undefined).unref();
  clock.after(10, () => undefined);
  t.equal(clock.pending, 2);
  t.equal(clock.holding, 1);
  t.end();
});
