/** What has failed waits longer each time, and a timer that has only just begun is not written yet. */
import t from 'tap';
import { Patience, restoring } from '../../src/controller/patience.js';
import type { State, Step } from '../../src/rainbow/contract.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import { HandClock } from '../peers/clock.js';
import { colourOf, NOW, oldState } from '../peers/rainbow.js';

const POLICY = parsePolicy({});
const STATE = oldState(3_600_000);

function stepOf(state: State | undefined, action: Step['action'] = { kind: 'keep' }): Step {
  return { colour: 'a', deployment: 'web-a', action, reason: { code: 'live-not-ready' }, state };
}

/** How long each failure in a row makes it wait. */
function waits(isPassing: boolean): number[] {
  const clock = new HandClock();
  const patience = new Patience(clock);
  return Array.from({ length: 6 }, () => {
    patience.failedAt('u', isPassing);
    const startMs = clock.now();
    const untilMs = patience.nextMs ?? NaN;
    clock.advance(untilMs - startMs - 1);
    t.equal(patience.waits('u'), true);
    clock.advance(1);
    t.equal(patience.waits('u'), false);
    t.equal(patience.nextMs, undefined);
    return (untilMs - startMs) / 1_000;
  });
}

t.test('what passes by itself is tried again soon, what does not later and later', (t) => {
  t.same(waits(true), [2, 4, 8, 15, 15, 15]);
  t.same(waits(false), [30, 60, 120, 240, 300, 300]);
  t.end();
});

t.test('what has worked begins anew, and what is another colour has not failed', (t) => {
  const patience = new Patience(new HandClock());
  patience.failedAt('u', false);
  t.equal(patience.waits('other'), false);
  patience.worked('u');
  t.equal(patience.waits('u'), false);
  patience.failedAt('u', false);
  patience.forget();
  t.equal(patience.waits('u'), false);
  t.end();
});

t.test('what is given back waits by itself, until the colour has worked', (t) => {
  const patience = new Patience(new HandClock());
  patience.failedAt('u', false);
  t.equal(patience.waits(restoring('u')), false);
  patience.failedAt(restoring('u'), true);
  t.equal(patience.waits(restoring('u')), true);
  patience.worked('u');
  t.equal(patience.waits(restoring('u')), false);
  t.end();
});

t.test('a timer that begins is written a little later, and anything else at once', (t) => {
  const clock = new HandClock();
  const patience = new Patience(clock);
  const { deployment } = colourOf('a', [], { state: STATE });
  const isDue = (step: Step): boolean => patience.isDue(step, deployment, POLICY);
  const drained = stepOf({ ...STATE, drainedSinceMs: NOW });
  t.equal(isDue(stepOf(undefined)), false, 'nothing is to be written');
  t.equal(isDue(drained), false);
  clock.advance(59_000);
  t.equal(isDue(drained), false);
  clock.advance(1_000);
  t.equal(isDue(drained), true, 'after a minute');
  t.equal(isDue(stepOf(undefined)), false, 'it has ended');
  t.equal(isDue(drained), false, 'and begins anew');
  t.equal(isDue(stepOf({ ...STATE, drainedSinceMs: NOW, replicas: 3 })), true);
  t.equal(isDue(stepOf({ ...STATE, peak: 9 })), true);
  t.equal(isDue(stepOf(STATE, { kind: 'delete' })), true);
  t.end();
});

t.test('that a timer is over is written at once', (t) => {
  const patience = new Patience(new HandClock());
  const { deployment } = colourOf('a', [], { state: { ...STATE, drainedSinceMs: NOW - 1_000 } });
  t.equal(patience.isDue(stepOf(STATE), deployment, POLICY), true);
  t.end();
});

t.test('where timers are short so is the wait', (t) => {
  const patience = new Patience(new HandClock());
  const { deployment } = colourOf('a', [], { state: STATE });
  const step = stepOf({ ...STATE, drainedSinceMs: NOW });
  t.equal(patience.isDue(step, deployment, parsePolicy({ drainedFor: '0s' })), true);
  t.end();
});
