/**
 * What is said of a pod, look by look: what is said at once, what is seen twice first, and what is
 * held back of a pod that goes back and forth.
 */
import t from 'tap';
import {
  type Habit,
  lookedAt,
  NO_HABIT,
  type Summary,
  summaryOf,
} from '../../src/controller/summary.js';
import { unknown } from '../../src/rainbow/answers.js';
import type { KnownAnswer, PodAnswer } from '../../src/rainbow/contract.js';
import { busy, MINUTE, SAFE, SILENT } from '../peers/rainbow.js';

const LOOK_MS = 20_000;
const NOT_QUIET: PodAnswer = { ...(SAFE as KnownAnswer), safe: false, reason: 'not-quiet' };
const LEASED: PodAnswer = { ...(busy(0, 3) as KnownAnswer), reason: 'leases' };
const UNREADY = unknown('unready', 'is not ready');

/** A pod on which is written what is due, at once or when it is told to. */
class Watched {
  stands: Summary | undefined;
  due: Summary | undefined;
  writes = 0;
  private habit: Habit = NO_HABIT;
  private nowMs = 0;

  /** What stands on it after these looks: `active some`. */
  look(...answers: readonly PodAnswer[]): string {
    for (const answer of answers) {
      this.hold(answer);
      this.write();
    }
    return words(this.stands);
  }

  /** The same, and nothing is written. */
  hold(answer: PodAnswer): string {
    this.nowMs += LOOK_MS;
    const seen = summaryOf(answer, this.stands);
    const next = lookedAt(this.habit, seen, this.stands, this.due, this.nowMs);
    ({ habit: this.habit, due: this.due } = next);
    return words(this.due);
  }

  write(): void {
    if (this.due === undefined) return;
    this.stands = this.due;
    this.due = undefined;
    this.writes += 1;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }
}

function words(summary: Summary | undefined): string {
  if (summary === undefined) return 'nothing';
  const { safe, reason, level } = summary;
  return `${safe ? 'safe' : reason} ${level}`;
}

const times = (count: number, answer: PodAnswer): PodAnswer[] =>
  Array.from({ length: count }, () => answer);

t.test('what is seen first is said at once', (t) => {
  t.equal(new Watched().look(SAFE), 'safe idle');
  t.equal(new Watched().look(busy(50)), 'active some');
  t.end();
});

t.test('what makes it precious is said at once, and that it is safe', (t) => {
  t.equal(new Watched().look(SAFE, busy(1)), 'active few');
  t.equal(new Watched().look(busy(1), busy(2_000)), 'active crowd');
  t.equal(new Watched().look(SAFE, NOT_QUIET), 'not-quiet idle');
  t.equal(new Watched().look(busy(1_000), SAFE), 'safe idle');
  t.end();
});

t.test('that it holds less is said when it has been seen twice in a row', (t) => {
  t.equal(new Watched().look(busy(100), busy(20)), 'active many');
  t.equal(new Watched().look(busy(100), busy(20), busy(20)), 'active some');
  t.equal(new Watched().look(busy(100), busy(20), busy(90), busy(20)), 'active many');
  t.equal(new Watched().look(busy(100), busy(20), busy(3)), 'active few');
  t.equal(new Watched().look(busy(5), NOT_QUIET), 'active few');
  t.equal(new Watched().look(busy(5), NOT_QUIET, NOT_QUIET), 'not-quiet idle');
  t.end();
});

t.test('another reason alone is said when it has been seen twice', (t) => {
  t.equal(new Watched().look(busy(5), LEASED), 'active few');
  t.equal(new Watched().look(busy(5), LEASED, LEASED), 'leases few');
  t.end();
});

t.test('that it says nothing is said after two looks in a row, and its level stays', (t) => {
  t.equal(new Watched().look(SILENT), 'nothing');
  t.equal(new Watched().look(SILENT, SILENT), 'unreachable undefined');
  t.equal(new Watched().look(busy(20), SILENT), 'active some');
  t.equal(new Watched().look(busy(20), SILENT, SILENT), 'unreachable some');
  t.equal(new Watched().look(SAFE, SILENT, UNREADY), 'unready idle');
  t.equal(new Watched().look(busy(20), busy(1), SILENT), 'active some');
  t.equal(new Watched().look(busy(20), SILENT, busy(20), SILENT), 'active some');
  t.equal(new Watched().look(SILENT, SILENT, busy(3)), 'active few');
  t.equal(new Watched().look(busy(20), SILENT, SILENT, busy(20)), 'active some');
  t.end();
});

