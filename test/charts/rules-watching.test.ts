/**
 * The alerts about old colours and apps that are not reached fire when they should and stay silent
 * otherwise; and an ordinary rollout fires none. Prometheus' promtool says what fires.
 */
import { type Cases, testCases } from './alerts.js';
import { Life } from './lives.js';
import type { Values } from './render.js';

/** An hour stands for the day of the default, ten minutes for each hour before it. */
const AN_HOUR: Values = { alerts: { oldColourLingering: { after: '1h' } } };
const HOUR = 10;
const SOCKETS = { active: { websocket: 30 } };
const blue = (): Life =>
  new Life('b').until(HOUR, { ...SOCKETS, opened: 40 }).until(9 * HOUR, SOCKETS);
const green = (app = 'chat'): Life =>
  new Life({ pod: 'g', colour: 'green', app }, 2 * HOUR)
    .until(4 * HOUR, { ...SOCKETS, opened: 10 })
    .until(7 * HOUR, { opened: 20 })
    .until(9 * HOUR, { opened: 30 });

/** A life that goes on with one more plain request each minute. */
function probed(life: Life, from: number, to: number): Life {
  for (let minute = from; minute <= to; minute++) life.until(minute, { probed: minute });
  return life;
}

const COLOURS: Cases = {
  'a colour that nobody has come to for as long while others are come to is old': {
    lives: [blue(), green()],
    firing: [
      [6 * HOUR, []],
      [7 * HOUR, []],
      [7.5 * HOUR, ['OldColourLingering blue']],
      [9 * HOUR - 1, ['OldColourLingering blue']],
    ],
  },
  'it is not once its last connection is gone': {
    lives: [blue().until(10 * HOUR, { active: {} }), green().until(10 * HOUR)],
    firing: [
      [8.5 * HOUR, ['OldColourLingering blue']],
      [9.5 * HOUR, []],
    ],
  },
  'a colour alone is not old, though nobody comes to it, nor are colours of which nobody comes to any': {
    lives: [blue(), new Life({ pod: 'x', colour: 'x' }).until(9 * HOUR, SOCKETS)],
    firing: [
      [7.5 * HOUR, []],
      [9 * HOUR - 1, []],
    ],
    without: ['and on (cluster, namespace, app) sum', 'or sum'],
  },
  'nor is one of another app': {
    lives: [blue(), green('shop')],
    firing: [[8 * HOUR, []]],
    without: ['and on (cluster, namespace, app) sum by (cluster, namespace, app)', 'and on (namespace) sum by (namespace)'],
  },
  'one that only probes and health checks come to is old': {
    lives: [probed(new Life('b').until(HOUR, { ...SOCKETS, opened: 40 }), HOUR, 9 * HOUR), green()],
    firing: [
      [7 * HOUR, []],
      [7.5 * HOUR, ['OldColourLingering blue']],
      [9 * HOUR - 1, ['OldColourLingering blue']],
    ],
    without: ['kind!="http1", ', ''],
  },
  'nor one that somebody still comes to': {
    lives: [blue().until(9.25 * HOUR, { opened: 41 }), green().until(10 * HOUR)],
    firing: [
      [9 * HOUR - 1, ['OldColourLingering blue']],
      [9.2 * HOUR, []],
    ],
  },
  'nor one that is young, and was not seen to be come to': {
    lives: [new Life({ pod: 'y', colour: 'y' }, 2 * HOUR).until(7 * HOUR, { ...SOCKETS, opened: 30 }), green()],
    firing: [[6.5 * HOUR, []]],
    without: ['offset 1h', ''],
  },
  'nor are pods without a colour': {
    lives: [
      new Life({ pod: 'p', colour: '' }).until(9 * HOUR, { ...SOCKETS, opened: 40 }),
      green(),
    ],
    firing: [[8 * HOUR, []]],
    without: [', colour!=""', ''],
  },
};

/** An app that crashes again and again, and is back for a while each time. */
function crashes(life: Life, from: number, to: number, everyMinutes: number): Life {
  for (let minute = from; minute < to; minute += everyMinutes) {
    life.until(minute + everyMinutes - 0.75, { appUp: 0 }).until(minute + everyMinutes, { appUp: 1 });
  }
  return life;
}

