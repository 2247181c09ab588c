/**
 * The alerts of what the controller sees, pods that die, hang on or do not answer, fire when they should and
 * stay silent otherwise: only who leads tells of these, and nothing is lost or begins anew where another
 * takes over.
 */
import { type Cases, testCases } from './alerts.js';
import { a, b, CONTROLLED, LEADS, type Parts, type Replica, SUCCEEDS, TURNS } from './controller-lives.js';
import type { Series } from './lives.js';

const silent = { outcome: 'silent' };
const DEATHS: Cases = {
  'a pod dies without a goodbye': {
    lives: [...LEADS, a('goodbyes_total', silent, [10, 0], [60, 1]), b('goodbyes_total', silent, [60, 0])],
    firing: [
      [9.75, []],
      [10.25, ['PodsDieSilently']],
      [24, ['PodsDieSilently']],
      [25.25, []],
    ],
  },
  'those that were drained, or cut some, have said it': {
    lives: [
      ...LEADS,
      ...['drained', 'cut'].map((outcome) => a('goodbyes_total', { outcome }, [10, 0], [60, 90])),
    ],
    firing: [[12, []]],
    without: [', outcome="silent"', ''],
  },
};
const DEATHS_IN_TURN: Cases = {
  'one before a change of the leader and one behind it are two': {
    lives: [...TURNS, a('goodbyes_total', silent, [28, 0], [60, 1]), b('goodbyes_total', silent, [34, 0], [60, 1])],
    firing: [
      [33, []],
      [36, ['PodsDieSilently']],
    ],
    without: ['sum by (cluster, controller)', 'max by (cluster, controller)'],
  },
};

const pods = (tell: Replica, state: string, ...parts: Parts): Series => tell('pods', { state }, ...parts);
const NONE = (tell: Replica, ...states: string[]): Series[] => states.map((state) => pods(tell, state, [200, 0]));
const UNREACHABLE: Cases = {
  'more than a fifth of the pods do not answer for ten minutes': {
    lives: [
      ...LEADS,
      ...NONE(b, 'safe', 'unsafe', 'unknown', 'terminating'),
      pods(a, 'safe', [10, 60], [60, 40]),
      pods(a, 'unsafe', [60, 20]),
      pods(a, 'terminating', [60, 20]),
      pods(a, 'unknown', [10, 0], [40, 30], [60, 0]),
    ],
    firing: [
      [19.75, []],
      [20.25, ['PodsUnreachable']],
      [40, ['PodsUnreachable']],
      [43.5, []],
    ],
  },
  'a fifth is not more, and a blip is none': {
    lives: [...LEADS, pods(a, 'safe', [90, 80]), pods(a, 'unknown', [40, 20], [46, 80], [90, 20])],
    firing: [
      [39, []],
      [50, []],
      [60, []],
    ],
    without: ['> 0.2', '> 0.19'],
  },
  'a change of the leader does not begin anew': {
    lives: [
      ...TURNS,
      pods(a, 'safe', [25, 5], [29.75, 5], [90, 0]),
      pods(a, 'unknown', [25, 0], [29.75, 5], [90, 0]),
      pods(b, 'safe', [30.5, 0], [90, 5]),
      pods(b, 'unknown', [30.5, 0], [90, 5]),
    ],
    firing: [
      [34.75, []],
      [35.25, ['PodsUnreachable']],
    ],
    without: ['[3m]', '[15s]'],
  },
};

const GIB = 2 ** 30;
const piled = (tell: Replica, ...parts: Parts): readonly Series[] => [
  tell('held_memory_bytes', { state: 'terminating' }, ...parts),
  tell('held_memory_bytes', { state: 'drained' }, [200, 3 * GIB]),
];
/** `a` says nothing from just before 30 on, and `b` from just after it. */
const IN_TURN = (tell: Replica, value: number): Parts =>
  tell === a ? [[29.75, value], [200, 0]] : [[30.5, 0], [200, value]];
