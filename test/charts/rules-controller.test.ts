/**
 * The alerts of the controller fire when they should and stay silent otherwise, at a change of the leader,
 * too; and there are none without a controller. Prometheus' promtool says what fires.
 */
import { readDocument, tableBelow } from '../documents.js';
import { type Cases, rulesOf, testCases } from './alerts.js';
import { CONTROLLED, type Parts, replica, type Replica } from './controller-lives.js';
import type { Series } from './lives.js';
import { testWithTools } from './tools.js';

const [a, b] = ['a', 'b'].map(replica);
const LEADS: readonly Series[] = [a('leader', {}, [200, 1]), b('leader', {}, [200, 0])];
/** `a` is killed at 30, and `b` has been told of as its successor half a minute later. */
const SUCCEEDS: readonly Series[] = [
  a('leader', {}, [30, 1], [30.25, undefined]),
  b('leader', {}, [30.5, 0], [200, 1]),
];
const OTHERS = { controller: 'chat/other' };

const LEADERLESS: Cases = {
  'nobody leads for five minutes': {
    lives: [a('leader', {}, [10, 1], [40, 0]), b('leader', {}, [20, 0], [40, 1])],
    firing: [
      [14.75, []],
      [15, ['ControllerLeaderless']],
      [19.75, ['ControllerLeaderless']],
      [20, []],
    ],
  },
  'no replica is scraped': {
    lives: [a('leader', {}, [10, 1], [40, undefined]), a('leader', OTHERS, [40, 1])],
    firing: [
      [14.75, []],
      [15.25, ['ControllerLeaderless']],
    ],
    without: [', controller="default/web"})\n', '})\n'],
  },
  'a leader that is killed is followed by another': {
    lives: SUCCEEDS,
    firing: [
      [30.25, []],
      [36, []],
    ],
  },
  'another controller that does not lead is told of by its own rules': {
    lives: [...LEADS, a('leader', OTHERS, [200, 0])],
    firing: [[60, []]],
    without: ['controller="default/web"', 'controller=~".*"'],
  },
};

const patch = { verb: 'patch', resource: 'pods' };
const RIGHTS: Cases = {
  'a right is missing for five minutes, whoever finds out': {
    lives: [...LEADS, a('missing_right', patch, [40, 0]), b('missing_right', patch, [10, 0], [20, 1], [40, 0])],
    firing: [
      [14.75, []],
      [15, ['ControllerRightMissing pods']],
      [20, []],
    ],
  },
};

const mark = { action: 'mark', result: 'failed' };
const ACTIONS: Cases = {
  'an action fails again and again': {
    lives: [...LEADS, a('actions_total', mark, [10, 0], [12, 2], [40, 5])],
    firing: [
      [11, []],
      [13, ['ControllerActionsFailing mark']],
      [28, []],
    ],
  },
  'three times are not many, nor is what was only stopped': {
    lives: [
      ...LEADS,
      a('actions_total', mark, [10, 0], [40, 2]),
      a('actions_total', { ...mark, result: 'stopped' }, [10, 0], [40, 50]),
    ],
    firing: [
      [13, []],
      [20, []],
    ],
    without: ['result="failed"', 'result=~".*"'],
  },
};

const silent = { outcome: 'silent' };
const DEATHS: Cases = {
  'a pod dies without a goodbye, and both replicas see it': {
    lives: [...LEADS, a('goodbyes_total', silent, [10, 0], [60, 1]), b('goodbyes_total', silent, [10, 0], [60, 1])],
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

const GIB = 2 ** 30;
const piled = (tell: Replica, ...parts: Parts): readonly Series[] => [
  tell('held_memory_bytes', { state: 'terminating' }, ...parts),
  tell('held_memory_bytes', { state: 'drained' }, [200, 3 * GIB]),
];
const MEMORY: Cases = {
  'terminating and drained pods together hold more than 8Gi for an hour': {
    lives: [...LEADS, ...piled(a, [10, 4 * GIB], [100, 6 * GIB], [200, 4 * GIB])],
    firing: [
      [69.75, []],
      [70, ['MemoryPiledUp']],
      [99, ['MemoryPiledUp']],
      [101, []],
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
};

const lost = (group: string, atMinute: number): Series =>
  a('oldest_colour_timestamp_seconds', { namespace: 'shop', group }, [200, 60 * atMinute]);
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
    without: ['} > 0)', '} >= 0)'],
  },
  'what a former leader believes does not count': {
    lives: [a('leader', {}, [30, 1], [200, 0]), b('leader', {}, [30, 0], [200, 1]), lost('web', 10), b('oldest_colour_timestamp_seconds', { group: 'web' }, [200, 0])],
    firing: [[90, []]],
    without: ['tidegate_controller_leader{job="tidegate-controller"} == 1', 'tidegate_controller_leader{job="tidegate-controller"} >= 0'],
  },
};

testCases({}, { ...LEADERLESS, ...RIGHTS, ...ACTIONS, ...DEATHS, ...MEMORY }, CONTROLLED);
testCases({ alerts: { colourTooOld: { age: '1h' } } }, AGE, CONTROLLED);

testWithTools('its README has each of them as it is in the rules; without a controller there is none', async (t, { helm }) => {
  const [, ...rows] = tableBelow(readDocument('charts/tidegate/README.md'), 'Alerts of the controller');
  const told = rows.map(([alert, severity, , time]) => [alert, severity, time].map((cell) => cell.replaceAll('`', '')));
  for (const program of Object.values(helm)) {
    const without = (await rulesOf(t, program)).groups.flatMap(({ rules }) => rules);
    const all = (await rulesOf(t, program, {}, CONTROLLED)).groups.flatMap(({ rules }) => rules);
    const names = new Set(without.map(({ alert }) => alert));
    const added = all.filter(({ alert }) => !names.has(alert));
    t.same(added.map((rule) => [rule.alert, rule.labels['severity'], rule.for ?? '']).sort(), told.sort());
    t.equal(all.length - added.length, without.length, 'the others are there as they were');
  }
});

testWithTools('limits are read as they are written', async (t, { helm }) => {
  const limits: readonly [memory: string, bytes: number][] = [
    ['8Gi', 8 * GIB],
    ['1.5Ti', 1.5 * 1024 * GIB],
    ['500M', 5e8],
    ['1000', 1000],
  ];
  for (const [memory, bytes] of limits) {
    const alerts = { memoryPiledUp: { memory }, colourTooOld: { age: '1w2d' } };
    const rules = (await rulesOf(t, helm[3], { alerts }, CONTROLLED)).groups.flatMap((group) => group.rules);
    const exprOf = (name: string): string => rules.find(({ alert }) => alert === `Tidegate${name}`)?.expr ?? '';
    t.match(exprOf('MemoryPiledUp'), `> ${bytes}\n`);
    t.match(exprOf('ColourTooOld'), `> ${9 * 86_400}\n`);
  }
});
