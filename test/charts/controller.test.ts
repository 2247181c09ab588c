/**
 * `tidegate controller` as the chart renders it: two that may replace one another, held as tightly as the
 * sidecar, told everything that the values say, with the rights that they use and no others.
 */
import t, { type Test } from 'tap';
import { RIGHTS } from '../../src/controller/rights.js';
import { codeIn, readDocument } from '../documents.js';
import {
  ASKING_BY_PROXY,
  CLEANING,
  COUNTING,
  type Does,
  LEADING,
  MARKING,
  WATCHING,
  watchingRights,
} from './controller-rights.js';
import { type Right, rightName, rightsOf } from './rainbow-rights.js';
import { chartFor, type KubernetesObject, refusal, render, renderNotes, type Values } from './render.js';
import { testWithTools } from './tools.js';

const CHART = 'charts/tidegate';
const WHERE = { release: 'tidegate', namespace: 'monitoring' };
const NAME = 'tidegate-controller';
const CLEANS = { rainbow: { enabled: true } };

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly securityContext: Values;
  readonly [field: string]: unknown;
}
interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: unknown };
}
interface Binding extends KubernetesObject {
  readonly roleRef: Readonly<Record<string, string>>;
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

class Controller {
  readonly text: string;
  readonly objects: readonly KubernetesObject[];

  constructor(text: string, objects: readonly KubernetesObject[]) {
    this.text = text;
    this.objects = objects;
  }

  static async of(t: Test, helm: string, values: Values = {}, others: Values = {}): Promise<Controller> {
    const all = { ...others, controller: { enabled: true, ...values } };
    const { text, objects } = await render(helm, chartFor(t, CHART), all, WHERE);
    return new Controller(text, objects);
  }

  all(kind: string): readonly KubernetesObject[] {
    return this.objects.filter((object) => object.kind === kind);
  }

  /** The only one. */
  one(kind: string): KubernetesObject {
    const [only, ...others] = this.all(kind);
    if (others.length > 0) throw new Error(`${this.all(kind).length} of ${kind}`);
    return only;
  }

  get pod(): PodTemplate {
    return (this.one('Deployment')['spec'] as { readonly template: PodTemplate }).template;
  }

  get args(): readonly string[] {
    return this.pod.spec.containers[0].args;
  }