const APP: Cases = {
  'an app that has been there and is not for five minutes is not reached': {
    lives: [new Life('a').until(10).until(20, { appUp: 0 }).until(25, { appUp: 1 })],
    firing: [
      [14.75, []],
      [15, ['AppUnreachable a']],
      [20, []],
    ],
  },
  'so is one that crashes again and again, though it is back for a while each time': {
    lives: [crashes(new Life('a').until(10), 10, 50, 4).until(90, { appUp: 1 })],
    firing: [
      [20, []],
      [32, ['AppUnreachable a']],
      [45, ['AppUnreachable a']],
      [89, []],
    ],
    without: ['>= 6', '>= 60'],
  },
  'one that is away twice for a moment is not': {
    lives: [crashes(new Life('a').until(10), 10, 14, 2).until(60)],
    firing: [
      [14, []],
      [20, []],
      [59, []],
    ],
  },
  'so is one that has never been there, when clients ask for it': {
    lives: [
      new Life('a')
        .until(2, { appUp: 0 })
        .until(4, { connectErrors: 3 })
        .until(16, { connectErrors: 9 }),
    ],
    firing: [
      [6, []],
      [7.25, ['AppUnreachable a']],
      [15.75, ['AppUnreachable a']],
    ],
    without: ['or increase(tidegate_app_connect_errors_total{job="tidegate"}[15m]) > 0', ''],
  },
  'a worker has no port, and no client': {
    lives: [new Life('a').until(60, { appUp: 0 })],
    firing: [
      [15, []],
      [60, []],
    ],
    without: ['max_over_time(tidegate_app_up{job="tidegate"}[1d]) == 1', 'tidegate_app_up == 0'],
  },
  'an app that starts, or is restarted within five minutes, is given that time': {
    lives: [new Life('a').until(4, { appUp: 0, connectErrors: 4 }).until(20, { appUp: 1 }).until(24, { appUp: 0 }).until(40, { appUp: 1 })],
    firing: [
      [3, []],
      [23.75, []],
      [39, []],
    ],
  },
  'an app may go in a drain, and behind it, for as long as its pod stays': {
    lives: [
      new Life('a').until(10, { phase: 'draining', start: 5, deadline: 15 }).until(40, { phase: 'drained', appUp: 0 }),
    ],
    firing: [
      [16, []],
      [39, []],
    ],
    without: ['and on (cluster, namespace, pod, instance) tidegate_phase{job="tidegate", phase="serving"} == 1', ''],
  },
  'its pod is gone': {
    lives: [new Life('a').until(10).until(12, { appUp: 0 }).gone()],
    firing: [
      [13, []],
      [20, []],
    ],
  },
};

/** Serves, gets a minute to settle, drains its sockets, says goodbye to the rest, and is gone. */
const rolled = (pod: string, bornAt: number, at: number): Life =>
  new Life(pod, bornAt)
    .until(bornAt + 0.5, { appUp: 0, connectErrors: 0 })
    .until(at, { appUp: 1, active: { websocket: 200, http1: 5 }, oldest: { http1: at - 0.1 }, opened: 300 })
    .until(at + 0.5, { phase: 'settling', start: at, deadline: at + 9.6 })
    .until(at + 7.6, { phase: 'draining', active: { websocket: 150 }, oldest: {}, finished: 50 })
    .until(at + 9.5, { phase: 'closing', active: { websocket: 40 }, finished: 60, farewell: 100 })
    .until(at + 9.75, { phase: 'drained', active: {}, farewell: 140, appUp: 0 })
    .gone();

const ORDINARY: Cases = {
  'a rollout of three pods fires nothing, at any time': {
    lives: [
      ...['a', 'b', 'c'].map((pod, nth) => rolled(pod, 0, 10 + nth * 2)),
      ...['d', 'e', 'f'].map((pod, nth) =>
        new Life(pod, 9 + nth * 2).until(9.5 + nth * 2, { appUp: 0 }).until(40, { appUp: 1, opened: 90 }),
      ),
    ],
    firing: Array.from({ length: 80 }, (_, half) => [half / 2, []] as const),
  },
};

testCases(AN_HOUR, COLOURS);
testCases({}, { ...APP, ...ORDINARY });
testCases({ kubeStateMetrics: true }, ORDINARY);