t.test('what must wait to be written is what is true by then', (t) => {
  const pod = new Watched();
  pod.look(SAFE);
  t.equal(pod.hold(busy(500)), 'active many');
  t.equal(pod.hold(busy(50)), 'active some');
  t.equal(pod.hold(SILENT), 'active some');
  t.equal(pod.hold(SAFE), 'nothing');
  t.end();
});

t.test('requests that come and go are learnt, and then not told each time', (t) => {
  const pod = new Watched();
  const round = [busy(1), ...times(3, NOT_QUIET)];
  for (let count = 0; count < 500; count += 1) pod.look(...round);
  t.equal(pod.look(), 'active few');
  t.ok(pod.writes <= 6, `${pod.writes} writes`);
  t.equal(pod.look(...times(3, NOT_QUIET), SAFE), 'safe idle');
  t.end();
});

t.test('a load that jumps about a boundary is learnt, and leaves it when it is over', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 300; count += 1) pod.look(busy(12), busy(5), busy(5));
  t.equal(pod.look(), 'active some');
  t.ok(pod.writes <= 6, `${pod.writes} writes`);
  t.equal(pod.look(busy(12), ...times(8, busy(5))), 'active some');
  t.equal(pod.look(busy(5)), 'active few');
  t.end();
});

t.test('a fall of two levels is written within the minute, of whatever pod', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 20; count += 1) pod.look(busy(120), busy(50), busy(50));
  t.equal(pod.look(busy(120), busy(5), busy(5)), 'active many');
  t.equal(pod.look(busy(5)), 'active few');
  t.equal(pod.look(busy(120)), 'active many');
  t.equal(pod.look(...times(8, busy(50))), 'active many', 'one level is what it has learnt');
  t.end();
});

t.test('a pod that answers and does not is learnt, and counts as one that does not', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 50; count += 1) {
    pod.look(...times(4, SAFE), ...times(2, UNREADY));
  }
  t.ok(pod.writes <= 6, `${pod.writes} writes`);
  t.equal(pod.look(...times(8, SAFE)), 'unready idle');
  t.equal(pod.look(SAFE), 'safe idle');
  t.end();
});

t.test('also then it is said at once that it holds more', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 5; count += 1) pod.look(...times(4, SAFE), ...times(2, UNREADY));
  t.equal(pod.look(busy(800)), 'active many');
  t.equal(pod.look(...times(2, UNREADY), busy(800)), 'unready many');
  t.end();
});

t.test('a pod that does not answer once a day is not restless', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 10; count += 1) {
    t.equal(pod.wait(61 * MINUTE).look(SAFE, ...times(2, UNREADY), SAFE), 'safe idle');
  }
  t.end();
});

t.test('two looks a moment apart are one', (t) => {
  const pod = new Watched();
  pod.look(SAFE, UNREADY);
  t.equal(pod.wait(2_000 - LOOK_MS).look(UNREADY), 'safe idle');
  t.equal(pod.look(UNREADY), 'unready idle');
  t.end();
});

t.test('after two hours of rest a pod is like any other', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 20; count += 1) pod.look(busy(12), busy(5), busy(5));
  pod.wait(121 * MINUTE);
  t.equal(pod.look(busy(12), busy(5), busy(5)), 'active few');
  t.end();
});

t.test('who comes back once an hour is not restless', (t) => {
  const pod = new Watched();
  for (let count = 0; count < 10; count += 1) {
    t.equal(pod.wait(61 * MINUTE).look(busy(12), ...times(3, busy(5))), 'active few');
  }
  t.end();
});

t.test('another replica that has only watched has the same habits', (t) => {
  const [leader, other] = [new Watched(), new Watched()];
  for (let count = 0; count < 20; count += 1) {
    for (const answer of [busy(12), busy(5), busy(5)]) {
      leader.look(answer);
      other.hold(answer);
      other.stands = leader.stands;
    }
  }
  t.equal(other.look(busy(5), busy(5)), 'active some');
  t.end();
});
