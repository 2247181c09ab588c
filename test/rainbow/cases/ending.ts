/** A colour whose pods are all safe, or gone: to zero, and away; and who stands against it. */
import type { KnownAnswer } from '../../../src/rainbow/contract.js';
import {
  busy,
  HOUR,
  MINUTE,
  NOW,
  oldState,
  podOf,
  podsOf,
  SAFE,
  SILENT,
} from '../../peers/rainbow.js';
import { type Case, green, rival } from './case.js';

const LONG = 3 * HOUR;
const samples = [{ atMs: NOW - LONG, active: 0 }];
/** All of its pods have been safe for so long, and it was seen. */
const drainedFor = (ms: number): object => ({
  drainedSinceMs: NOW - ms,
  lightlyUsedSinceMs: NOW - ms,
});
const ZEROED = oldState(LONG, { peak: 100, ...drainedFor(10 * MINUTE), replicas: 2, samples });
const HPA = rival('hpa', 'shrink');
const KEDA = rival('keda', 'shrink', 'zero');
const ARGO = rival('argo-cd', 'shrink', 'zero', 'delete');
const NEVER_STARTED = podOf('p1', {
  ...{ answer: SILENT, neverStarted: true, phase: 'Pending', isReady: false },
});
const STARTING = podOf('p1', {
  answer: { ...(busy(0) as KnownAnswer), reason: 'starting' },
  isReady: false,
});
const DAY = 24 * HOUR;
const atZeroFor = (ms: number): object => ({ scaledToZeroMs: NOW - ms, replicas: 2 });

