/**
 * Asking again and again, in time that is driven by hand.
 */
import t from 'tap';
import { AskError } from '../../src/cli/ask.js';
import { poll, POLL_MS } from '../../src/cli/poll.js';
import { HandClock } from '../peers/clock.js';

interface Polled {
  readonly got: readonly string[];
  readonly error: unknown;
  readonly tookMs: number;
}

/** Asks for `answers` in turn; time passes as soon as somebody waits for it. */
async function polled(answers: readonly (string | Error)[], untilMs?: number): Promise<Polled> {
  const clock = new HandClock();
  const got: string[] = [];
  const ask = async (): Promise<string> => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return Promise.resolve(answer);
  };
  let asked = 0;
  const failed = ({ message }: AskError): void => void got.push(`(${message})`);
  const until = untilMs === undefined ? {} : { untilMs };
  const answersOf = poll(ask, { clock, failed, ...until });
  let error: unknown;
  try {
    for (;;) {
      const next = answersOf.next();
      await passWhenWaiting(clock);
      const { done, value } = await next;
      if (done === true) break;
      got.push(value);
      if (value === 'enough') break;
    }
  } catch (thrown) {
    error = thrown;
  }
  t.equal(clock.pending, 0);
  return { got, error, tookMs: clock.now() };
}

/** Lets the asker come to where it waits, if it does. */
async function passWhenWaiting(clock: HandClock): Promise<void> {
  for (let turns = 0; turns < 100; turns++) {
    await Promise.resolve();
    if (clock.pending > 0) clock.advance(POLL_MS / 4);
  }
}

const passing = new AskError('busy', true);

t.test('it asks every second until nobody wants more', async (t) => {
  const { got, error, tookMs } = await polled(['one', 'two', 'enough', 'four']);
  t.same([got, error, tookMs], [['one', 'two', 'enough'], undefined, 2 * POLL_MS]);
});

t.test('a first failure is final', async (t) => {
  const { got, error, tookMs } = await polled([passing, 'one']);
  t.same([got, error, tookMs], [[], passing, 0]);
});

t.test('later it forgives a few failures in a row, and begins to count anew', async (t) => {
  const { got, error } = await polled(['one', passing, passing, passing, 'two', passing, 'enough']);
  t.same(got, ['one', '(busy)', '(busy)', '(busy)', 'two', '(busy)', 'enough']);
  t.equal(error, undefined);
});

t.test('one failure too many is final', async (t) => {
  const { got, error } = await polled(['one', passing]);
  t.same([got, error], [['one', '(busy)', '(busy)', '(busy)'], passing]);
});

t.test('what will not pass is not waited for', async (t) => {
  const lasting = new AskError('another program');
  const { got, error } = await polled(['one', lasting]);
  t.same([got, error], [['one'], lasting]);
});

t.test('a fault of our own is not taken for a failure to answer', async (t) => {
  const fault = new TypeError('a fault');
  const { got, error } = await polled(['one', fault]);
  t.same([got, error], [['one'], fault]);
});

t.test('at its end it asks once more', async (t) => {
  const { got, tookMs } = await polled(['one', 'two', 'three', 'four', 'five'], 2_500);
  t.same([got, tookMs], [['one', 'two', 'three', 'four'], 2_500]);
  t.same((await polled(['one', 'two'], 0)).got, ['one']);
});
