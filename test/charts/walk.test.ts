/**
 * Every value in the values.yaml of every chart does something: changed alone, or set back alone where
 * everything else is changed and switched on, it changes what is rendered.
 */
import { parse } from 'yaml';
import { readDocument } from '../documents.js';
import { chartFor, render, type Values, withNotes } from './render.js';
import { testWithTools } from './tools.js';

interface Walked {
  /** Where its values.yaml is. */
  readonly chart: string;
  /** What is rendered, and the key that the values stand under there. */
  readonly by?: { readonly chart: string; readonly key: string };
  /** By path, of those for which no other value can be told from the value or the schema. */
  readonly others: Values;
  /** Those that leave others without effect: not set where everything else is. */
  readonly apart?: readonly string[];
  /** A switch that is refused beside another one: off where everything else is on. */
  readonly off?: string;
  /** Those that are looked at, by path; all of them if it does not say. */
  readonly walks?: RegExp;
}

/** A value and where it stands. */
interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

interface Schema {
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const CHARTS: readonly Walked[] = [
  {
    chart: 'charts/tidegate-lib',
    by: { chart: 'test/charts/library-user', key: 'tidegate' },
    others: {
      'resources.requests.cpu': '20m',
      'resources.requests.memory': '65Mi',
      'resources.limits.memory': '193Mi',
    },
  },
  {
    chart: 'charts/tidegate',
    others: {
      'podMonitor.interval': '20s',
      'podMonitor.scrapeTimeout': '5s',
      'podMonitor.labels': { release: 'stack' },
      'prometheusRule.labels': { release: 'stack' },
      'prometheusRule.alertLabels': { team: 'web' },
      'prometheusRule.runbookUrl': 'https://runbooks.example/',
      'prometheusRule.alerts.drainStuck.severity': 'page',
      'prometheusRule.alerts.drainStuck.after': '3m',
      'prometheusRule.alerts.drainCutConnections.severity': 'page',
      'prometheusRule.alerts.drainCutConnections.share': 0.5,
      'prometheusRule.alerts.graceTooShort.severity': 'page',
      'prometheusRule.alerts.oldColourLingering.severity': 'page',
      'prometheusRule.alerts.oldColourLingering.after': '2d',
      'prometheusRule.alerts.appUnreachable.severity': 'page',
      'prometheusRule.alerts.appUnreachable.for': '6m',
      'prometheusRule.alerts.scrapeMissing.severity': 'page',
      'prometheusRule.alerts.scrapeMissing.for': '11m',
      'prometheusRule.alerts.scrapeMissing.container': 'drain',
      'prometheusRule.alerts.controllerLeaderless.severity': 'page',
      'prometheusRule.alerts.controllerLeaderless.for': '6m',
      'prometheusRule.alerts.controllerRightMissing.severity': 'page',
      'prometheusRule.alerts.controllerRightMissing.for': '6m',
      'prometheusRule.alerts.controllerActionsFailing.severity': 'page',
      'prometheusRule.alerts.controllerActionsFailing.share': 0.5,
      'prometheusRule.alerts.controllerActionsFailing.for': '16m',
      'prometheusRule.alerts.podsUnreachable.severity': 'page',
      'prometheusRule.alerts.podsUnreachable.share': 0.5,
      'prometheusRule.alerts.podsUnreachable.for': '11m',
      'prometheusRule.alerts.podsDieSilently.severity': 'page',
      'prometheusRule.alerts.memoryPiledUp.severity': 'page',
      'prometheusRule.alerts.memoryPiledUp.memory': '9Gi',
      'prometheusRule.alerts.memoryPiledUp.for': '2h',
      'prometheusRule.alerts.colourTooOld.severity': 'page',
      'prometheusRule.alerts.colourTooOld.age': '73h',
      'podMonitor.namespaceSelector': { matchNames: ['web'] },
      'dashboard.labels.grafana_dashboard': 'yes',
      'dashboard.folder': 'Web',
      'dashboard.folderAnnotation': 'folder',
      'networkPolicy.namespaces': ['web', 'chat'],
      'networkPolicy.podSelector.matchLabels.tidegate.dev/sidecar': 'false',
      'networkPolicy.prometheus': [{ ipBlock: { cidr: '10.0.0.1/32' } }],
      'networkPolicy.cleanUp': [{ ipBlock: { cidr: '10.0.0.2/32' } }],
      'networkPolicy.others': [{ ipBlock: { cidr: '10.0.0.3/32' } }],
      'rainbow.schedule': '*/5 * * * *',
      'rainbow.namespaces': ['web', 'chat'],
      'rainbow.groups': ['web'],
      'rainbow.minAge': '2h',
      'rainbow.drainedFor': '20m',
      'rainbow.deleteAfter': '12h',
      'rainbow.maxAge': '72h',
      'rainbow.lightlyUsed': '2%/1h',
      'rainbow.prometheus': 'http://prometheus:9090',
      'rainbow.image.repository': 'registry.example/tidegate',
      'rainbow.image.tag': '0.1.1',
      'rainbow.image.digest': `sha256:${'0'.repeat(64)}`,
      'rainbow.imagePullSecrets': [{ name: 'registry' }],
      'rainbow.serviceAccount': 'sweeper',
      'rainbow.resources.requests.cpu': '20m',
      'rainbow.resources.requests.memory': '65Mi',
      'rainbow.resources.limits.memory': '257Mi',
      'rainbow.podLabels.sidecar.istio.io/inject': 'true',
      'rainbow.podAnnotations.linkerd.io/inject': 'enabled',
      'rainbow.nodeSelector': { 'kubernetes.io/os': 'linux' },
      'rainbow.tolerations': [{ operator: 'Exists' }],
      'test.prometheusUrl': 'http://prometheus:9090',
      'test.image.repository': 'registry.example/tidegate',
      'test.image.tag': '0.1.1',
      'test.image.digest': `sha256:${'0'.repeat(64)}`,
      'test.imagePullSecrets': [{ name: 'registry' }],
    },
    apart: ['test.image.digest', 'rainbow.image.digest', 'rainbow.prometheus'],
    off: 'controller.rainbow.enabled',
    walks: /^(?!controller\.)/,
  },
  {
    chart: 'charts/tidegate',
    others: {
      'controller.namespaces': ['web', 'chat'],
      'controller.lookEvery': '30s',
      'controller.rainbow.every': '60s',
      'controller.rainbow.groups': ['web'],
      'controller.rainbow.minAge': '2h',
      'controller.rainbow.drainedFor': '20m',
      'controller.rainbow.deleteAfter': '12h',
      'controller.rainbow.maxAge': '72h',
      'controller.rainbow.lightlyUsed': '2%/1h',
      'controller.prometheus': 'http://prometheus:9090',
      'controller.podAdmin': 9280,
      'controller.logLevel': 'debug',
      'controller.image.repository': 'registry.example/tidegate',
      'controller.image.tag': '0.1.1',
      'controller.image.digest': `sha256:${'0'.repeat(64)}`,
      'controller.imagePullSecrets': [{ name: 'registry' }],
      'controller.serviceAccount': 'watcher',
      'controller.resources.requests.cpu': '60m',
      'controller.resources.requests.memory': '97Mi',
      'controller.resources.limits.memory': '257Mi',
      'controller.priorityClassName': 'high',
      'controller.podLabels.sidecar.istio.io/inject': 'true',
      'controller.podAnnotations.linkerd.io/inject': 'enabled',
      'controller.nodeSelector': { 'kubernetes.io/os': 'linux' },
      'controller.tolerations': [{ operator: 'Exists' }],
    },
    apart: ['controller.image.digest', 'controller.prometheus', 'controller.podAdmin'],
    off: 'rainbow.enabled',
    walks: /^controller\./,
  },
  {
    chart: 'charts/tidegate-example',
    others: {
      'app.image': 'registry.example/app:1.0.0',
      'app.command': ['/app'],
      'app.args': ['serve'],
      'app.env': [{ name: 'MODE', value: 'quiet' }],
      'app.readinessPath': '/healthz',
      'app.volumes': [{ name: 'scratch', emptyDir: {} }],
      'app.volumeMounts': [{ name: 'scratch', mountPath: '/scratch' }],
      'service.targetPort': 8080,
    },
  },
];
/** Those that are refused when they change alone: the app's port is tidegate's `app`, too. */
const REFUSED = ['hostNetwork', 'app.port'];

function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (!isMap(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Another value for a leaf, which the chart takes. */
function otherOf({ path, value }: Leaf, schema: Schema, others: Values): unknown {
  const told = others[path.join('.')];
  if (told !== undefined) return told;
  const own = path.reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
  const [example] = own?.examples ?? own?.enum?.filter((one) => one !== value && one !== '') ?? [];
  if (example !== undefined) return example;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  throw new Error(`${path.join('.')} needs another value: in this test, or as example of its schema`);
}

function withValue(values: Values, [key, ...rest]: readonly string[], value: unknown): Values {
  const inner = values[key];
  return {
    ...values,
    [key]: rest.length === 0 ? value : withValue(isMap(inner) ? inner : {}, rest, value),
  };
}

for (const { chart, by, others, apart = [], off, walks = /^/ } of CHARTS) {
  testWithTools(`every value of ${chart}${off === undefined ? '' : ` but ${off}`} changes what is rendered`, async (t, { helm }) => {
    const folder = withNotes(chartFor(t, by?.chart ?? chart));
    const outcome = (values: Values): Promise<string> =>
      render(helm[4], folder, by === undefined ? values : { [by.key]: values }).then(
        ({ text }) => text,
        String,
      );
    const schema = JSON.parse(readDocument(`${chart}/values.schema.json`)) as Schema;
    const leaves = leavesOf(parse(readDocument(`${chart}/values.yaml`))).flatMap((leaf) => {
      const name = leaf.path.join('.');
      if (leaf.path.at(-1) === 'enabled') {
        return [{ ...leaf, name, other: leaf.value !== true, set: name !== off, back: false }];
      }
      if (!walks.test(name)) return [];
      const other = otherOf(leaf, schema, others);
      const stays = REFUSED.includes(name) || apart.includes(name);
      const [set, back] = stays ? [leaf.value, other] : [other, leaf.value];
      return [{ ...leaf, name, other, set, back }];
    });
    const everything = leaves.reduce<Values>((all, leaf) => withValue(all, leaf.path, leaf.set), {});
    const [nothingSet, allSet] = [await outcome({}), await outcome(everything)];
    t.notMatch(allSet, /^Error/, 'everything can be set at once');
    for (const { path, name, other, back } of leaves) {
      if (!walks.test(name)) continue;
      const differs = async (values: Values, from: string): Promise<boolean> => {
        const made = await outcome(values);
        return made !== from && made.startsWith('Error') === REFUSED.includes(name);
      };
      const does =
        (await differs(withValue(everything, path, back), allSet)) ||
        (await differs(withValue({}, path, other), nothingSet));
      t.ok(does, `${name}: ${JSON.stringify(other)}`);
    }
  });
}