export const ENDING: readonly Case[] = [
  {
    title: 'that all pods are safe is remembered first',
    old: green(podsOf(SAFE, SAFE), LONG),
    reason: { code: 'drained', untilMs: NOW + 10 * MINUTE },
    state: oldState(LONG, { peak: 100, ...drainedFor(0), samples }),
  },
  {
    title: 'safe for less than long enough is waited for',
    old: green(podsOf(SAFE, SAFE), LONG, drainedFor(10 * MINUTE - 1)),
    reason: { code: 'drained', untilMs: NOW + 1 },
  },
  {
    title: 'safe for long enough it goes to zero, and how many it had is remembered',
    old: green(podsOf(SAFE, SAFE), LONG, drainedFor(10 * MINUTE)),
    action: { kind: 'zero', from: 2 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
    state: ZEROED,
  },
  {
    title: 'how many it had before it was shrunk stays remembered',
    old: green(podsOf(SAFE), LONG, { ...drainedFor(10 * MINUTE), replicas: 5 }),
    action: { kind: 'zero', from: 1 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
  },
  {
    title: 'a pod that terminates must be safe, too',
    old: green(
      [podOf('p0'), podOf('p1', { isTerminating: true, answer: busy(200) })],
      LONG,
      drainedFor(HOUR),
      { replicas: 1 },
    ),
    reason: { code: 'not-safe', pods: 1, of: 2, first: { pod: 'p1', answer: busy(200) } },
    state: oldState(LONG, {
      peak: 200,
      samples: [{ atMs: NOW - LONG, active: 200 }],
    }),
  },
  {
    title: 'a pod that terminates and is safe stops nothing',
    old: green([podOf('p0'), podOf('p1', { isTerminating: true })], LONG, drainedFor(10 * MINUTE), {
      replicas: 2,
    }),
    action: { kind: 'zero', from: 2 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
    state: ZEROED,
  },
  {
    title: 'a pod that somebody else made must be safe, too',
    old: green(
      [podOf('p0'), podOf('p1', { isOwned: false, answer: SILENT })],
      LONG,
      {},
      {
        replicas: 1,
      },
    ),
    reason: { code: 'not-safe', pods: 1, of: 2, first: { pod: 'p1', answer: SILENT } },
  },
  {
    title: 'one pod that does not answer begins the wait anew',
    old: green(podsOf(SAFE, SILENT), LONG, drainedFor(HOUR)),
    action: {
      kind: 'shrink',
      from: 2,
      to: 1,
      costs: [{ name: 'p0', uid: 'uid-p0', cost: -(2 ** 31 - 1) }],
    },
    reason: { code: 'idle-pods', pods: 1, of: 2 },
    state: oldState(LONG, { peak: 100, replicas: 2, samples }),
  },
  {
    title: 'where pods are wanted and none is there, nobody has said anything',
    old: green([], LONG, { ...drainedFor(10 * MINUTE), replicas: 2 }, { replicas: 2 }),
    reason: { code: 'no-pods', wanted: 2 },
    state: oldState(LONG, {
      peak: 100,
      lightlyUsedSinceMs: NOW - 10 * MINUTE,
      replicas: 2,
      samples,
    }),
  },
  {
    title: 'a pod that can never start stops nothing',
    old: green([podOf('p0'), NEVER_STARTED], LONG, drainedFor(10 * MINUTE)),
    action: { kind: 'zero', from: 2 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
    state: ZEROED,
  },
  {
    title: 'a pod that has an app that never answered is not safe',
    old: green([podOf('p0', { isTerminating: true }), STARTING], LONG, {}, { replicas: 1 }),
    reason: { code: 'not-safe', pods: 1, of: 2, first: { pod: 'p1', answer: STARTING.answer } },
    state: oldState(LONG, { peak: 100, lightlyUsedSinceMs: NOW, samples }),
  },
  {
    title: 'a pod that has an app that never answered is safe by force',
    old: green([podOf('p0'), STARTING], LONG, drainedFor(10 * MINUTE)),
    force: true,
    action: { kind: 'zero', from: 2 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
    state: ZEROED,
  },
  {
    title: 'no force makes a pod safe that does not answer',
    old: green([podOf('p0', { answer: SILENT })], LONG),
    force: true,
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: SILENT } },
  },
  {
    title: 'an autoscaler stands still at zero',
    old: green(podsOf(SAFE, SAFE), LONG, drainedFor(10 * MINUTE), { rivals: [HPA] }),
    action: { kind: 'zero', from: 2 },
    reason: { code: 'drained-long-enough', sinceMs: NOW - 10 * MINUTE },
    state: ZEROED,
  },
  {
    title: 'one that is scaled by KEDA does not go to zero',
    old: green(podsOf(SAFE, SAFE), LONG, drainedFor(10 * MINUTE), { rivals: [HPA, KEDA] }),
    reason: { code: 'rival', rival: KEDA, fight: 'zero' },
  },
  {
    title: 'a rival is told of only when it would be fought with',
    old: green(podsOf(SAFE, SAFE), LONG, drainedFor(MINUTE), { rivals: [ARGO] }),
    reason: { code: 'drained', untilMs: NOW + 9 * MINUTE },
  },
  {
    title: 'at zero its last pods are waited for',
    old: green([podOf('p0', { isTerminating: true })], LONG, {}, { replicas: 0 }),
    reason: { code: 'emptying' },
  },
  {
    title: 'a safe pod that is left at zero is waited for, too',
    old: green([podOf('p0', { isOwned: false })], 100 * HOUR, {}, { replicas: 0 }),
    reason: { code: 'emptying' },
  },
  {
    title: 'when the last pod is gone the wait for the end begins',
    old: green([], LONG, { replicas: 2, ...drainedFor(HOUR) }),
    reason: { code: 'at-zero', untilMs: NOW + DAY },
    state: oldState(LONG, { peak: 100, ...atZeroFor(0), samples }),
  },
  {
    title: 'at zero it stays for long enough',
    old: green([], 40 * HOUR, atZeroFor(DAY - 1)),
    reason: { code: 'at-zero', untilMs: NOW + 1 },
  },
  {
    title: 'at zero for long enough it is deleted',
    old: green([], 40 * HOUR, atZeroFor(DAY)),
    action: { kind: 'delete' },
    reason: { code: 'zero-long-enough', sinceMs: NOW - DAY },
  },
  {
    title: 'a wait of nothing is none',
    old: green([], 40 * HOUR, atZeroFor(0)),
    policy: { deleteAfter: '0' },
    action: { kind: 'delete' },
    reason: { code: 'zero-long-enough', sinceMs: NOW },
  },
  {
    title: 'one that Argo CD would make anew is not deleted',
    old: green([], 40 * HOUR, atZeroFor(DAY), { rivals: [KEDA, ARGO] }),
    reason: { code: 'rival', rival: ARGO, fight: 'delete' },
  },
  {
    title: 'one that somebody scaled up again is not at zero any more',
    old: green(podsOf(busy(200)), LONG, atZeroFor(2 * HOUR)),
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(200) } },
    state: oldState(LONG, {
      peak: 200,
      replicas: 2,
      samples: [{ atMs: NOW - LONG, active: 200 }],
    }),
  },
];
