/** The API server's time of day goes on between its answers, and is never behind the latest of them. */
import t from 'tap';
import { ServerTime } from '../../src/controller/server-time.js';
import { HandClock } from '../peers/clock.js';

const NOON = Date.parse('2026-11-22T12:00:00Z');

t.test('it is not known before an answer, and goes on from there', (t) => {
  const clock = new HandClock();
  const time = new ServerTime(clock);
  t.equal(time.nowMs, undefined);
  clock.advance(700);
  time.saw(NOON);
  clock.advance(1_500);
  t.equal(time.nowMs, NOON + 1_500);
  t.end();
});

t.test('of answers that cut off their seconds the latest counts', (t) => {
  const clock = new HandClock();
  const time = new ServerTime(clock);
  const answered = (realMs: number): void => time.saw(NOON + Math.floor(realMs / 1_000) * 1_000);
  clock.advance(900);
  answered(900);
  t.equal(time.nowMs, NOON);
  clock.advance(200);
  answered(1_100);
  t.equal(time.nowMs, NOON + 1_000, 'what was written by that answer is not in the future');
  clock.advance(800);
  answered(1_900);
  t.equal(time.nowMs, NOON + 1_800, 'it does not go back');
  t.end();
});

t.test('a server whose clock was set back is believed', (t) => {
  const clock = new HandClock();
  const time = new ServerTime(clock);
  time.saw(NOON);
  time.saw(NOON - 1_900);
  t.equal(time.nowMs, NOON);
  time.saw(NOON - 60_000);
  t.equal(time.nowMs, NOON - 60_000);
  t.end();
});
