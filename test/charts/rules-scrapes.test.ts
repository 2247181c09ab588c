/**
 * The alert about pods that are not scraped fires for those that do not answer, that nobody has heard of,
 * and where there is none at all, and stays silent otherwise. Prometheus' promtool says what fires.
 */
import { type Cases, testCases } from './alerts.js';
import { Life, type Series, steady } from './lives.js';

const UP = new Life('up').until(10);
/** What kube-state-metrics has of a pod that runs a sidecar of some kind, and that is Running by a minute. */
function runs(kind: 'init_container' | 'container', pod: string, labels: Runs = {}): Series[] {
  const { container = 'tidegate', namespace = 'web', runningFrom = 0 } = labels;
  return [
    steady(`kube_pod_${kind}_status_running`, { namespace, pod, container }, [40, 1]),
    steady('kube_pod_status_phase{phase="Running"}', { namespace, pod }, [runningFrom, 0], [40, 1]),
  ];
}
interface Runs {
  readonly container?: string;
  readonly namespace?: string;
  readonly runningFrom?: number;
}

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
    without: ['last_over_time(tidegate_phase{job="tidegate", phase="drained"}[1d]) == 1', 'vector(0) == 1'],
  },
};

const UNKNOWN: Cases = {
  'a tidegate that runs and is no target is not scraped': {
    lives: [UP, ...runs('init_container', 'n'), ...runs('container', 'c'), ...runs('init_container', 'up')],
    firing: [
      [9.75, []],
      [10, ['ScrapeMissing n', 'ScrapeMissing c']],
    ],
  },
  'containers of other names are not meant': {
    lives: [UP, ...runs('container', 'c', { container: 'drain' })],
    firing: [[20, []]],
    without: ['container=~"tidegate"', 'container=~".*"'],
  },
  'one whose pod still has init containers to run is not missing': {
    lives: [UP, ...runs('init_container', 'n', { runningFrom: 20 })],
    firing: [
      [19.75, []],
      [29.75, []],
      [30, ['ScrapeMissing n']],
    ],
    without: ['and on (cluster, namespace, pod) kube_pod_status_phase{phase="Running"} == 1', ''],
  },
  'one that is a target and hangs is told of once': {
    lives: [new Life('a').hangsUntil(20), ...runs('container', 'a')],
    firing: [[12, ['ScrapeMissing a']]],
    without: ['unless on (cluster, namespace, pod) up{job="tidegate"}', ''],
  },
};

/** Told another name, and that pods are looked for in one namespace. */
const NAMED: Cases = {
  'a tidegate has the name that is told, and is missing where pods are looked for': {
    lives: [
      UP,
      ...runs('container', 'n'),
      ...runs('container', 'c', { container: 'drain' }),
      ...runs('container', 'd', { container: 'drain', namespace: 'other' }),
    ],
    firing: [[20, ['ScrapeMissing c']]],
    without: [', namespace=~"web|chat"', ''],
  },
};

const ABSENT: Cases = {
  'that there is no target at all is told of': {
    lives: [new Life('a').until(10).gone()],
    firing: [
      [10, []],
      [19.75, []],
      [20, ['ScrapeMissing']],
    ],
  },
  'not while there is one, though it does not answer': {
    lives: [new Life('a').until(10).hangsUntil(60)],
    firing: [
      [10, []],
      [50, ['ScrapeMissing a']],
    ],
  },
};

testCases({}, SCRAPE);
testCases({ kubeStateMetrics: true }, UNKNOWN);
testCases({ kubeStateMetrics: true, alerts: { scrapeMissing: { container: 'drain' } } }, NAMED, {
  podMonitor: { namespaceSelector: { matchNames: ['web', 'chat'] } },
});
testCases({ alerts: { scrapeMissing: { absent: true } } }, ABSENT);
