/**
 * The claims of the differential fuzz against Node's own HTTP parser, for any number of cases:
 * where Node accepts, message boundaries agree; else we have given up; never a throw.
 */
import t, { type Test } from 'tap';
import { LLHTTP_VERSION } from '../../peers/oracle.js';
import { seedOfRun } from '../../peers/random.js';
import { fuzzConversations } from './conversation-fuzz.js';
import { fuzzLanes, type Tally } from './lane-fuzz.js';

/** Exceptions may not become so many that the fuzz means nothing. */
const EXCEPTED_SHARE_MAX = 0.02;
const ACCEPTED_SHARE_MIN = 0.25;
/** A conversation has several messages and is read six times. */
const CONVERSATION_SHARE = 2;

export function fuzzAll(cases: number, otherwise: number): void {
  const run = seedOfRun(otherwise);
  t.comment(`TIDEGATE_TEST_SEED=${run} (llhttp ${LLHTTP_VERSION})`);
  t.test('message boundaries agree with those of the HTTP parser of Node', (t) => {
    check(t, fuzzLanes(run, cases), 'lanes');
    t.end();
  });
  t.test('exchanges are counted as two parsers of Node would', (t) => {
    check(t, fuzzConversations(run, cases / CONVERSATION_SHARE), 'conversations');
    t.end();
  });
}

function check(t: Test, tally: Tally, what: string): void {
  const excepted = [...tally.exceptions.values()].reduce((sum, count) => sum + count, 0);
  t.comment(`${tally.cases} ${what}, ${tally.accepted} accepted, ${tally.messages} whole`);
  for (const [name, count] of tally.exceptions) t.comment(`exception ${name}: ${count}`);
  t.same(tally.faults, [], 'no unexplained difference');
  t.ok(excepted < tally.cases * EXCEPTED_SHARE_MAX, 'exceptions are rare');
  t.ok(tally.accepted > tally.cases * ACCEPTED_SHARE_MIN, 'Node accepts enough of the cases');
}
