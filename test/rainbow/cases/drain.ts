/** A colour that is too old, or hardly used any more: its pods are asked to drain, a few at once. */
import type { KnownAnswer, PodFacts } from '../../../src/rainbow/contract.js';
import {
  busy,
  HOUR,
  MINUTE,
  NOW,
  oldState,
  podOf,
  podsOf,
  serviceOf,
  SILENT,
} from '../../peers/rainbow.js';
import { type Case, green, SELECTS_BLUE } from './case.js';

const OLD = 48 * HOUR;
const LIGHT = { lightlyUsedSinceMs: NOW - 30 * MINUTE };
const TOO_OLD = { code: 'too-old', sinceMs: NOW - OLD } as const;
const named = (...names: readonly string[]): { name: string; uid: string }[] =>
  names.map((name) => ({ name, uid: `uid-${name}` }));
/** So many pods, each with more at work than the one before. */
const fleet = (size: number): PodFacts[] =>
  Array.from({ length: size }, (_, at) => podOf(`p${at}`, { answer: busy(100 - at) }));
const draining = (
  pod: PodFacts,
  drain = 'true',
  phase: KnownAnswer['phase'] = 'draining',
): PodFacts => ({ ...pod, drain, answer: { ...(pod.answer as KnownAnswer), phase } });
const ONE_ASKED = [
  podOf('p0', { drain: 'true', answer: busy(60) }),
  podOf('p1', { answer: busy(60) }),
];
const askedIn = (pods: readonly PodFacts[], lostForMs: number, more = {}): Case['state'] => ({
  ...green(pods, lostForMs, more).deployment.state,
  drainAskedMs: NOW,
});

