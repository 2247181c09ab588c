/**
 * The policy's table: what its defaults mean, what each text means, and that every text that means
 * nothing is refused with the flag and the value in the sentence.
 */
import t from 'tap';
import {
  type GivenPolicy,
  parsePolicy,
  POLICY,
  POLICY_KEYS,
  type PolicyKey,
} from '../../src/rainbow/policy.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

t.test('the defaults are those of the design', (t) => {
  t.same(parsePolicy({}), {
    keep: 1,
    minAgeMs: HOUR,
    drainedForMs: 10 * MINUTE,
    deleteAfterMs: 24 * HOUR,
    maxAgeMs: 48 * HOUR,
    lightlyUsed: { share: 0.01, forMs: 30 * MINUTE },
    force: false,
  });
  t.end();
});

t.test('the table has a row for each key, in their order, with a sentence and a default', (t) => {
  t.same(Object.keys(POLICY), POLICY_KEYS);
  for (const key of POLICY_KEYS) t.match(POLICY[key].sentence, /^[A-Z].*\.$/, key);
  const defaults = Object.fromEntries(POLICY_KEYS.map((key) => [key, POLICY[key].default]));
  t.same(parsePolicy(defaults), parsePolicy({}), 'a default may be given, too');
  t.end();
});

t.test('what is given is taken', (t) => {
  const given = {
    keep: '0',
    minAge: '0',
    drainedFor: '90s',
    deleteAfter: '720h',
    maxAge: '2h30m',
    lightlyUsed: '2.5%/1h',
  };
  t.same(parsePolicy(given, true), {
    keep: 0,
    minAgeMs: 0,
    drainedForMs: 90_000,
    deleteAfterMs: 720 * HOUR,
    maxAgeMs: 150 * MINUTE,
    lightlyUsed: { share: 0.025, forMs: HOUR },
    force: true,
  });
  t.end();
});

t.test('what asks pods to drain can be turned off', (t) => {
  const policy = parsePolicy({ maxAge: 'off', lightlyUsed: 'off', minAge: '96h' });
  t.equal(policy.maxAgeMs, undefined);
  t.equal(policy.lightlyUsed, undefined);
  t.end();
});

t.test('the default maximum gives way to a minimum that is longer', (t) => {
  t.equal(parsePolicy({ minAge: '72h' }).maxAgeMs, 72 * HOUR);
  t.end();
});

const REFUSED: readonly (readonly [key: PolicyKey, value: string, sentence: RegExp])[] = [
  ['keep', '-1', /--keep "-1": is not a whole number from 0 to 1000/],
  ['keep', '', /--keep "": is not a whole number/],
  ['minAge', '60', /--min-age "60": needs a unit/],
  ['minAge', 'off', /--min-age "off": is not a duration/],
  ['drainedFor', '-1m', /--drained-for "-1m": is not a duration/],
  ['deleteAfter', '1d', /--delete-after "1d": is not a duration/],
  ['deleteAfter', '90000h', /--delete-after "90000h": is longer than 87600h/],
  ['maxAge', '30m', /--max-age "30m": is less than --min-age \(1h\), before which nothing is done/],
  ['lightlyUsed', '1%', /--lightly-used "1%": is not a share and a duration like 1%\/30m, or off/],
  ['lightlyUsed', '1/30m', /--lightly-used "1\/30m": is not a share/],
  ['lightlyUsed', '1%/30m/1', /is not a share/],
  ['lightlyUsed', '101%/30m', /is more than 100%/],
  ['lightlyUsed', '1%/30', /--lightly-used "1%\/30": needs a unit/],
];

for (const [key, value, sentence] of REFUSED) {
  t.test(`${key} "${value}" is refused`, (t) => {
    const given: GivenPolicy = { [key]: value };
    t.throws(() => parsePolicy(given), { message: sentence });
    t.end();
  });
}

t.test('all faults are told at once', (t) => {
  t.throws(() => parsePolicy({ keep: 'x', minAge: 'y', maxAge: '1s' }), {
    message: /^--keep "x": .*\n--min-age "y": .*$/,
  });
  t.end();
});
