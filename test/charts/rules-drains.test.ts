/**
 * The alerts about drains fire when a drain goes wrong, and not when a pod only ends, stays drained, or
 * leaves its name to another. Prometheus' promtool says what fires.
 */
import { type Cases, testCases } from './alerts.js';
import { Life, steady } from './lives.js';
import type { Values } from './render.js';

/** A pod of 600 s, drained from minute 10 on: settling, draining, and at minute 17.75 closing. */
const DRAIN = { start: 10, deadline: 19.75 };
const serving = (pod: string, instance?: string): Life =>
  new Life(instance === undefined ? pod : { pod, instance }).until(10, { active: { websocket: 100 } });
const draining = (pod: string, instance?: string): Life =>
  serving(pod, instance)
    .until(10.5, { ...DRAIN, phase: 'settling' })
    .until(17.75, { phase: 'draining', active: { websocket: 90 }, finished: 10 });
const closing = (pod: string, instance?: string): Life =>
  draining(pod, instance).until(18.5, { phase: 'closing' });
const drained = (pod: string): Life =>
  closing(pod).until(20, { phase: 'drained', active: {}, finished: 20, farewell: 80 });

/** When its grace is over, the kubelet kills the pod: no later than this can anybody be told of one that ends. */
const KILLED = 20;
const BY_TARGET = 'on (cluster, namespace, pod, instance)';
const UNLESS_DRAINED = `unless ${BY_TARGET}\n  last_over_time(tidegate_phase{job="tidegate", phase="drained"}[1d]) == 1`;

const STUCK: Cases = {
  'one that stays, drained by hand, and is not over past its deadline is stuck, a minute later': {
    lives: [closing('a').until(30)],
    firing: [[19.75, []], [20.75, []], [21, ['DrainStuck a']], [30, ['DrainStuck a']]],
  },
  'one that hangs while its pod ends is told of in time, until the pod is killed': {
    lives: [draining('a').hangsUntil(KILLED).gone()],
    firing: [[17.75, []], [18.5, []], [18.75, ['DrainStuck a']], [19.75, ['DrainStuck a']], [20.25, []]],
    without: ['  or up{job="tidegate"} == 0\n', ''],
  },
  'so is one that hangs for hours of a grace of more': {
    lives: [serving('a').until(15, { start: 10, deadline: 200, phase: 'draining' }).hangsUntil(190).gone()],
    firing: [[15.5, []], [16, ['DrainStuck a']], [100, ['DrainStuck a', 'ScrapeMissing a']], [189, ['DrainStuck a', 'ScrapeMissing a']], [191, []]],
    without: ['[1d]', '[1h]'],
  },
  'one that does not answer for half a minute is not': {
    lives: [serving('a').until(12, { ...DRAIN, phase: 'draining' }).hangsUntil(12.5).until(17).gone()],
    firing: [[12.5, []], [13, []], [16, []]],
  },
  'nor is one that serves and does not answer': {
    lives: [serving('a').hangsUntil(19)],
    firing: [[12, []], [18, []]],
    without: ['[1d]) > 0)', '[1d]) > -1)'],
  },
  'nor one that works to its deadline and ends with its grace': {
    lives: [closing('a').until(KILLED).gone()],
    firing: [[19.75, []], [20, []], [21, []]],
  },
  'nor one whose pod is gone': {
    lives: [draining('a').gone(), closing('b').gone()],
    firing: [[18, []], [22, []], [25, []], [60, []]],
    without: ['  or up{job="tidegate"} == 0', '  or last_over_time(up{job="tidegate"}[1d]) == 1'],
  },
  'nor is a live pod that has been drained, for hours': {
    lives: [drained('a').until(120)],
    firing: [[20, []], [25, []], [60, []], [120, []]],
    without: [UNLESS_DRAINED, ''],
  },
  'nor one that was drained when it was last heard': {
    lives: [drained('a').hangsUntil(25)],
    firing: [[23, []], [25, []]],
    without: [UNLESS_DRAINED, ''],
  },
  "nor the next pod of a StatefulSet, of the same name, at any time after its predecessor's last words": {
    lives: [closing('a-0', '10.0.0.1:9180').gone(), new Life({ pod: 'a-0', instance: '10.0.0.2:9180' }, 19).until(60)],
    firing: [[22, []], [30, []], [60, []]],
    without: [`[1d]) > 0)\nand ${BY_TARGET} (\n  (tidegate`, '[1d]) > 0)\nand on (cluster, namespace, pod) (\n  up or (tidegate'],
  },
  'nor one whose sidecar has begun anew': {
    lives: [closing('a').restarts().until(40)],
    firing: [[22, []], [30, []]],
  },
  'nor one that was recalled': {
    lives: [draining('a').until(60, { phase: 'serving', start: 0, deadline: 0 })],
    firing: [[22, []], [60, []]],
    without: [' > 0)', ' > -1)'],
  },
};

