/**
 * The chart that watches, as helm renders it: nothing until asked for, the same targets for an operator
 * and for a plain Prometheus, alerts as its README has them, versions as the program's.
 */
import { readdirSync } from 'node:fs';
import type { Test } from 'tap';
import { parse } from 'yaml';
import { readDocument, tableBelow } from '../documents.js';
import { type RuleFile, rulesOf } from './alerts.js';
import { chartFor, refusal, render, renderNotes, type Values } from './render.js';
import { testWithTools } from './tools.js';

const CHART = 'charts/tidegate';
const README = readDocument(`${CHART}/README.md`);
const { version } = JSON.parse(readDocument('package.json')) as { version: string };

type Relabeling = Readonly<Record<string, unknown>>;
interface ScrapeConfig {
  readonly job_name: string;
  readonly scrape_interval: string;
  readonly scrape_timeout: string;
  readonly relabel_configs: readonly Relabeling[];
  readonly honor_labels?: boolean;
}
interface Endpoint {
  readonly honorLabels?: boolean;
  readonly port: string;
  readonly interval: string;
  readonly scrapeTimeout: string;
  readonly relabelings: readonly Relabeling[];
}
interface PodMonitorSpec {
  readonly namespaceSelector: Readonly<Record<string, unknown>>;
  readonly podMetricsEndpoints: readonly Endpoint[];
}

/** As the operator writes it, in a plain Prometheus' words. */
const plain = ({ sourceLabels, targetLabel, ...others }: Relabeling): Relabeling => ({
  ...others,
  ...(sourceLabels === undefined ? {} : { source_labels: sourceLabels }),
  ...(targetLabel === undefined ? {} : { target_label: targetLabel }),
});

function scrapeConfigs(): ScrapeConfig[] {
  const block = /```yaml\n(scrape_configs:[^]*?)```/.exec(README)?.[1] ?? '';
  return (parse(block) as { scrape_configs: ScrapeConfig[] }).scrape_configs;
}

/** What helm makes of it, with both. */
async function eachHelm(
  t: Test,
  helm: Readonly<Record<3 | 4, string>>,
  look: (program: string, chart: string) => Promise<void>,
): Promise<void> {
  const chart = chartFor(t, CHART);
  for (const program of Object.values(helm)) await look(program, chart);
}

const ALL: Values = {
  podMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
  networkPolicy: { enabled: true },
  rainbow: { enabled: true },
  controller: { enabled: true },
  test: { prometheusUrl: 'http://prometheus:9090' },
};

testWithTools('nothing is rendered until it is asked for, and then all of it', async (t, { helm }) => {
  await eachHelm(t, helm, async (program, chart) => {
    t.same((await render(program, chart)).objects, []);
    const kinds = (await render(program, chart, ALL)).objects.map(({ kind }) => kind).sort();
    const test = ['ConfigMap', 'Pod'];
    const cleanUp = ['CronJob', 'Role', 'RoleBinding', 'ServiceAccount'];
    const watching = ['ConfigMap', 'NetworkPolicy', 'PodMonitor', 'PrometheusRule'];
    const ofController = ['NetworkPolicy', 'PodMonitor'];
    const budgeted = ['Deployment', 'PodDisruptionBudget', 'ServiceAccount'];
    const controller = [...budgeted, ...ofController, 'Role', 'Role', 'RoleBinding', 'RoleBinding'];
    t.same(kinds, [...test, ...cleanUp, ...watching, ...controller].sort());
  });
});

testWithTools('an operator and a plain Prometheus find the same pods, with the same labels', async (t, { helm }) => {
  const values = { podMonitor: { enabled: true }, controller: { enabled: true } };
  const { objects } = await render(helm[3], chartFor(t, CHART), values);
  const monitors = objects.filter(({ kind }) => kind === 'PodMonitor');
  const configs = scrapeConfigs();
  t.equal(monitors.length, configs.length);
  for (const { spec } of monitors) {
    const [endpoint] = (spec as PodMonitorSpec).podMetricsEndpoints;
    const monitored = endpoint.relabelings.map(plain);
    const isJob = (relabeling: Relabeling): boolean => relabeling['target_label'] === 'job';
    const job = monitored.find(isJob)?.['replacement'];
    const config = configs.find(({ job_name: name }) => name === job);
    if (config === undefined) throw new Error(`no job ${String(job)} in the README`);
    t.equal(endpoint.interval, config.scrape_interval);
    t.equal(endpoint.scrapeTimeout, config.scrape_timeout);
    t.equal(endpoint.honorLabels, config.honor_labels);
    // What an operator says by itself, and what only it has to say.
    const byItself = ['namespace', 'pod', 'container'];
    const isPort = ({ source_labels: from }: Relabeling): boolean => JSON.stringify(from).includes('port_name');
    const { regex, action } = config.relabel_configs.find(isPort) ?? {};
    t.same([String(regex).replace(/^tidegate;/, ''), action], [endpoint.port, 'keep']);
    const isOwn = (relabeling: Relabeling): boolean =>
      !isPort(relabeling) && !byItself.includes(String(relabeling['target_label']));
    t.same(monitored.filter((one) => !isJob(one)), config.relabel_configs.filter(isOwn));
  }
});

