/**
 * Durations: what is read, what is refused, and that what is written is read as the same.
 */
import t from 'tap';
import { TIMER_MS_MAX } from '../../src/clock.js';
import { formatDuration, parseDuration } from '../../src/settings/duration.js';

t.test('a number with a unit, or several from large to small, is a duration', (t) => {
  const durations = {
    '0': 0,
    '0s': 0,
    '500ms': 500,
    '30s': 30_000,
    '1.5s': 1500,
    '10m': 600_000,
    '1m30s': 90_000,
    '2h': 7_200_000,
    '1h2m3s4ms': 3_723_004,
    '90m': 5_400_000,
  };
  for (const [text, ms] of Object.entries(durations)) t.equal(parseDuration(text), ms, text);
  t.end();
});

t.test('a number without a unit is refused, and told which units there are', (t) => {
  t.throws(() => parseDuration('30'), { message: 'needs a unit: ms, s, m or h, as in 30s' });
  t.throws(() => parseDuration('1.5'), { message: 'needs a unit: ms, s, m or h, as in 1.5s' });
  t.end();
});

t.test('what is no duration is refused', (t) => {
  const message = 'is not a duration like 500ms, 30s, 10m, 1m30s or 2h';
  const texts = [
    '',
    ' ',
    's',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1d',
    '1S',
    '30s10m',
    '1s1s',
    '1e3s',
    '.5s',
  ];
  for (const text of texts)
    t.throws(() => parseDuration(text), { message, code: 'ERR_VALUE' }, text);
  t.end();
});

t.test('what no timer can wait for is refused', (t) => {
  t.equal(parseDuration(`${TIMER_MS_MAX}ms`), TIMER_MS_MAX);
  t.throws(() => parseDuration(`${TIMER_MS_MAX + 1}ms`), {
    message: 'is longer than 596h31m23s647ms',
  });
  t.throws(() => parseDuration('1000h'), { code: 'ERR_VALUE' });
  t.end();
});

t.test('what is written is short, and read as the same', (t) => {
  const written = {
    0: '0s',
    1: '1ms',
    1000: '1s',
    1500: '1s500ms',
    90_000: '1m30s',
    3_600_000: '1h',
  };
  for (const [ms, text] of Object.entries(written)) {
    t.equal(formatDuration(Number(ms)), text);
    t.equal(parseDuration(text), Number(ms));
  }
  t.end();
});