export const DRAIN: readonly Case[] = [
  {
    title: 'at the maximum age a pod is asked to drain',
    old: green(podsOf(busy(60), busy(60)), OLD, { peak: 200 }),
    action: { kind: 'drain', pods: named('p0') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60), busy(60)), OLD, { peak: 200 }),
  },
  {
    title: 'before the maximum age none is',
    old: green(podsOf(busy(60)), OLD - 1),
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(60) } },
  },
  {
    title: 'without a maximum age none ever is',
    old: green(podsOf(busy(60)), 500 * HOUR),
    policy: { maxAge: 'off' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(60) } },
  },
  {
    title: 'a tenth of the pods is asked at once, those with the least at work first',
    old: green(fleet(29), OLD, { peak: 5_000 }),
    action: { kind: 'drain', pods: named('p28', 'p27') },
    reason: TOO_OLD,
    state: askedIn(fleet(29), OLD, { peak: 5_000 }),
  },
  {
    title: 'those that drain already count',
    old: green(
      fleet(29).map((pod, at) => (at === 0 ? draining(pod, 'keep') : pod)),
      OLD,
      { peak: 5_000, drainAskedMs: NOW - HOUR },
    ),
    action: { kind: 'drain', pods: named('p28') },
    reason: TOO_OLD,
    state: askedIn(fleet(29), OLD, { peak: 5_000 }),
  },
  {
    title: 'while enough of them drain nobody else is asked',
    old: green(
      [draining(podOf('p0', { answer: busy(60) })), podOf('p1', { answer: busy(60) })],
      OLD,
      { peak: 200 },
    ),
    reason: { code: 'draining', pods: 1, of: 2 },
  },
  {
    title: 'one that was asked a moment ago may not know of it yet',
    old: green(ONE_ASKED, OLD, { peak: 200, drainAskedMs: NOW - 3 * MINUTE + 1 }),
    reason: { code: 'draining', pods: 1, of: 2 },
  },
  {
    title: 'one that was asked and serves as before makes room for the next',
    old: green(ONE_ASKED, OLD, { peak: 200, drainAskedMs: NOW - 3 * MINUTE }),
    action: { kind: 'drain', pods: named('p1') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60), busy(60)), OLD, { peak: 200 }),
  },
  {
    title: 'where all were asked and serve as before, that is told',
    old: green(ONE_ASKED.slice(0, 1), OLD, { drainAskedMs: NOW - HOUR }),
    reason: { code: 'unheeded', pods: 1, of: 1 },
  },
  {
    title: 'one that has come to the end of its drain makes room for the next',
    old: green(
      [draining(podOf('p0', { answer: busy(60) }), 'true', 'drained'), ...ONE_ASKED.slice(1)],
      OLD,
      { peak: 200, drainAskedMs: NOW - HOUR },
    ),
    action: { kind: 'drain', pods: named('p1') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60), busy(60)), OLD, { peak: 200 }),
  },
  {
    title: 'one that was asked and does not answer still drains',
    old: green(
      [podOf('p0', { drain: 'true', answer: SILENT }), podOf('p1', { answer: busy(60) })],
      OLD,
    ),
    reason: { code: 'draining', pods: 1, of: 2 },
  },
  {
    title: 'one that has drained makes room for the next',
    old: green(
      [podOf('p0', { drain: 'true', deletionCost: 5 }), podOf('p1', { answer: busy(60) })],
      OLD,
      { drainAskedMs: NOW - HOUR },
    ),
    action: { kind: 'drain', pods: named('p1') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60)), OLD),
  },
  {
    title: 'what does not answer, terminates or is not its own is not asked',
    old: green(
      [
        podOf('p0', { answer: SILENT }),
        podOf('p1', { answer: busy(1), isTerminating: true }),
        podOf('p2', { answer: busy(1), isOwned: false }),
      ],
      OLD,
      {},
      { replicas: 1 },
    ),
    reason: { code: 'not-safe', pods: 3, of: 3, first: { pod: 'p0', answer: SILENT } },
  },
  {
    title: 'what is told not to drain is asked all the same',
    old: green([podOf('p0', { answer: busy(60), drain: 'false' })], OLD),
    action: { kind: 'drain', pods: named('p0') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60)), OLD),
  },
  {
    title: 'the last ready pod of a Service is not asked',
    old: green(podsOf(busy(60)), OLD),
    services: [SELECTS_BLUE, serviceOf('old', [], { readyPods: ['p0'] })],
    reason: { code: 'last-ready-pod', pod: 'p0', service: 'old' },
  },
  {
    title: 'the last ready pod of a Service is asked by force',
    old: green(podsOf(busy(60)), OLD),
    services: [SELECTS_BLUE, serviceOf('old', [], { readyPods: ['p0'] })],
    force: true,
    action: { kind: 'drain', pods: named('p0') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60)), OLD),
  },
  {
    title: 'instead of the last ready pod another one is asked',
    old: green(podsOf(busy(60), busy(61)), OLD, { peak: 200 }),
    services: [SELECTS_BLUE, serviceOf('old', [], { readyPods: ['p0'] })],
    action: { kind: 'drain', pods: named('p1') },
    reason: TOO_OLD,
    state: askedIn(podsOf(busy(60), busy(61)), OLD, { peak: 200 }),
  },
  {
    title: 'of two ready pods of a Service only one is asked',
    old: green(fleet(20), OLD, { peak: 5_000 }),
    services: [SELECTS_BLUE, serviceOf('old', [], { readyPods: ['p18', 'p19'] })],
    action: { kind: 'drain', pods: named('p19', 'p17') },
    reason: TOO_OLD,
    state: askedIn(fleet(20), OLD, { peak: 5_000 }),
  },
  {
    title: 'that a colour is hardly used is remembered first',
    old: green(podsOf(busy(1), busy(1)), 2 * HOUR),
    reason: { code: 'not-safe', pods: 2, of: 2, first: { pod: 'p0', answer: busy(1) } },
    state: oldState(2 * HOUR, {
      peak: 100,
      lightlyUsedSinceMs: NOW,
      samples: [{ atMs: NOW - 2 * HOUR, active: 2 }],
    }),
  },
  {
    title: 'hardly used for long enough it is drained: one for each pod',
    old: green(podsOf(busy(2), busy(0, 1), busy(0)), 2 * HOUR, LIGHT),
    action: { kind: 'drain', pods: named('p2') },
    reason: { code: 'lightly-used', sinceMs: NOW - 30 * MINUTE, active: 3, peak: 100 },
    state: askedIn(podsOf(busy(2), busy(0, 1), busy(0)), 2 * HOUR, LIGHT),
  },
  {
    title: 'hardly used for long enough it is drained: a share of its peak',
    old: green(podsOf(busy(5)), 2 * HOUR, { ...LIGHT, peak: 500 }),
    action: { kind: 'drain', pods: named('p0') },
    reason: { code: 'lightly-used', sinceMs: NOW - 30 * MINUTE, active: 5, peak: 500 },
    state: askedIn(podsOf(busy(5)), 2 * HOUR, { ...LIGHT, peak: 500 }),
  },
  {
    title: 'more than the share of its peak begins the wait anew',
    old: green(podsOf(busy(6)), 2 * HOUR, { ...LIGHT, peak: 500 }),
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(6) } },
    state: green(podsOf(busy(6)), 2 * HOUR, { peak: 500 }).deployment.state,
  },
  {
    title: 'a use of which a part is unknown is not light',
    old: green(podsOf(busy(1), SILENT), 2 * HOUR, LIGHT),
    reason: { code: 'not-safe', pods: 2, of: 2, first: { pod: 'p1', answer: SILENT } },
    state: green(podsOf(busy(1), SILENT), 2 * HOUR).deployment.state,
  },
  {
    title: 'without a share none is drained for its light use',
    old: green(podsOf(busy(1)), 2 * HOUR),
    policy: { lightlyUsed: 'off' },
    reason: { code: 'not-safe', pods: 1, of: 1, first: { pod: 'p0', answer: busy(1) } },
  },
];
