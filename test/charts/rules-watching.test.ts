/**
 * The alerts about old colours, apps that are not reached and pods that are not scraped fire when they
 * should and stay silent otherwise; and an ordinary rollout fires none. Prometheus' promtool says what fires.
 */
import { type Cases, testCases } from './alerts.js';
import { Life, steady } from './lives.js';
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
    without: ['and on (namespace, app)\n  sum', 'or sum'],
  },
  'nor is one of another app': {
    lives: [blue(), green('shop')],
    firing: [[8 * HOUR, []]],
    without: ['and on (namespace, app)\n  sum by (namespace, app)', 'and on (namespace) sum by (namespace)'],
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

const UP = new Life('up').until(10);
const APP: Cases = {
  'an app that has been there and is not for five minutes is not reached': {
    lives: [new Life('a').until(10).until(20, { appUp: 0 }).until(25, { appUp: 1 })],
    firing: [
      [14.75, []],
      [15, ['AppUnreachable a']],
      [20, []],
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
    without: ['or increase(tidegate_app_connect_errors_total[15m]) > 0', ''],
  },
  'a worker has no port, and no client': {
    lives: [new Life('a').until(60, { appUp: 0 })],
    firing: [
      [15, []],
      [60, []],
    ],
    without: ['max_over_time(tidegate_app_up[1d]) == 1', 'tidegate_app_up == 0'],
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
    without: ['and on (namespace, pod, instance) tidegate_phase{phase="serving"} == 1', ''],
  },
  'its pod is gone': {
    lives: [new Life('a').until(10).until(12, { appUp: 0 }).gone()],
    firing: [
      [13, []],
      [20, []],
    ],
  },
};

const runs = (kind: 'init_container' | 'container', pod: string): ReturnType<typeof steady> =>
  steady(`kube_pod_${kind}_status_running`, { namespace: 'web', pod, container: 'tidegate' }, [40, 1]);

const SCRAPE: Cases = {
  'a pod that is there and does not answer for ten minutes is not scraped': {
    lives: [new Life('a').until(5).hangsUntil(20).until(25), UP],
    firing: [
      [14.75, []],
      [15, ['ScrapeMissing a']],
      [20, []],
    ],
  },
  'so is one that has never answered': {
    lives: [new Life('a').hangsUntil(20)],
    firing: [
      [9.75, []],
      [10, ['ScrapeMissing a']],
    ],
  },
  'a pod that is gone is not missing': {
    lives: [new Life('a').until(5).gone(), new Life('b').until(5).hangsUntil(6).gone()],
    firing: [
      [7, []],
      [20, []],
    ],
  },
  'a classic sidecar is gone before its app, and has said that all is drained': {
    lives: [new Life('a').until(5, { phase: 'drained', start: 1, deadline: 20 }).hangsUntil(25).gone()],
    firing: [
      [16, []],
      [24, []],
    ],
    without: ['unless on (namespace, pod, instance) last_over_time(tidegate_phase{phase="drained"}[1h]) == 1', ''],
  },
};

const UNKNOWN: Cases = {
  'a tidegate that runs and is no target is not scraped': {
    lives: [UP, runs('init_container', 'n'), runs('container', 'c'), runs('init_container', 'up')],
    firing: [
      [9.75, []],
      [10, ['ScrapeMissing n', 'ScrapeMissing c']],
    ],
  },
  'one that is a target and hangs is told of once': {
    lives: [new Life('a').hangsUntil(20), runs('container', 'a')],
    firing: [[12, ['ScrapeMissing a']]],
    without: ['unless on (namespace, pod) up{job="tidegate"}', ''],
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
testCases({}, { ...APP, ...SCRAPE, ...ORDINARY });
testCases({ kubeStateMetrics: true }, { ...UNKNOWN, ...ORDINARY });
