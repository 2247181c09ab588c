/** What became of a tidegate, as people read it: every ending as one sentence. */
import t from 'tap';
import { departureReason, departureWords } from '../../src/controller/departure-words.js';
import {
  type Ending,
  type Figures,
  type Held,
  type Silence,
  UNSEEN,
} from '../../src/controller/goodbye.js';

const FIGURES: Figures = {
  reason: 'preStop',
  ended: 'finished',
  tookMs: 34_200,
  activeAtStart: 40,
  leasesAtEnd: 0,
  finished: 1_120,
  farewell: 14,
  cut: 0,
};
const IDLE: Partial<Figures> = { activeAtStart: 0, finished: 0, farewell: 0 };

function drain(outcome: 'drained' | 'cut', figures: Partial<Figures> = {}): Ending {
  return { outcome, figures: { ...FIGURES, ...figures } };
}

function silent(silence: Silence): Ending {
  return { outcome: 'silent', silence };
}

const HELD: Held = { active: 37, leases: 0, beforeMs: 12_900 };
const KILLED = silent({ code: 'died', exitCode: 137, reason: 'OOMKilled' });

const SENTENCES: readonly (readonly [Ending, Held | undefined, string])[] = [
  [
    drain('drained'),
    HELD,
    'web-1 drained in 34s: 1,120 finished, 14 got a farewell, none was cut (preStop)',
  ],
  [
    drain('drained', { tookMs: 299.99999, reason: '' }),
    undefined,
    'web-1 drained in 0.3s: 1,120 finished, 14 got a farewell, none was cut',
  ],
  [drain('drained', IDLE), undefined, 'web-1 drained in 34s: nothing was at work (preStop)'],
  [
    drain('cut', { ended: 'deadline', tookMs: 570_000, cut: 3, finished: 42, farewell: 0 }),
    undefined,
    'web-1 was cut at its deadline after 9m30s: 3 of 45 were cut, 42 finished, 0 got a farewell (preStop)',
  ],
  [
    drain('cut', { ended: 'now', cut: 1, finished: 0, farewell: 0, reason: 'SIGTERM' }),
    undefined,
    'web-1 had to end at once after 34s: 1 of 1 was cut, 0 finished, 0 got a farewell (SIGTERM)',
  ],
  [
    drain('cut', { ...IDLE, ended: 'app-gone', leasesAtEnd: 1 }),
    undefined,
    'web-1 lost its app in its drain after 34s: none was cut, 0 finished, 0 got a farewell;' +
      ' 1 lease of its app was still held (preStop)',
  ],
  [
    drain('cut', { ended: 'in-time', leasesAtEnd: 2, cut: 1, finished: 0 }),
    undefined,
    'web-1 ended its drain after 34s: 1 of 15 was cut, 0 finished, 14 got a farewell;' +
      ' 2 leases of its app were still held (preStop)',
  ],
  [
    KILLED,
    HELD,
    'tidegate in web-1 was killed (OOMKilled, exit code 137) without a goodbye:' +
      ' it had 37 connections at work 12s before',
  ],
  [
    silent({ code: 'died', exitCode: 137, reason: 'Error' }),
    { active: 1, leases: 1, beforeMs: 200 },
    'tidegate in web-1 was killed (exit code 137) without a goodbye:' +
      ' it had 1 connection at work and 1 lease held by its app 0s before',
  ],
  [
    silent({ code: 'died', exitCode: 1, reason: 'Error' }),
    undefined,
    'tidegate in web-1 ended (exit code 1) without a goodbye: nobody knows what it had at work',
  ],
  [
    silent({ code: 'wordless', exitCode: 0 }),
    { active: 0, leases: 2, beforeMs: 90_000 },
    'tidegate in web-1 ended (exit code 0) without a goodbye:' +
      ' it had 2 leases held by its app 1m30s before',
  ],
  [
    silent({ code: 'strange', exitCode: 0 }),
    { active: 0, leases: 0, beforeMs: 3_000 },
    'tidegate in web-1 ended (exit code 0) with a message that no tidegate writes:' +
      ' it had nothing at work 3s before',
  ],
  [
    silent({ code: 'lost' }),
    HELD,
    'tidegate in web-1 is gone, and its node cannot say how it ended:' +
      ' it had 37 connections at work 12s before',
  ],
  [
    UNSEEN,
    HELD,
    'web-1 is gone, and nobody has seen its tidegate end: it had 37 connections at work 12s before',
  ],
];

for (const [ending, held, sentence] of SENTENCES) {
  t.test(sentence, (t) => {
    t.equal(departureWords({ pod: 'web-1', ending, held }), sentence);
    t.end();
  });
}

t.test('programs find each outcome by its reason', (t) => {
  const reasons = [drain('drained'), drain('cut'), KILLED, UNSEEN].map(departureReason);
  t.same(reasons, ['Drained', 'DrainCut', 'DiedWithoutGoodbye', 'DiedWithoutGoodbye']);
  t.end();
});
