/**
 * What whoever is on call reads: each alert's own sentences, as Prometheus fills them in.
 */
import { promtoolTest, rulesOf, testAlerts } from './alerts.js';
import { CONTROLLED, CONTROLLER, replica } from './controller-lives.js';
import { Life, type Series, steady } from './lives.js';
import type { Values } from './render.js';

interface Told {
  readonly lives: readonly (Life | Series)[];
  readonly minute: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
}

const TARGET = { namespace: 'web', app: 'chat', colour: 'blue', pod: 'a', instance: 'a:9180', job: 'tidegate' };
const { namespace, app, colour, pod } = TARGET;
const DRAIN = { start: 10, deadline: 20 };
const draining = (): Life => new Life('a').until(10).until(18, { ...DRAIN, phase: 'draining' });

const ALERTS: Readonly<Record<string, Told>> = {
  DrainStuck: {
    lives: [draining().until(30)],
    minute: 25,
    labels: { ...TARGET, severity: 'critical' },
    summary: 'The drain of a does not end, or its tidegate does not answer.',
    description:
      'Pod web/a is to be drained by 1970-01-01 00:20:00 +0000 UTC. That is past, or its tidegate has not answered' +
      ' Prometheus for 1m. `tidegate status --pod web/a` tells what it waits for. If that has no answer either, its' +
      " tidegate hangs or its node is away, and what it holds is cut when the pod's grace period ends.",
  },
  DrainCutConnections: {
    lives: [draining().until(25, { phase: 'drained', finished: 60, farewell: 20, cut: 20 })],
    minute: 25,
    labels: { namespace, app, colour, severity: 'warning' },
    summary: 'Drains of chat have cut connections.',
    description:
      '50% of the requests, sockets and streams that drains of chat blue in web had to end were cut, in the last 15' +
      " minutes: they were still at work at the deadline, or did not answer their goodbye. The pods' logs and" +
      ' termination messages have the counts.',
  },
  GraceTooShort: {
    lives: [draining().until(20, { phase: 'closing', active: { http1: 3 }, oldest: { http1: 9 } })],
    minute: 19,
    labels: { namespace, app, colour, severity: 'warning' },
    summary: 'Requests to chat take longer than its grace period leaves them.',
    description:
      'Up to 3 requests to chat blue in web have been under way since before the drain began, and are cut at its' +
      ' deadline. A longer `gracePeriod` lets them finish.',
  },
  OldColourLingering: {
    lives: [
      new Life('a').until(5, { active: { websocket: 4 }, opened: 9 }).until(100),
      new Life({ pod: 'b', colour: 'green' }).until(60, { opened: 1 }).until(100, { opened: 2 }),
    ],
    minute: 99,
    labels: { namespace, app, colour, severity: 'info' },
    summary: 'The old colour blue of chat is still in use.',
    description:
      'Nobody has opened a socket or stream to colour blue of chat in web for 1h, and 4 are still at work there.' +
      ' Draining its pods tells them to go.',
  },
  AppUnreachable: {
    lives: [new Life('a').until(5).until(20, { appUp: 0 })],
    minute: 15,
    labels: { ...TARGET, severity: 'critical' },
    summary: 'tidegate does not reach the app in a.',
    description:
      'The app in pod web/a takes no connections from tidegate, or does not answer 2xx at `appHealthPath`. Is it there,' +
      " and does it listen where the setting `app` says, at the pod's address and not at 127.0.0.1 alone?",
  },
  ScrapeMissing: {
    lives: [new Life('a').hangsUntil(20)],
    minute: 15,
    labels: { ...TARGET, severity: 'warning' },
    summary: 'Prometheus cannot scrape the tidegate of a.',
    description:
      'The admin port of pod web/a has not answered for 10m, so no other alert can tell of it. Does its container run,' +
      ' and does a NetworkPolicy let Prometheus reach the port?',
  },
};

const NOBODY: Told = {
  lives: [],
  minute: 15,
  labels: { job: 'tidegate', severity: 'warning' },
  summary: 'Prometheus knows no tidegate at all.',
  description:
    'Prometheus has had no pod with a tidegate as a target for 10m. Is the PodMonitor there, does Prometheus select' +
    ' it, and may it list pods?',
};