const CUT: Cases = {
  'clients that are cut are told of, once for an app, and for 15 minutes though their pods are gone': {
    lives: ['a', 'b', 'c'].map((pod) => drained(pod).until(21, { farewell: 70, cut: 10 }).gone()),
    firing: [[19, []], [20.25, ['DrainCutConnections blue']], [30, ['DrainCutConnections blue']], [37, []]],
  },
  'one of few is, too': {
    lives: [draining('a').until(20, { phase: 'drained', active: {}, finished: 19, cut: 1 }).gone()],
    firing: [[18, ['DrainCutConnections blue']], [34, []]],
  },
  'so are all sockets of an app that answers a hundred times as many requests meanwhile': {
    lives: [draining('a').until(20, { phase: 'drained', active: {}, finished: 3_000, cut: 20 }).gone()],
    firing: [[18, ['DrainCutConnections blue']], [34, []]],
    without: ['outcome=~"farewell|cut"', 'outcome!=""'],
  },
  'one client of a hundred that vanished is no alert, nor is a drain without any': {
    lives: [drained('a').until(21, { farewell: 179, cut: 1 }).gone(), drained('b').gone()],
    firing: [[20.25, []], [21, []], [30, []]],
    without: ['> 0.01', '> 0'],
  },
  'nor is what was cut long ago in a pod that stays, nor the end of its sidecar': {
    lives: [drained('a').until(21, { cut: 50 }).until(60).restarts().until(80)],
    firing: [[21, ['DrainCutConnections blue']], [37, []], [60, []], [61, []], [80, []]],
  },
  'nor is a pod that has never been drained': {
    lives: [serving('a').until(60)],
    firing: [[11, []], [60, []]],
  },
  'other colours are not meant': {
    lives: [
      drained('a').until(21, { cut: 50 }),
      new Life({ pod: 'g', colour: 'green' }).until(30, { active: { websocket: 5 } }),
    ],
    firing: [[22, ['DrainCutConnections blue']]],
  },
};

/** A request that began before the drain, and what has come since. */
const OLD = { active: { http1: 2 }, oldest: { http1: 9 } };
const YOUNG = { active: { http1: 40 }, oldest: { http1: 17 } };

const AND_CLOSING = `and ${BY_TARGET} tidegate_phase{job="tidegate", phase="closing"} == 1`;
const GRACE: Cases = {
  'a request that is older than the drain when it closes is told of, for 15 minutes': {
    lives: [draining('a').until(19.75, { phase: 'closing', ...OLD }).gone()],
    firing: [[17.5, []], [17.75, ['GraceTooShort blue']], [19.5, ['GraceTooShort blue']], [30, ['GraceTooShort blue']], [35, []]],
  },
  'while it is draining there is time': {
    lives: [serving('a').until(17.75, { ...DRAIN, phase: 'draining', ...OLD }).gone()],
    firing: [[12, []], [17.5, []], [20, []]],
    without: [AND_CLOSING, ''],
  },
  'sockets and streams are not meant: they are told to go': {
    lives: [closing('a').until(19.75, { oldest: { websocket: 1 } }).gone()],
    firing: [[18, []], [19.5, []], [21, []]],
    without: ['kind="http1"', 'kind="websocket"'],
  },
  'nor are requests that came later, in a pod that clients still reach': {
    lives: [draining('a').until(19.75, { phase: 'closing', ...YOUNG }).until(60, { phase: 'drained' })],
    firing: [[18, []], [19.5, []], [40, []]],
    without: [`< max by (cluster, namespace, pod, instance) (tidegate_drain_start_timestamp_seconds{job="tidegate"})`, ''],
  },
  'nor is a pod that is drained already': {
    lives: [drained('a').until(60, OLD)],
    firing: [[20, []], [40, []]],
    without: [AND_CLOSING, ''],
  },
};

