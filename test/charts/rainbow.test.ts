/**
 * The clean-up of old colours as the chart renders it: a CronJob for each namespace, held as tightly as
 * the sidecar, told everything that its values say, with the rights that it uses and no others.
 */
import type { Test } from 'tap';
import { readArguments } from '../../src/cli/rainbow/arguments.js';
import type { SettingFault } from '../../src/errors.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import { readDocument, tableBelow } from '../documents.js';
import {
  BY_PROXY,
  CHANGING,
  LOOKING,
  type Right,
  rightName,
  RIGHTS,
  rightsOf,
} from './rainbow-rights.js';
import { chartFor, type KubernetesObject, render, renderNotes, type Values } from './render.js';
import { testWithTools } from './tools.js';

const CHART = 'charts/tidegate';
const README = readDocument(`${CHART}/README.md`);
const WHERE = { release: 'tidegate', namespace: 'monitoring' };
/** Kubernetes adds 11 characters for a Job. */
const CRON_JOB_NAME_MAX = 52;

interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly restartPolicy: string;
    readonly securityContext: Values;
    readonly containers: readonly {
      readonly image: string;
      readonly args: readonly string[];
      readonly securityContext: Values;
      readonly [field: string]: unknown;
    }[];
  };
}

interface CronJobSpec {
  readonly concurrencyPolicy: string;
  readonly jobTemplate: { readonly spec: { readonly template: PodTemplate; readonly backoffLimit: number } };
}

interface Binding extends KubernetesObject {
  readonly roleRef: Readonly<Record<string, string>>;
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

const sorted = (rights: readonly Right[]): string[] => rights.map(rightName).sort();
const podOf = (cronJob: KubernetesObject): PodTemplate =>
  (cronJob['spec'] as CronJobSpec).jobTemplate.spec.template;
const argsOf = (cronJob: KubernetesObject): readonly string[] => podOf(cronJob).spec.containers[0].args;

class CleanUp {
  readonly text: string;
  readonly objects: readonly KubernetesObject[];

  constructor(text: string, objects: readonly KubernetesObject[]) {
    this.text = text;
    this.objects = objects;
  }

  static async of(t: Test, helm: string, values: Values = {}, where = WHERE): Promise<CleanUp> {
    const rainbow = { enabled: true, ...values };
    const { text, objects } = await render(helm, chartFor(t, CHART), { rainbow }, where);
    return new CleanUp(text, objects);
  }

  all(kind: string): readonly KubernetesObject[] {
    return this.objects.filter((object) => object.kind === kind);
  }
}

testWithTools('the clean-up is a CronJob, an account, a Role and their binding', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const cleanUp = await CleanUp.of(t, program);
    const kinds = cleanUp.objects.map(({ kind }) => kind).sort();
    t.same(kinds, ['CronJob', 'Role', 'RoleBinding', 'ServiceAccount']);
    for (const { metadata } of cleanUp.objects) {
      t.match(metadata, { name: 'tidegate-rainbow', namespace: 'monitoring' });
    }
    const [{ spec }] = cleanUp.all('CronJob');
    t.match(spec, { concurrencyPolicy: 'Forbid', jobTemplate: { spec: { backoffLimit: 0 } } });
    const [binding] = cleanUp.all('RoleBinding') as readonly Binding[];
    t.match(binding.roleRef, { kind: 'Role', name: 'tidegate-rainbow' });
    const account = { kind: 'ServiceAccount', name: 'tidegate-rainbow', namespace: 'monitoring' };
    t.same(binding.subjects, [account]);
  }
});

testWithTools('it is held as tightly as Pod Security can: restricted, and nothing to write to', async (t, { helm }) => {
  const [cronJob] = (await CleanUp.of(t, helm[4])).all('CronJob');
  const { spec } = podOf(cronJob);
  t.same(spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  t.same(spec.containers[0].securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  });
  t.equal(spec.restartPolicy, 'Never');
});