/** With kube-state-metrics: the same names, another view. */
const SEEN_BY_OTHERS: Readonly<Record<string, Told>> = {
  GraceTooShort: {
    lives: [draining(), steady('kube_pod_deletion_timestamp', { namespace, pod, uid: '1' }, [18, 720])],
    minute: 11,
    labels: { ...TARGET, severity: 'warning', seen_by: 'kube-state-metrics' },
    summary: 'a is given less than its grace period.',
    description:
      'Pod web/a drains until 1970-01-01 00:20:00 +0000 UTC, but Kubernetes kills it before: it was deleted with a' +
      ' shorter grace period than its own, by hand or by an autoscaler that has a limit.',
  },
  ScrapeMissing: {
    lives: [
      steady('kube_pod_container_status_running', { namespace, pod, container: 'tidegate' }, [20, 1]),
      steady('kube_pod_status_phase{phase="Running"}', { namespace, pod }, [20, 1]),
    ],
    minute: 15,
    labels: { namespace, pod, severity: 'warning', seen_by: 'kube-state-metrics' },
    summary: 'Prometheus does not know the tidegate of a.',
    description:
      'Pod web/a runs a tidegate that Prometheus has not had as a target for 10m. Does the pod have the label' +
      ' `tidegate.dev/sidecar`, and does Prometheus select the PodMonitor?',
  },
};

const [a, b] = ['a', 'b'].map(replica);
const LEADS = [a('leader', {}, [90, 1]), b('leader', {}, [90, 0])];
const OF_CONTROLLER: Readonly<Record<string, Told>> = {
  ControllerLeaderless: {
    lives: [b('leader', {}, [90, 0])],
    minute: 15,
    labels: { controller: CONTROLLER, severity: 'warning' },
    summary: 'No tidegate controller leads.',
    description:
      'For 5m no replica of default/web has led, or Prometheus scrapes none: pods keep the marks they have, and old colours' +
      ' stay. Do its pods run, and may they `get`, `create` and `patch` their Lease?',
  },
  ControllerRightMissing: {
    lives: [...LEADS, a('missing_right', { verb: 'patch', resource: 'pods' }, [90, 1])],
    minute: 15,
    labels: { controller: CONTROLLER, verb: 'patch', resource: 'pods', severity: 'warning' },
    summary: 'The tidegate controller may not patch pods.',
    description:
      'The API server refuses default/web the right to patch pods. What takes it stands still, all else goes on; its log' +
      " says which. The chart's Roles have all of them: are they in every namespace that it watches, and is its" +
      ' ServiceAccount the one they are bound to?',
  },
  ControllerActionsFailing: {
    lives: [
      ...LEADS,
      ...['failed', 'done'].map((result) =>
        a('actions_total', { action: 'delete', result }, ...[0, 1, 2, 3, 4].map((at): [number, number] => [10 + 5 * at, at])),
      ),
    ],
    minute: 27,
    labels: { controller: CONTROLLER, action: 'delete', severity: 'warning' },
    summary: 'An action of the tidegate controller fails: delete.',
    description:
      'For 15m default/web has failed at the action delete again and again: in the last 10 minutes 50% of the times. Its' +
      ' log says why.',
  },
  PodsUnreachable: {
    lives: [...LEADS, a('pods', { state: 'safe' }, [90, 30]), a('pods', { state: 'unknown' }, [90, 10])],
    minute: 15,
    labels: { controller: CONTROLLER, severity: 'warning' },
    summary: '25% of the pods do not answer the tidegate controller.',
    description:
      'For 10m more than 20% of the pods that default/web watches have not said how they are: they count as not safe, the' +
      ' cluster autoscaler keeps their nodes, and old colours stay. Do they run? May it reach their admin port: do a' +
      ' NetworkPolicy and the mesh let it, and is it the port that it asks (`controller.podAdmin`)? Its log names the' +
      ' namespaces.',
  },
  PodsDieSilently: {
    lives: [...LEADS, b('goodbyes_total', { outcome: 'silent' }, [10, 0], [90, 2])],
    minute: 15,
    labels: { controller: CONTROLLER, severity: 'warning' },
    summary: "Pods have died without their tidegate's goodbye.",
    description:
      '2 of the pods that default/web watches have ended in the last 15 minutes without a word of their tidegate: killed,' +
      ' out of memory, deleted by force, or with their node. Whoever they held was cut. Events of the reason' +
      ' DiedWithoutGoodbye at their owners say which, and what they had at work.',
  },
  MemoryPiledUp: {
    lives: [
      ...LEADS,
      a('held_memory_bytes', { state: 'terminating' }, [90, 6 * 2 ** 30]),
      a('held_memory_bytes', { state: 'drained' }, [90, 6 * 2 ** 30]),
      a('held_pods', { state: 'terminating' }, [90, 20]),
      a('held_pods', { state: 'drained' }, [90, 22]),
    ],
    minute: 80,
    labels: { controller: CONTROLLER, severity: 'warning' },
    summary: '12GiB of memory are held by pods that only wait to go.',
    description:
      '42 pods that are terminating, or drained and not yet deleted, request 12GiB of memory; more than 8Gi for 1h.' +
      ' `tidegate rainbow status` tells which colours wait, and for what; a shorter `gracePeriod`,' +
      ' `controller.rainbow.maxAge` or `lightlyUsed` lets fewer pile up.',
  },
  ColourTooOld: {
    lives: [
      ...LEADS,
      a('oldest_colour_timestamp_seconds', { namespace: 'shop', group: 'chat' }, [90, 600]),
    ],
    minute: 80,
    labels: { controller: CONTROLLER, namespace: 'shop', group: 'chat', severity: 'warning' },
    summary: 'An old colour of chat has not gone.',
    description:
      'The oldest colour of the group chat in shop lost its traffic 1h 10m 0s ago and still has pods. `tidegate rainbow' +
      ' status chat --namespace shop` tells what it waits for.',
  },
};