/** The same name and address twice: in two clusters that one server knows, or found by two jobs. */
const TWICE: Cases = {
  'of two clusters each has its own drains': {
    lives: [
      new Life({ pod: 'a', cluster: 'east' }).until(10).until(15, { ...DRAIN, phase: 'draining' }).hangsUntil(18),
      new Life({ pod: 'a', cluster: 'west' }).until(10).until(18, { ...DRAIN, phase: 'drained' }),
    ],
    firing: [[15.5, []], [17, ['DrainStuck a']]],
    without: ['cluster, ', ''],
  },
  'a pod that is found by another job, too, is told of once, and spoils nothing': {
    lives: [
      draining('a').until(19.75, { phase: 'closing', ...OLD }).gone(),
      new Life({ pod: 'a', job: 'pods' }).until(19.75, { ...DRAIN, phase: 'closing', ...OLD }).gone(),
    ],
    firing: [[17.5, []], [18, ['GraceTooShort blue']], [19.5, ['GraceTooShort blue']]],
    without: ['job="tidegate", ', ''],
  },
  'two PodMonitors with labels of their own spoil nothing either': {
    lives: [
      draining('a').until(19.75, { phase: 'closing', ...OLD }).gone(),
      new Life({ pod: 'a', colour: 'x' }).until(17.75).until(19.75, { ...DRAIN, phase: 'closing', ...OLD }).gone(),
    ],
    firing: [[18, ['GraceTooShort blue', 'GraceTooShort x']]],
    without: ['min by (cluster, namespace, pod, instance)', ''],
  },
};

const deletion = (pod: string, at: number): ReturnType<typeof steady> =>
  steady('kube_pod_deletion_timestamp', { namespace: 'web', pod, uid: '1' }, [10, undefined], [18, at * 60]);

const GIVEN_LESS: Cases = {
  'a pod that is killed before its deadline is told of as soon as it is deleted': {
    lives: [draining('a').gone(), deletion('a', 12), draining('b').gone(), deletion('b', 20)],
    firing: [[9, []], [10, ['GraceTooShort a']], [20, ['GraceTooShort a']], [34, []]],
  },
  'one that is given all of its grace is not, nor its successor': {
    lives: [
      closing('a-0', '10.0.0.1:9180').gone(),
      deletion('a-0', 20),
      new Life({ pod: 'a-0', instance: '10.0.0.2:9180' }, 17).until(30),
    ],
    firing: [[11, []], [17.75, []], [20, []]],
  },
};

const TABLES: readonly (readonly [values: Values, cases: Cases])[] = [
  [{}, { ...STUCK, ...CUT, ...GRACE, ...TWICE }],
  [{ kubeStateMetrics: true }, GIVEN_LESS],
  [
    { alerts: { drainCutConnections: { share: 0.2 }, drainStuck: { after: '10m' } } },
    {
      'the share and the time are as set': {
        lives: [closing('a').until(32), drained('b').until(21, { farewell: 70, cut: 10 })],
        firing: [[21, []], [29.75, []], [30, ['DrainStuck a']]],
      },
    },
  ],
];

for (const [values, cases] of TABLES) testCases(values, cases);
