/**
 * The pod of the charts runs as they render it: without privileges, on file systems that it cannot write
 * to, in a namespace that enforces Pod Security `restricted`. And its admin port keeps changes to the pod:
 * another one is answered what it asks, and refused whatever would change something.
 */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { AdminError, Status } from '../../src/admin/contract.js';
import { adminRoutes, type AdminSources } from '../../src/admin/routes.js';
import type { Cluster } from './cluster.js';
import { exampleRelease, exampleValues, PODS } from './example.js';
import { containerOf, Namespace, type Pod } from './namespace.js';
import { testWithHelm } from './release.js';

const NOBODY = 65_532;
const NO_CAPABILITIES = '0'.repeat(16);
/** It would be waited for: it is answered after `terminationNotice`, see drain-wait.test.ts. */
const WAITS = 'GET /drain/wait';
/** What somebody might try who wants to look as if he were in the pod. */
const GUISES: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1', 'x-real-ip': '::1' },
  { authorization: 'Bearer ', 'x-tidegate-token': 'undefined' },
];
const LEASE = {
  method: 'POST',
  path: '/leases',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ name: 'a job', ttl: '30s' }),
};

type Kit = NonNullable<Cluster['kit']>;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly call: Call;
  readonly status: number;
  readonly text: string;
}

/** Every call that the admin port has. */
function allCalls(): readonly Call[] {
  const routes = Object.entries(adminRoutes({} as AdminSources));
  return routes
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })))
    .filter(({ method, path }) => `${method} ${path}` !== WAITS);
}

/** Asks an admin port from within a container, call by call. */
async function ask(
  namespace: Namespace,
  [pod, container]: readonly [pod: string, container: string],
  host: string,
  calls: readonly Call[],
): Promise<readonly Answer[]> {
  const script = `
    const answers = [];
    for (const call of ${JSON.stringify(calls)}) {
      const answer = await fetch('http://${host}:9180' + call.path, call);
      answers.push({ call, status: answer.status, text: await answer.text() });
    }
    console.log(JSON.stringify(answers));`;
  return JSON.parse(await namespace.node(pod, container, script)) as Answer[];
}

/** What the kernel says of a process, by the names of its lines. */
function statusOf(pid: number): Readonly<Record<string, string>> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/) as [string, string]));
}

/** The options of the mount on `/`, as this process sees it. */
function rootOptions(pid: number): readonly string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
  const root = lines
    .map((line) => line.split(' '))
    .find(([, , , , mountPoint]) => mountPoint === '/');
  return root?.[5].split(',') ?? [];
}

async function runsAsRendered(t: Test, kit: Kit, pod: Pod): Promise<void> {
  const names = ['tidegate', 'app'] as const;
  const ids = names.map((name) => containerOf(pod, name)?.containerID ?? '');
  const pids = await kit.pidsOf(ids.map((id) => id.replace('containerd://', '')));
  for (const [index, name] of names.entries()) {
    const { Uid, Gid, CapInh, CapPrm, CapEff, CapBnd, CapAmb, ...rest } = statusOf(pids[index]);
    t.equal(Uid, Array(4).fill(NOBODY).join('\t'), `${name}: its user`);
    if (name === 'tidegate') t.equal(Gid, Uid, 'and its group');
    const sets = [CapInh, CapPrm, CapEff, CapBnd, CapAmb];
    t.same(sets, Array(5).fill(NO_CAPABILITIES), 'no capability in any set');
    t.match(rest, { NoNewPrivs: '1', Seccomp: '2' }, 'nor to be gained; system calls are filtered');
    const options = rootOptions(pids[index]);
    t.ok(options.includes('ro'), `its root is mounted ${options.join()}`);
  }
}

/** One line for each call, those alike together. */
function outcomes(answers: readonly Answer[]): readonly string[] {
  const lines = answers.map(({ call: { method, path }, status, text }) => {
    const { error = 'none' } = JSON.parse(text) as Partial<AdminError>;
    return `${method} ${path}: ${status}, error ${error}`;
  });
  return [...new Set(lines)];
}

async function keepsChangesToItself(t: Test, namespace: Namespace, pod: Pod): Promise<void> {
  const [elsewhere, own] = [
    ['load', 'load'],
    [pod.metadata.name, 'app'],
  ] as const;
  const { podIP = '' } = pod.status;
  const calls = allCalls();
  const reads = calls.filter(({ method }) => method === 'GET');
  for (const { call, status } of await ask(namespace, elsewhere, podIP, reads)) {
    // 409 is a verdict, and 503 that of a busy node on whether the app answers.
    const isAnswered = [200, 409, 503].includes(status);
    t.ok(isAnswered, `${call.path} is answered to another pod: ${status}`);
  }
  const changes = calls.filter((call) => !reads.includes(call));
  const tried = GUISES.flatMap((headers) => changes.map((call) => ({ ...call, headers })));
  const refused = changes.map(({ method, path }) => `${method} ${path}: 403, error forbidden`);
  t.same(outcomes(await ask(namespace, elsewhere, podIP, tried)), refused, 'no change is done');
  const byAddress = await ask(namespace, own, podIP, tried);
  t.same(outcomes(byAddress), refused, "nor from the pod itself, by the network's address");
  const { phase, leases } = await namespace.admin<Status>(pod.metadata.name, '/status');
  t.same([phase, leases.held], ['serving', 0], 'nothing has changed');
  const [lease] = await ask(namespace, own, '127.0.0.1', [LEASE]);
  t.equal(lease.status, 201, `within the pod a lease is given: ${lease.text}`);
}

const title =
  'The pod runs as it is rendered, without privileges, and is changed by nobody outside of it';
testWithHelm(title, async (t, cluster, helm) => {
  const namespace = await Namespace.create(t, cluster);
  const values = exampleValues(cluster, { replicas: 1, graceS: 30 });
  const release = exampleRelease(t, namespace, helm[4]);
  await Promise.all([release.install(values), namespace.load(t)]);
  const [pod] = await namespace.pods(PODS);
  if (cluster.kit !== undefined) await runsAsRendered(t, cluster.kit, pod);
  await keepsChangesToItself(t, namespace, pod);
});
