/**
 * What whoever is on call reads: each alert's own sentences, as Prometheus fills them in.
 */
import { promtoolTest, rulesOf, testAlerts } from './alerts.js';
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

const VALUES = { kubeStateMetrics: true, alerts: { oldColourLingering: { after: '1h' } } };
const TABLES: readonly (readonly [by: string, told: Readonly<Record<string, Told>>, values: Values])[] = [
  ['', ALERTS, VALUES],
  [', seen by others', SEEN_BY_OTHERS, VALUES],
  [' of nobody', { ScrapeMissing: NOBODY }, { alerts: { scrapeMissing: { absent: true } } }],
];
const ALL = TABLES.flatMap(([by, table, values]) =>
  Object.entries(table).map(([name, told]) => ({ name, told, values, title: `${name}${by}` })),
);

for (const { name, told, values, title } of ALL) {
  testAlerts(`${title} says what is wrong, where, and what can be done`, async (t, promtool, helm) => {
    const { lives, minute, labels, summary, description } = told;
    const exp_alerts = [{ exp_labels: labels, exp_annotations: { summary, description } }];
    const { code, stdout, stderr } = await promtoolTest(t, promtool, await rulesOf(t, helm, values), {
      input_series: lives.flatMap((life) => ('values' in life ? life : life.series)),
      alert_rule_test: [{ eval_time: `${minute}m`, alertname: `Tidegate${name}`, exp_alerts }],
    });
    t.equal(code, 0, `${stdout}${stderr}`);
  });
}