  /** Of the Roles where it watches. */
  get watching(): readonly KubernetesObject[] {
    const roles = [...this.all('Role'), ...this.all('ClusterRole')];
    return roles.filter(({ metadata }) => metadata.name !== `${NAME}-lease`);
  }
}

const sorted = (rights: readonly Right[]): string[] => rights.map(rightName).sort();

testWithTools('the controller is a Deployment with a budget, an account, its rights and the Lease', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const controller = await Controller.of(t, program);
    const kinds = controller.objects.map(({ kind }) => kind).sort();
    const bound = ['Role', 'Role', 'RoleBinding', 'RoleBinding'];
    t.same(kinds, ['Deployment', 'PodDisruptionBudget', ...bound, 'ServiceAccount']);
    for (const { metadata } of controller.objects) t.equal(metadata.namespace, 'monitoring');
    const { spec } = controller.one('Deployment') as unknown as { readonly spec: Values };
    t.match(spec, { replicas: 2, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    const { spec: budget } = controller.one('PodDisruptionBudget') as unknown as { readonly spec: Values };
    t.same(budget, { minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: spec['selector'] });
    const { matchLabels } = spec['selector'] as { readonly matchLabels: Readonly<Record<string, string>> };
    t.match(controller.pod.metadata.labels, matchLabels, 'its own pods');
    t.same(Object.keys(matchLabels).length, 3, 'and no others of the release');
  }
});

testWithTools('replicas that are not ready hold up no node, where Kubernetes knows how to say so', async (t, { helm }) => {
  const older = { ...WHERE, kubeVersion: 'v1.25.0' };
  const { objects } = await render(helm[3], chartFor(t, CHART), { controller: { enabled: true } }, older);
  const budget = objects.find(({ kind }) => kind === 'PodDisruptionBudget');
  t.same(Object.keys(budget?.['spec'] as Values), ['minAvailable', 'selector']);
  const now = await Controller.of(t, helm[3]);
  t.match(now.one('PodDisruptionBudget')['spec'], { unhealthyPodEvictionPolicy: 'AlwaysAllow' });
});

testWithTools('one replica alone has no budget, which would hold up every node', async (t, { helm }) => {
  const alone = await Controller.of(t, helm[4], { replicas: 1 });
  t.same(alone.all('PodDisruptionBudget'), []);
  t.match(alone.one('Deployment')['spec'], { replicas: 1 });
});

testWithTools('its pods are held as tightly as Pod Security can, and are asked at their own port', async (t, { helm }) => {
  const { pod } = await Controller.of(t, helm[4], { adminPort: 9190 });
  const [container] = pod.spec.containers;
  t.same(pod.spec['securityContext'], {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  t.same(container.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  });
  t.match(pod.spec, { enableServiceLinks: false, terminationGracePeriodSeconds: 10 });
  t.same(container['ports'], [{ name: 'controller', containerPort: 9190 }]);
  t.match(container['livenessProbe'], { httpGet: { path: '/livez', port: 'controller' } });
  t.match(container['readinessProbe'], { httpGet: { path: '/readyz', port: 'controller' } });
  t.ok(container.args.includes('--admin=9190'));
});

t.test('every right that the program can need is one that the chart has a time for', (t) => {
  const all = [...WATCHING, ...COUNTING, ...MARKING, ...CLEANING, ...ASKING_BY_PROXY, ...LEADING];
  t.equal(new Set(all.map(rightName)).size, RIGHTS.length);
  t.end();
});

testWithTools('it may do what it does, less where a part of it is off, and each verb says what for', async (t, { helm }) => {
  const cases: readonly (readonly [does: Does, count: number])[] = [
    [{}, 15],
    [CLEANS, 17],
    [{ ...CLEANS, marks: false }, 17],
    [{ marks: false }, 15],
    [{ dryRun: true }, 14],
    [{ ...CLEANS, dryRun: true }, 14],
    [{ ...CLEANS, ask: 'proxy' }, 18],
    [{ ...CLEANS, ask: 'proxy', prometheus: 'http://prometheus:9090' }, 17],
  ];
  for (const program of Object.values(helm)) {
    for (const [does, count] of cases) {
      const controller = await Controller.of(t, program, { ...does });
      const [rights, shown] = [watchingRights(does), JSON.stringify(does)];
      t.equal(rights.length, count, shown);
      t.same(controller.watching.map(rightsOf).map(sorted), [sorted(rights)], shown);
      const lines = [...controller.text.matchAll(/^ {6}- ([a-z]+)(?: (.*))?$/gm)];
      t.equal(lines.length, rights.length + LEADING.length, shown);
      for (const [, verb, said] of lines) t.match(said, /^# \S/, verb);
    }
  }
});

testWithTools('its README has each right, and when it takes it', async (t, { helm }) => {
  const [, section = ''] = readDocument(`${CHART}/README.md`).split('### Rights of the controller');
  const rows = [...section.split(/^## /m)[0].matchAll(/^\| (`.*?) *\| (`.*?) *\| (.*?) *\|$/gm)];
  const told = rows.flatMap(([, verbs, resource, when]) =>
    codeIn(verbs).map((verb) => ({ name: `${verb} on ${codeIn(resource)[0]}`, when })),
  );
  const whole: Does = { ...CLEANS, ask: 'proxy' };
  const { watching } = await Controller.of(t, helm[3], { ...whole });
  t.same(told.map(({ name }) => name).sort(), sorted(rightsOf(watching[0])));
  for (const [does, off] of [
    [{ ask: 'proxy', marks: false }, 'with `rainbow.enabled`'],
    [{ ...CLEANS, ask: 'proxy', dryRun: true }, 'unless `dryRun` is on'],
    [CLEANS, 'with `ask: proxy`'],
  ] as const) {
    const left = sorted(watchingRights(does));
    for (const { name, when } of told) {
      t.equal(left.includes(name), !when.includes(off), `${name}, ${off}`);
    }
  }
});

testWithTools('it leads by a Lease of its own name beside the release, and touches no other', async (t, { helm }) => {
  const controller = await Controller.of(t, helm[3], { namespaces: ['web'] });
  const [lease] = controller.all('Role').filter(({ metadata }) => metadata.name === `${NAME}-lease`);
  t.equal(lease.metadata.namespace, 'monitoring');
  t.same(sorted(rightsOf(lease)), sorted(LEADING));
  const rules = lease['rules'] as readonly { readonly verbs: readonly string[]; readonly resourceNames?: readonly string[] }[];
  for (const { verbs, resourceNames } of rules) {
    if (!verbs.includes('create')) t.same(resourceNames, [NAME]);
  }
  t.ok(controller.args.includes(`--lease=${NAME}`));
});

testWithTools('it watches the namespaces that are named, with rights in each, or all of them', async (t, { helm }) => {
  const account = [{ kind: 'ServiceAccount', name: NAME, namespace: 'monitoring' }];
  for (const program of Object.values(helm)) {
    const own = await Controller.of(t, program);
    t.ok(own.args.includes('--namespaces=monitoring'));
    const some = await Controller.of(t, program, { namespaces: ['web', 'chat'] });
    t.ok(some.args.includes('--namespaces=web,chat'));
    t.same(some.watching.map(({ metadata }) => metadata.namespace), ['web', 'chat']);
    const every = await Controller.of(t, program, { namespaces: ['*'] });
    t.ok(every.args.includes('--namespaces=*'));
    t.same(every.watching.map(({ kind, metadata: { name } }) => [kind, name]), [['ClusterRole', `monitoring-${NAME}`]]);
    t.equal(every.watching[0].metadata.namespace, undefined);
    for (const controller of [own, some, every]) {
      const bindings = [...controller.all('RoleBinding'), ...controller.all('ClusterRoleBinding')] as Binding[];
      t.equal(bindings.length, controller.watching.length + 1);
      for (const { kind, metadata, roleRef, subjects } of bindings) {
        t.match(roleRef, { kind: kind.replace('Binding', ''), name: metadata.name });
        t.same(subjects, account);
      }
    }
  }
});

testWithTools('two that would clean up the same are not rendered', async (t, { helm }) => {
  const rainbow = { enabled: true };
  for (const program of Object.values(helm)) {
    const both = { rainbow, controller: { enabled: true, ...CLEANS } };
    t.match(
      await refusal(program, chartFor(t, CHART), both, WHERE),
      'tidegate: rainbow.enabled and controller.rainbow.enabled would both clean up old colours: let one of them do it',
    );
    const beside = await Controller.of(t, program, {}, { rainbow });
    t.equal(beside.all('CronJob').length, 1, 'one that marks alone goes with the CronJob');
  }
});

testWithTools('an account that is there already is used, and none is made', async (t, { helm }) => {
  const controller = await Controller.of(t, helm[3], { serviceAccount: '123' });
  t.same(controller.all('ServiceAccount'), []);
  t.equal(controller.pod.spec['serviceAccountName'], '123');
  for (const { subjects } of controller.all('RoleBinding') as readonly Binding[]) t.match(subjects, [{ name: '123' }]);
});

testWithTools('its notes say what it does, where, and how to see who leads', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const chart = chartFor(t, CHART);
    const notes = (controller: Values, others: Values = {}): Promise<string> =>
      renderNotes(program, chart, { controller: { enabled: true, ...controller }, ...others }, WHERE);
    t.match(await notes({}), /has a controller\.[^]*The controller marks the pods, tells in Events[^]*: in monitoring\./);
    t.match(await notes({}), /get lease --namespace monitoring tidegate-controller\n/);
    t.notMatch(await notes({}), /old colours|only|one replica/);
    const cleans = { rainbow: { enabled: true, groups: ['web'] }, marks: false, namespaces: ['*'] };
    t.match(await notes(cleans), /The controller lets go of old colours of web, tells[^]*: in all namespaces\./);
    t.match(await notes({ ...CLEANS, dryRun: true }), /every rainbow group[^]*nothing but Events that say/);
    t.match(await notes({}), /outlive it: before an uninstall set controller\.marks=false[^]*--selector tidegate\.dev\/safe-to-delete\n/);
    t.notMatch(await notes({ marks: false }), 'outlive');
    t.match(await notes({ serviceAccount: 'watcher' }), /as the ServiceAccount watcher, [^]*in monitoring/);
    t.match(await notes({ replicas: 1 }), 'With one replica nobody acts');
    const networkPolicy = { enabled: true };
    t.match(await notes({ ask: 'proxy' }, { networkPolicy }), 'networkPolicy.others has to let that in');
    const cleanUp = [{ podSelector: {} }];
    t.match(await notes({}, { networkPolicy: { ...networkPolicy, cleanUp } }), 'networkPolicy.cleanUp has to');
  }
});