testWithTools('pods are looked for everywhere, or in the namespaces that are named alone', async (t, { helm }) => {
  await eachHelm(t, helm, async (program, chart) => {
    const selector = async (namespaceSelector: Values): Promise<unknown> => {
      const podMonitor = { enabled: true, namespaceSelector };
      const [{ spec }] = (await render(program, chart, { podMonitor })).objects;
      return (spec as PodMonitorSpec).namespaceSelector;
    };
    t.same(await selector({}), { any: true });
    t.same(await selector({ matchNames: ['web', 'chat'] }), { matchNames: ['web', 'chat'] });
  });
});

testWithTools('the labels that operators select by come along', async (t, { helm }) => {
  const labels = { release: 'stack' };
  const values = Object.fromEntries(
    ['podMonitor', 'prometheusRule', 'dashboard'].map((part) => [part, { enabled: true, labels }]),
  );
  await eachHelm(t, helm, async (program, chart) => {
    const { objects } = await render(program, chart, values);
    t.equal(objects.length, 3);
    for (const { metadata } of objects) {
      t.match(metadata.labels, { ...labels, 'app.kubernetes.io/name': 'tidegate' });
    }
  });
});

testWithTools('values of a wrong form, and those that nobody knows, are refused by their names', async (t, { helm }) => {
  const wrong: readonly [Values, RegExp][] = [
    [{ podMonitors: {} }, /podMonitors/],
    [{ podMonitor: { interval: '15 s' } }, /interval/],
    [{ prometheusRule: { alerts: { drainStuck: { share: 1 } } } }, /share/],
    [{ prometheusRule: { alerts: { drainCutConnections: { share: 1 } } } }, /share/],
    [{ networkPolicy: { adminPort: 0 } }, /adminPort/],
    [{ networkPolicy: { prometheus: [{ pods: {} }] } }, /pods/],
    [{ test: { prometheusUrl: 'prometheus:9090' } }, /prometheusUrl/],
    [{ podMonitor: null }, /podMonitor/],
    [{ test: { podsMin: null } }, /podsMin/],
    [{ networkPolicy: { podSelector: null } }, /podSelector/],
    [{ prometheusRule: { alerts: { drainStuck: { after: null } } } }, /after/],
    [{ prometheusRule: { alertLabels: { severity: 'page' } } }, /severity/],
    [{ prometheusRule: { alerts: { drainCutConnections: { share: '5' } } } }, /share/],
  ];
  await eachHelm(t, helm, async (program, chart) => {
    for (const [values, said] of wrong) t.match(await refusal(program, chart, values), said);
    t.same((await render(program, chart, { global: { any: 1 } })).objects, [], 'global is for others');
  });
});

testWithTools('every alert is in its README as it is in the rules, and none is left out', async (t, { helm }) => {
  const [, ...rows] = tableBelow(README, 'Alerts');
  const told = rows.map(([alert, severity, , time]) => [alert, severity, time].map((cell) => cell.replaceAll('`', '')));
  const rules = rulesIn(await rulesOf(t, helm[3]));
  const rendered = rules.map((rule) => [rule.alert, rule.labels['severity'], rule.for ?? '']);
  t.same(told.sort(), rendered.sort());
  const everything = { kubeStateMetrics: true, alerts: { scrapeMissing: { absent: true } } };
  const all = rulesIn(await rulesOf(t, helm[3], everything, { controller: { enabled: true } }));
  const files = readdirSync(new URL(`../../${CHART}/rules`, import.meta.url), { recursive: true });
  t.equal(all.length, files.filter((file) => String(file).endsWith('.yaml')).length);
});

