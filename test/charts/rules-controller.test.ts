/**
 * The alerts of the controller's own health fire when they should and stay silent otherwise, at a change of
 * the leader, too; and there are none without a controller. Prometheus' promtool says what fires.
 */
import { readDocument, tableBelow } from '../documents.js';
import { type Cases, rulesOf, testCases } from './alerts.js';
import { a, b, CONTROLLED, LEADS, type Replica, SUCCEEDS, TURNS } from './controller-lives.js';
import type { Series } from './lives.js';
import { testWithTools } from './tools.js';

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
const list = { verb: 'list', resource: 'pods' };
const patchLease = { verb: 'patch', resource: 'leases.coordination.k8s.io' };
const RIGHTS: Cases = {
  'a right to see is missing for five minutes, whoever finds out': {
    lives: [...LEADS, a('missing_right', list, [40, 0]), b('missing_right', list, [10, 0], [20, 1], [40, 0])],
    firing: [
      [14.75, []],
      [15, ['ControllerRightMissing pods']],
      [20, []],
    ],
  },
  'a right to write is missing for who leads': {
    lives: [...LEADS, a('missing_right', patch, [10, 0], [20, 1], [40, 0])],
    firing: [
      [15, ['ControllerRightMissing pods']],
      [20, []],
    ],
  },
  'what one that led before was refused is not missing any more': {
    lives: [...TURNS, a('missing_right', patch, [10, 0], [200, 1]), b('missing_right', patch, [200, 0])],
    firing: [
      [29.75, ['ControllerRightMissing pods']],
      [30.25, []],
      [60, []],
    ],
    without: ['and on (cluster, pod, instance)', 'or on (cluster, pod, instance)'],
  },
  'a right that leading itself takes is missed by one that does not': {
    lives: [...LEADS, b('missing_right', patchLease, [10, 0], [60, 1])],
    firing: [[20, ['ControllerRightMissing leases.coordination.k8s.io']]],
    without: ['resource=~"leases.*"', 'resource="leases"'],
  },
};

/** As often as that in each five minutes, until minute 60. */
const often = (tell: Replica, labels: Readonly<Record<string, string>>, times: number): Series =>
  tell('actions_total', labels, ...Array.from({ length: 11 }, (_, at): [number, number] => [10 + 5 * at, times * at]));
const mark = { action: 'mark', result: 'failed' };
const ACTIONS: Cases = {
  'an action goes on failing': {
    lives: [...LEADS, a('actions_total', mark, [10, 0], [15, 1], [20, 2], [25, 3], [30, 4], [60, 5])],
    firing: [
      [24.75, []],
      [26, ['ControllerActionsFailing mark']],
      [39, ['ControllerActionsFailing mark']],
      [41, []],
    ],
  },
  'an API server that is away for minutes fails many at once, and is no alert': {
    lives: [...LEADS, a('actions_total', mark, [10, 0], [11, 8], [13, 16], [60, 24])],
    firing: [
      [12, []],
      [22, []],
      [30, []],
    ],
    without: ['[10m]', '[30m]'],
  },
  'one pod of many that is refused is no alert, nor is what was only stopped': {
    lives: [
      ...LEADS,
      often(a, mark, 1),
      often(a, { ...mark, result: 'done' }, 40),
      often(a, { action: 'zero', result: 'stopped' }, 10),
    ],
    firing: [
      [27, []],
      [50, []],
    ],
    without: ['> 0.1', '> 0.01'],
  },
  'what a missing right stops is told of as that, and all else still told of': {
    lives: [
      ...LEADS,
      a('missing_right', patch, [10, 0], [60, 1]),
      ...['mark', 'drain', 'delete'].map((action) => often(a, { ...mark, action }, 3)),
    ],
    firing: [[50, ['ControllerRightMissing pods', 'ControllerActionsFailing delete']]],
    without: ['unless on (cluster, controller, resource)', 'unless on (cluster, controller, action)'],
  },
};

testCases({}, { ...LEADERLESS, ...RIGHTS, ...ACTIONS }, CONTROLLED);

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

const GIB = 2 ** 30;
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