const MANY = '(other)';
const OF_MANY: Told = {
  lives: [...LEADS, a('oldest_colour_timestamp_seconds', { namespace: MANY, group: MANY }, [90, 600])],
  minute: 80,
  labels: { controller: CONTROLLER, namespace: MANY, group: MANY, severity: 'warning' },
  summary: 'An old colour of one of many groups has not gone.',
  description:
    'The oldest colour of the groups that have no metric of their own, because there are more than 200, lost its traffic' +
    ' 1h 10m 0s ago and still has pods. `tidegate rainbow status` tells which, and what it waits for.',
};

const VALUES = { kubeStateMetrics: true, alerts: { oldColourLingering: { after: '1h' }, colourTooOld: { age: '1h' } } };
const TABLES: readonly (readonly [by: string, told: Readonly<Record<string, Told>>, values: Values, others?: Values])[] = [
  ['', ALERTS, VALUES],
  [', seen by others', SEEN_BY_OTHERS, VALUES],
  [' of the controller', OF_CONTROLLER, VALUES, CONTROLLED],
  [' of many groups', { ColourTooOld: OF_MANY }, VALUES, CONTROLLED],
  [' of nobody', { ScrapeMissing: NOBODY }, { alerts: { scrapeMissing: { absent: true } } }],
];
const ALL = TABLES.flatMap(([by, table, values, others]) =>
  Object.entries(table).map(([name, told]) => ({ name, told, values, others, title: `${name}${by}` })),
);

for (const { name, told, values, others, title } of ALL) {
  testAlerts(`${title} says what is wrong, where, and what can be done`, async (t, promtool, helm) => {
    const { lives, minute, labels, summary, description } = told;
    const exp_alerts = [{ exp_labels: labels, exp_annotations: { summary, description } }];
    const rules = await rulesOf(t, helm, values, others);
    const { code, stdout, stderr } = await promtoolTest(t, promtool, rules, {
      input_series: lives.flatMap((life) => ('values' in life ? life : life.series)),
      alert_rule_test: [{ eval_time: `${minute}m`, alertname: `Tidegate${name}`, exp_alerts }],
    });
    t.equal(code, 0, `${stdout}${stderr}`);
  });
}
