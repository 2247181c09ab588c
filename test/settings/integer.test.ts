/**
 * Whole numbers: what is read, what is refused, and how it is said which are allowed.
 */
import t from 'tap';
import { formatAllowed, type IntegerForm, parseInteger } from '../../src/settings/integer.js';

const SINGLE: IntegerForm = { allowed: [0, 7, [20, 30]] };
const RATE: IntegerForm = { allowed: [[1, 50]], perSecond: true };

t.test('a number that is allowed is read, the ends of a range too', (t) => {
  for (const number of [0, 7, 20, 25, 30]) t.equal(parseInteger(String(number), SINGLE), number);
  t.end();
});

t.test('any other is refused, and told which are allowed', (t) => {
  const message = 'is not one of 0, 7, 20 to 30';
  for (const text of ['1', '19', '31', '99999999999999999999', '9'.repeat(400)]) {
    t.throws(() => parseInteger(text, SINGLE), { code: 'ERR_VALUE', message }, text);
  }
  t.end();
});

t.test('what is no whole number is refused', (t) => {
  const texts = ['', ' ', ' 7', '7 ', '+7', '-7', '7.0', '7e0', '0x7', '1_0', '2,5', '٧', 'NaN'];
  for (const text of [...texts, '7/s', '7\n']) {
    t.throws(() => parseInteger(text, SINGLE), { code: 'ERR_VALUE' }, JSON.stringify(text));
  }
  t.end();
});

t.test('what counts by the second may be written so', (t) => {
  t.equal(parseInteger('50', RATE), 50);
  t.equal(parseInteger('50/s', RATE), 50);
  const message = 'is not a whole number from 1 to 50, with or without /s';
  for (const text of ['0/s', '51/s', '/s', '5/s/s', '5/m', '5 /s', '5/S', '5/s\n', '5s']) {
    t.throws(() => parseInteger(text, RATE), { code: 'ERR_VALUE', message }, JSON.stringify(text));
  }
  t.end();
});

t.test('the numbers that are allowed are told in the order of the table', (t) => {
  t.equal(formatAllowed(RATE), 'a whole number from 1 to 50');
  t.equal(formatAllowed(SINGLE), 'one of 0, 7, 20 to 30');
  t.end();
});