const MEMORY: Cases = {
  'terminating and drained pods together hold more than 8Gi for an hour': {
    lives: [...LEADS, ...piled(a, [10, 4 * GIB], [100, 6 * GIB], [200, 4 * GIB])],
    firing: [
      [69.75, []],
      [70, ['MemoryPiledUp']],
      [99, ['MemoryPiledUp']],
      [104, []],
    ],
  },
  'a change of the leader is no new hour': {
    lives: [...SUCCEEDS, ...piled(a, [30, 6 * GIB], [30.25, undefined]), ...piled(b, [200, 6 * GIB])],
    firing: [
      [59.75, []],
      [60, ['MemoryPiledUp']],
      [90, ['MemoryPiledUp']],
    ],
    without: ['max_over_time(tidegate_controller_leader{job="tidegate-controller"}[3m]) == 1', 'tidegate_controller_leader == 1'],
  },
  'what one that does not lead believes does not count': {
    lives: [...LEADS, ...piled(a, [200, 1]), ...piled(b, [200, 90 * GIB])],
    firing: [[100, []]],
    without: ['and on (cluster, pod, instance)', 'or on (cluster, pod, instance)'],
  },
  'a moment in which neither leads is no new hour': {
    lives: [
      ...TURNS,
      ...[a, b].map((tell) => tell('held_memory_bytes', { state: 'terminating' }, ...IN_TURN(tell, 10 * GIB))),
    ],
    firing: [
      [59.75, []],
      [60, ['MemoryPiledUp']],
    ],
    without: ['max_over_time(tidegate_controller_held', 'last_over_time(tidegate_controller_held'],
  },
};
const MEMORY_AT_ONCE: Cases = {
  'what two that have led hold is not added up': {
    lives: [
      ...TURNS,
      ...[a, b].map((tell) => tell('held_memory_bytes', { state: 'drained' }, ...IN_TURN(tell, 6 * GIB))),
    ],
    firing: [
      [20, []],
      [32, []],
    ],
    without: ['max by (cluster, controller)', 'sum by (cluster, controller)'],
  },
};

const OLDEST = 'oldest_colour_timestamp_seconds';
const lost = (group: string, atMinute: number): Series =>
  a(OLDEST, { namespace: 'shop', group }, [200, 60 * atMinute]);
const AGE: Cases = {
  'a colour has had no traffic for longer than is told, and still has pods': {
    lives: [...LEADS, lost('web', 10), lost('chat', 80)],
    firing: [
      [74.75, []],
      [75.25, ['ColourTooOld web']],
      [90, ['ColourTooOld web']],
    ],
  },
  'a group without an old colour has none that is too old': {
    lives: [...LEADS, lost('web', 0)],
    firing: [[150, []]],
    without: ['[3m]) > 0)', '[3m]) >= 0)'],
  },
  'a change of the leader is no new beginning': {
    lives: [
      a('leader', {}, [75, 1], [75.25, undefined]),
      b('leader', {}, [76, 0], [200, 1]),
      a(OLDEST, { namespace: 'shop', group: 'web' }, [75, 600], [75.25, undefined]),
      b(OLDEST, { namespace: 'shop', group: 'web' }, [76, undefined], [200, 600]),
    ],
    firing: [
      [74.75, []],
      [75.25, ['ColourTooOld web']],
      [80, ['ColourTooOld web']],
    ],
    without: ['[3m]', '[15s]'],
  },
  'what a former leader believes does not count': {
    lives: [...TURNS, lost('web', 10), b(OLDEST, { namespace: 'shop', group: 'web' }, [200, 0])],
    firing: [[90, []]],
    without: ['max_over_time(tidegate_controller_leader{job="tidegate-controller"}[3m]) == 1', 'tidegate_controller_leader >= 0'],
  },
};

testCases({}, { ...DEATHS, ...UNREACHABLE, ...MEMORY }, CONTROLLED);
testCases({ alerts: { podsDieSilently: { more: 1 } } }, DEATHS_IN_TURN, CONTROLLED);
testCases({ alerts: { memoryPiledUp: { for: '1m' } } }, MEMORY_AT_ONCE, CONTROLLED);
testCases({ alerts: { colourTooOld: { age: '1h' } } }, AGE, CONTROLLED);
