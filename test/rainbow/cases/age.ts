/** How long a colour has been old, and whether somebody may want to go back to it. */
import { busy, colourOf, HOUR, MINUTE, NOW, oldState, podsOf, SAFE } from '../../peers/rainbow.js';
import { type Case, green, LIVE_STATE } from './case.js';

const SAFE_FOR_HOURS = {
  drainedSinceMs: NOW - 3 * HOUR,
  lightlyUsedSinceMs: NOW - 3 * HOUR,
};

export const AGE: readonly Case[] = [
  {
    title: 'a colour that has just lost its traffic is remembered to have',
    old: colourOf('green', podsOf(busy(40)), { state: { ...LIVE_STATE, peak: 50 } }),
    reason: { code: 'too-young', untilMs: NOW + HOUR },
    state: oldState(0, { peak: 50, liveReplicas: 1, samples: [{ atMs: NOW, active: 40 }] }),
  },
  {
    title: 'one that was selected and let go between two looks ages anew',
    old: green(podsOf(busy(40)), 60 * HOUR, { liveSinceMs: NOW - HOUR, replicas: 3 }),
    reason: { code: 'too-young', untilMs: NOW + HOUR },
    state: oldState(0, {
      peak: 100,
      replicas: 3,
      liveReplicas: 1,
      samples: [{ atMs: NOW, active: 40 }],
    }),
  },
  {
    title: 'nothing is done before the minimum age, however safe it is',
    old: green(podsOf(SAFE, SAFE), HOUR - 1, {
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
    }),
    reason: { code: 'too-young', untilMs: NOW + 1 },
  },
  {
    title: 'nothing is done before the minimum age, however light the use',
    old: green(podsOf(busy(1)), HOUR - 1, { lightlyUsedSinceMs: NOW - 50 * MINUTE }),
    reason: { code: 'too-young', untilMs: NOW + 1 },
  },
  {
    title: 'at the minimum age it is old enough',
    old: green(podsOf(SAFE), HOUR, {
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
    }),
    action: { kind: 'zero', from: 1 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 30 * MINUTE },
    state: oldState(HOUR, {
      peak: 100,
      drainedSinceMs: NOW - 30 * MINUTE,
      lightlyUsedSinceMs: NOW - 30 * MINUTE,
      replicas: 1,
      samples: [{ atMs: NOW - HOUR, active: 0 }],
    }),
  },
  {
    title: 'a minimum age of nothing is none',
    old: green(podsOf(busy(50)), 0),
    policy: { minAge: '0' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(50) } },
  },
  {
    title: 'the colour that was live last is kept',
    old: green(podsOf(SAFE), 60 * HOUR, { drainedSinceMs: NOW - HOUR, lightlyUsedSinceMs: NOW }),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'the one before it is not',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(2 * HOUR) })],
    policy: { keep: '1', maxAge: 'off' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'the one before it has the second of two places',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(2 * HOUR) })],
    policy: { keep: '2' },
    reason: { code: 'kept', place: 2, of: 2 },
  },
  {
    title: 'one that is too young has its place, too',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(MINUTE) })],
    policy: { keep: '1' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'nothing is done to one that a switch has begun to, however long ago it was live',
    old: green(podsOf(SAFE), 60 * HOUR, { claimedMs: NOW - 59 * MINUTE, ...SAFE_FOR_HOURS }),
    reason: { code: 'claimed', untilMs: NOW + MINUTE },
  },
  {
    title: 'a switch that came to nothing is over at the minimum age',
    old: green(podsOf(busy(9)), 60 * HOUR, { claimedMs: NOW - HOUR }),
    policy: { maxAge: 'off' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(9) } },
  },
  {
    title: 'one that a switch has begun to takes no place from the one before',
    old: green(podsOf(SAFE), 9 * HOUR, { replicas: 1, ...SAFE_FOR_HOURS }),
    others: [colourOf('red', [], { state: oldState(2 * HOUR, { claimedMs: NOW }), replicas: 3 })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that a switch came to nothing with is not the one to go back to',
    old: green(podsOf(SAFE), 9 * HOUR, { replicas: 1, ...SAFE_FOR_HOURS }),
    others: [
      colourOf('red', [], {
        state: oldState(70 * HOUR, { claimedMs: NOW - 2 * HOUR }),
        replicas: 3,
      }),
    ],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that was let go since it was last seen has the first place',
    old: green(podsOf(SAFE), 60 * HOUR, { liveSinceMs: NOW - MINUTE }),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(2 * HOUR) })],
    policy: { keep: '1', minAge: '0' },
    reason: { code: 'kept', place: 1, of: 1 },
    state: oldState(0, {
      peak: 100,
      drainedSinceMs: NOW,
      lightlyUsedSinceMs: NOW,
      liveReplicas: 1,
      samples: [{ atMs: NOW, active: 0 }],
    }),
  },
  {
    title: 'one that is being deleted has no place',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { state: oldState(MINUTE), isDeleting: true })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that is yet to be promoted has no place',
    old: green(podsOf(busy(9)), 2 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that never was live has its place behind those that were',
    old: green(podsOf(busy(9)), 60 * HOUR),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW - 6 * HOUR })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'where none is known to have been live, the newest is kept',
    old: colourOf('green', podsOf(busy(9)), {
      state: oldState(2 * HOUR, {
        wasLive: false,
        peak: 9,
        samples: [{ atMs: NOW - HOUR, active: 9 }],
      }),
    }),
    others: [colourOf('red', podsOf(SAFE), { createdMs: NOW - 21 * HOUR })],
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'a colour at zero can be one to go back to',
    old: green([], 60 * HOUR, { scaledToZeroMs: NOW - 50 * HOUR, replicas: 3 }),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'the maximum age does not beat a place',
    old: green(podsOf(busy(9)), 100 * HOUR),
    policy: { keep: '1' },
    reason: { code: 'kept', place: 1, of: 1 },
  },
  {
    title: 'one that rolls out is left to it',
    old: green(
      podsOf(SAFE),
      60 * HOUR,
      { drainedSinceMs: NOW - HOUR, lightlyUsedSinceMs: NOW },
      {
        isRollingOut: true,
      },
    ),
    reason: { code: 'rolling-out' },
  },
];
