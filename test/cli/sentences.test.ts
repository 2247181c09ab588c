/**
 * The admin port's answers in words.
 */
import t from 'tap';
import type { SafeToDelete } from '../../src/admin/contract.js';
import {
  count,
  cut,
  phaseWords,
  plain,
  span,
  spanSince,
  timeOf,
  verdictWords,
} from '../../src/cli/sentences.js';
import { SAFE } from './fixtures.js';

function not(reason: string, counts: Partial<SafeToDelete> = {}): string {
  return verdictWords({ ...SAFE, safe: false, reason, ...counts } as SafeToDelete);
}

t.test('every verdict is a sentence with its reason', (t) => {
  t.equal(verdictWords(SAFE), 'safe to delete: nothing is at work');
  t.equal(not('active', { active: 1 }), 'not safe to delete: 1 connection is still at work');
  t.equal(
    not('active', { active: 1234 }),
    'not safe to delete: 1,234 connections are still at work',
  );
  t.equal(not('leases', { leases: 1 }), 'not safe to delete: the app holds a lease');
  t.equal(not('leases', { leases: 2 }), 'not safe to delete: the app holds 2 leases');
  t.equal(not('settling'), 'not safe to delete: load balancers may still send new work');
  t.equal(not('not-quiet'), 'not safe to delete: nothing is at work, but not for long enough');
  t.equal(not('starting'), 'not safe to delete: the app has not answered yet');
  t.end();
});

t.test('a reason or a phase that a newer tidegate has is told as it is', (t) => {
  t.equal(not('moonlight'), 'not safe to delete: moonlight');
  const { reason, ...bare } = { ...SAFE, safe: false, reason: undefined };
  t.equal(reason, undefined);
  t.equal(verdictWords(bare), 'not safe to delete');
  t.equal(phaseWords('ebbing' as 'serving'), '');
  t.equal(phaseWords('toString' as 'serving'), '');
  t.end();
});

t.test('a span has its two largest units', (t) => {
  const spans: Readonly<Record<string, number>> = {
    '0s': 0.9,
    '59s': 59.9,
    '1m': 60,
    '1m1s': 61,
    '3h12m': 11_565,
    '1h': 3_659,
    '1d2h': 93_784,
    '40d': 3_456_000,
  };
  for (const [words, seconds] of Object.entries(spans)) t.equal(span(seconds), words);
  for (const seconds of [-5, NaN, -Infinity]) t.equal(span(seconds), '0s');
  t.end();
});

t.test('moments are told in UTC, and how long ago by the one who answered', (t) => {
  t.equal(timeOf('2024-01-01T12:00:30.123Z'), '2024-01-01 12:00:30 UTC');
  t.equal(timeOf('2024-01-01T12:00:30Z'), '2024-01-01 12:00:30 UTC');
  t.equal(timeOf('soon'), 'soon');
  const atMs = new Date('2024-01-01T12:02:40Z').getTime();
  t.equal(spanSince('2024-01-01T12:00:30.000Z', atMs), '2m10s');
  t.equal(spanSince('soon', atMs), '0s');
  t.end();
});

t.test('large numbers have separators', (t) => {
  t.same([0, 999, 1_000, 9_001, 1_234_567].map(count), ['0', '999', '1,000', '9,001', '1,234,567']);
  t.end();
});

t.test('what could move a cursor is made visible', (t) => {
  t.equal(plain('a\x1b[2Jb\nc\u{9b}d\u{202e}e\u{2028}f'), 'a�[2Jb�c�d�e�f');
  t.equal(plain('schön 日本 🌊'), 'schön 日本 🌊');
  t.end();
});

t.test('what is too long is cut between characters', (t) => {
  t.equal(cut('12345', 5), '12345');
  t.equal(cut('123456', 5), '1234…');
  t.equal(cut('🌊🌊🌊🌊', 3), '🌊🌊…');
  t.end();
});