testWithTools('it may do what it does, and each verb says what for', async (t, { helm }) => {
  const cases: readonly [Values, readonly Right[]][] = [
    [{}, RIGHTS],
    [{ ask: 'proxy' }, [...RIGHTS, ...BY_PROXY]],
    [{ ask: 'proxy', prometheus: 'http://prometheus:9090' }, RIGHTS],
    [{ dryRun: 'client' }, LOOKING],
    [{ dryRun: 'server' }, RIGHTS],
  ];
  for (const program of Object.values(helm)) {
    for (const [values, rights] of cases) {
      const cleanUp = await CleanUp.of(t, program, values);
      t.same(cleanUp.all('Role').map(rightsOf).map(sorted), [sorted(rights)], JSON.stringify(values));
      const lines = [...cleanUp.text.matchAll(/^ {6}- ([a-z]+)(.*)$/gm)];
      t.equal(lines.length, rights.length);
      for (const [, verb, said] of lines) t.match(said, /^ # \S/, verb);
    }
  }
});

testWithTools('its README has each right, and when it takes it', async (t, { helm }) => {
  const [, ...rows] = tableBelow(README, 'Rights of the clean-up');
  const told = rows.flatMap(([verbs, resource, when]) =>
    verbs.split(', ').map((verb) => [verb, resource, when].map((cell) => cell.replaceAll('`', ''))),
  );
  const [role] = (await CleanUp.of(t, helm[3], { ask: 'proxy' })).all('Role');
  const names = told.map(([verb, resource]) => `${verb} on ${resource}`);
  t.same(names.sort(), sorted(rightsOf(role)));
  const whenOf = (name: string): string | undefined =>
    told.find(([verb, resource]) => `${verb} on ${resource}` === name)?.[2];
  for (const right of LOOKING) t.equal(whenOf(rightName(right)), 'always');
  for (const right of CHANGING) t.match(whenOf(rightName(right)), 'dryRun');
  for (const right of BY_PROXY) t.match(whenOf(rightName(right)), 'ask: proxy');
});

testWithTools('each namespace has a run and a Role of its own, and all runs one account', async (t, { helm }) => {
  const namespaces = ['web', 'chat', `${'long-'.repeat(12)}ago`, `${'long-'.repeat(12)}now`];
  for (const program of Object.values(helm)) {
    const cleanUp = await CleanUp.of(t, program, { namespaces });
    const cronJobs = cleanUp.all('CronJob');
    t.same(cronJobs.map(({ metadata }) => metadata.namespace), namespaces.map(() => 'monitoring'));
    const names = cronJobs.map(({ metadata }) => metadata.name);
    t.same(names.slice(0, 2), ['tidegate-rainbow-web', 'tidegate-rainbow-chat']);
    t.equal(new Set(names).size, namespaces.length, 'none is called like another');
    t.ok(names.every(({ length }) => length <= CRON_JOB_NAME_MAX), names.join(' '));
    t.same(
      cronJobs.map((one) => argsOf(one).find((arg) => arg.startsWith('--namespace'))),
      namespaces.map((namespace) => `--namespace=${namespace}`),
    );
    for (const kind of ['Role', 'RoleBinding']) {
      t.same(cleanUp.all(kind).map(({ metadata }) => metadata.namespace), namespaces);
    }
    const accounts = (cleanUp.all('RoleBinding') as readonly Binding[]).map(({ subjects }) => subjects[0]);
    const [{ metadata }] = cleanUp.all('ServiceAccount');
    t.ok(accounts.every(({ name, namespace }) => name === metadata.name && namespace === 'monitoring'));
  }
});

testWithTools('a release with a long name has a CronJob that Kubernetes takes', async (t, { helm }) => {
  const where = { ...WHERE, release: `${'r'.repeat(42)}-${'s'.repeat(10)}` };
  const [{ metadata }] = (await CleanUp.of(t, helm[4], {}, where)).all('CronJob');
  t.ok(metadata.name.length <= CRON_JOB_NAME_MAX, metadata.name);
  t.match(metadata.name, /^r{42}-[0-9a-f]{8}$/);
});

testWithTools('what the values say the command is told', async (t, { helm }) => {
  const values: Values = {
    groups: ['web', 'chat'],
    keep: 0,
    minAge: 0,
    drainedFor: '90s',
    deleteAfter: '1h30m',
    lightlyUsed: false,
    ask: 'proxy',
    dryRun: 'server',
  };
  for (const program of Object.values(helm)) {
    const [plain] = (await CleanUp.of(t, program)).all('CronJob');
    t.same(argsOf(plain).slice(0, 4), ['rainbow', 'cleanup', '--yes', '--namespace=monitoring']);
    const [told] = (await CleanUp.of(t, program, values)).all('CronJob');
    t.same(argsOf(told).slice(4), [
      '--selector=tidegate.dev/rainbow in (web,chat)',
      '--keep=0',
      '--min-age=0',
      '--drained-for=90s',
      '--delete-after=1h30m',
      '--max-age=48h',
      '--lightly-used=off',
      '--ask=proxy',
      '--dry-run=server',
    ]);
    const prometheus = 'http://prometheus:9090/#"x: y';
    const [asking] = (await CleanUp.of(t, program, { prometheus })).all('CronJob');
    t.equal(argsOf(asking).at(-1), `--prometheus=${prometheus}`, 'and pods are not asked');
    t.notMatch(argsOf(asking).join(' '), '--ask');
  }
});

testWithTools('the command takes what it is told', async (t, { helm }) => {
  const cases: readonly [Values, object][] = [
    [{}, { verb: 'cleanup', yes: true, dryRun: 'none', pods: { ask: 'direct' }, policy: parsePolicy({}) }],
    [{ groups: ['web', 'chat'] }, { group: '', selector: 'tidegate.dev/rainbow in (web,chat)' }],
    [{ namespaces: ['web'] }, { cluster: { namespace: 'web', allNamespaces: false } }],
    [{ prometheus: 'http://prometheus:9090/' }, { pods: { prometheus: new URL('http://prometheus:9090/') } }],
    [{ lightlyUsed: false, maxAge: false }, { policy: { lightlyUsed: undefined, maxAgeMs: undefined } }],
    [{ ask: 'proxy', dryRun: 'client' }, { pods: { ask: 'proxy' }, dryRun: 'client' }],
  ];
  for (const [values, read] of cases) {
    const [cronJob] = (await CleanUp.of(t, helm[4], values)).all('CronJob');
    const [command, verb, ...rest] = argsOf(cronJob);
    t.same([command, verb], ['rainbow', 'cleanup']);
    const faults: SettingFault[] = [];
    t.match(readArguments('cleanup', rest, faults), read);
    t.same(faults, [], JSON.stringify(values));
  }
});

testWithTools('the network policy of the release lets it ask', async (t, { helm }) => {
  const values = { networkPolicy: { enabled: true }, rainbow: { enabled: true, podLabels: { team: 'web' } } };
  const { objects } = await render(helm[3], chartFor(t, CHART), values, WHERE);
  const [policy, cronJob] = ['NetworkPolicy', 'CronJob'].map((wanted) =>
    objects.find(({ kind }) => kind === wanted),
  );
  const { ingress } = policy?.['spec'] as { readonly ingress: readonly { readonly from?: readonly Values[] }[] };
  const labels = { 'app.kubernetes.io/name': 'tidegate', 'app.kubernetes.io/instance': 'tidegate' };
  const peers = ingress.flatMap(({ from = [] }) => from);
  t.match(peers.at(-1), { podSelector: { matchLabels: labels } });
  t.match(podOf(cronJob as KubernetesObject).metadata.labels, { ...labels, team: 'web' });
});

testWithTools('runs can be held back, and one that has failed is gone after a while', async (t, { helm }) => {
  const [usual] = (await CleanUp.of(t, helm[3])).all('CronJob');
  const ends = { ttlSecondsAfterFinished: 3600 };
  t.match(usual['spec'], { suspend: false, jobTemplate: { spec: ends } });
  const [held] = (await CleanUp.of(t, helm[3], { suspend: true })).all('CronJob');
  t.match(held['spec'], { suspend: true });
});

testWithTools('an account that is there already is used, and none is made', async (t, { helm }) => {
  const cleanUp = await CleanUp.of(t, helm[3], { serviceAccount: '123' });
  t.same(cleanUp.all('ServiceAccount'), []);
  t.equal(podOf(cleanUp.all('CronJob')[0]).spec.serviceAccountName, '123');
  t.match((cleanUp.all('RoleBinding') as readonly Binding[])[0].subjects, [{ name: '123' }]);
});

testWithTools('its notes say whom it cleans up, and how not to wait', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const chart = chartFor(t, CHART);
    const notes = (rainbow: Values, others: Values = {}): Promise<string> =>
      renderNotes(program, chart, { rainbow: { enabled: true, ...rainbow }, ...others }, WHERE);
    t.match(await notes({}), /has a clean-up of old colours\.[^]*every rainbow group in monitoring/);
    t.match(
      await notes({}),
      /delete job .*--ignore-not-found tidegate-rainbow-now\n.*--from=cronjob\/tidegate-rainbow tidegate-rainbow-now\n/,
    );
    t.match(await notes({ groups: ['web'], namespaces: ['chat'] }), /of web in chat [^]*cronjob\/tidegate-rainbow-chat/);
    t.match(await notes({ dryRun: 'client' }), 'only says what it would do');
    t.match(await notes({ serviceAccount: 'sweeper' }), /as the ServiceAccount sweeper, [^]*in monitoring/);
    const networkPolicy = { enabled: true };
    t.match(await notes({ ask: 'proxy' }, { networkPolicy }), 'networkPolicy.others has to let that in');
    const cleanUp = [{ podSelector: {} }];
    t.match(await notes({}, { networkPolicy: { ...networkPolicy, cleanUp } }), 'networkPolicy.cleanUp has to');
    t.notMatch(await notes({}, { networkPolicy }), /has to let/);
  }
});