testWithTools('an alert can be turned off, labelled, and lead to a runbook', async (t, { helm }) => {
  const alerts = { scrapeMissing: { enabled: false }, drainStuck: { severity: 'page' } };
  const alertLabels = { team: 'web' };
  const runbookUrl = 'https://runbooks.example/';
  const { text } = await render(helm[4], chartFor(t, CHART), {
    prometheusRule: { enabled: true, kubeStateMetrics: true, alerts, alertLabels, runbookUrl },
  });
  t.notMatch(text, 'ScrapeMissing');
  t.notMatch(text, '${', 'no mark is left');
  const rules = rulesIn(
    await rulesOf(t, helm[4], { kubeStateMetrics: true, alerts, alertLabels, runbookUrl }),
  );
  t.equal(rules.length, 6);
  for (const { alert, labels, annotations } of rules) {
    t.equal(labels['team'], 'web');
    t.equal(annotations['runbook_url'], `${runbookUrl}${alert}`);
  }
  t.match(rules.find(({ alert }) => alert === 'TidegateDrainStuck')?.labels, { severity: 'page' });
});

testWithTools('a share is a number, or is written as one, as with --set', async (t, { helm }) => {
  for (const share of [0.05, '0.05']) {
    const rules = rulesIn(await rulesOf(t, helm[4], { alerts: { drainCutConnections: { share } } }));
    const cut = rules.find(({ alert }) => alert === 'TidegateDrainCutConnections');
    t.match(cut, { expr: /\n> 0\.05\n$/ });
  }
});

testWithTools('a release and a namespace may have the names of numbers', async (t, { helm }) => {
  await eachHelm(t, helm, async (program, chart) => {
    const { objects } = await render(program, chart, ALL, { release: '123', namespace: '8' });
    for (const { kind, metadata } of objects) {
      const { name, namespace, labels = {} } = metadata;
      const all = [name, namespace, ...Object.values(labels)];
      t.ok(all.every((text) => typeof text === 'string'), `${kind}: ${JSON.stringify(all)}`);
    }
    t.notMatch(JSON.stringify(objects), /:(123|8)[,}]/);
  });
});

testWithTools('its versions, and those of the images it names, are those of the program', async (t, { helm }) => {
  const chart = parse(readDocument(`${CHART}/Chart.yaml`)) as Record<string, Record<string, string>>;
  t.match(chart, { version, appVersion: version });
  t.match(chart['annotations']['artifacthub.io/images'], `tidegate:${version}`);
  const { text } = await render(helm[3], chartFor(t, CHART), ALL);
  t.match(text, `image: tidegate:${version}\n`);
});

testWithTools('its notes say what there is, and what may be missing', async (t, { helm }) => {
  await eachHelm(t, helm, async (program, chart) => {
    const notes = (values: Values): Promise<string> => renderNotes(program, chart, values);
    t.match(await notes({}), /has nothing: [^]*Switch on what you want/);
    t.match(await notes({ prometheusRule: { enabled: true } }), /Alerts see nothing unless/);
    t.match(await notes(ALL), /No alert tells of pods that Prometheus has never heard of/);
    t.match(await notes(ALL), /finds pods in every namespace[^]*are let in from every namespace/);
    t.match(await notes(ALL), /opens every other port of these pods/);
    const namespaceSelector = { matchNames: ['web'] };
    const narrow = {
      podMonitor: { enabled: true, namespaceSelector },
      prometheusRule: { enabled: true, kubeStateMetrics: true },
      networkPolicy: { enabled: true, otherPorts: 'untouched', prometheus: [{ podSelector: {} }] },
    };
    t.notMatch(await notes(narrow), /No alert tells|in every namespace|from every namespace|every other port/);
    t.match(await notes(ALL), /a PodMonitor, alerts, a dashboard, a network policy, a clean-up of old colours, a controller\.[^]*`helm test web/);
    const labels = { release: 'stack' };
    const podMonitor = { enabled: true, labels };
    t.notMatch(await notes({ podMonitor }), /Does your Prometheus select/);
    t.match(await notes({ podMonitor: { enabled: true } }), /Does your Prometheus select/);
  });
});

const rulesIn = ({ groups }: RuleFile): RuleFile['groups'][number]['rules'] =>
  groups.flatMap(({ rules }) => rules);
