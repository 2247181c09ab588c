/**
 * Tidegate's own command line as people and scripts outside of pods run it: through the API server,
 * with the rights of whoever asks.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { folderFor, type Ran, run } from '../peers/running.js';
import { until } from '../peers/until.js';
import { type Cluster, environment, kubectl } from './cluster.js';
import type { Namespace } from './namespace.js';

const COMMAND_MS_MAX = 60_000;
const POLL_MS = 250;
const STATE_MS_MAX = 60_000;
/** Of the sidecars that are drained from outside. */
export const TOKEN = 'a-token-of-the-tests';

/** What a command said and how it ended; none of them may take long. */
export function tidegate(
  namespace: Namespace,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [program, ...rest] = namespace.cluster.tidegate(...args);
  const env = { ...environment(), ...variables };
  return run(program, rest, { env, timeoutMs: COMMAND_MS_MAX });
}

/** Drains a pod of this namespace, with the token that it takes; or recalls that. */
export async function drain(namespace: Namespace, pod: string, ...args: string[]): Promise<Status> {
  const force = args.includes('--recall') ? [] : ['--force'];
  const which = ['--pod', `${namespace.name}/${pod}`];
  const command = ['drain', ...which, ...force, ...args, '-o', 'json'];
  const { code, stdout, stderr } = await tidegate(namespace, command, TOKEN_VARIABLE);
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Status;
}

const TOKEN_VARIABLE = { TIDEGATE_ADMIN_TOKEN: TOKEN };

/** What `tidegate status` tells of a pod. */
export async function statusOf(namespace: Namespace, pod: string): Promise<Status> {
  const command = ['status', '--pod', `${namespace.name}/${pod}`, '-o', 'json'];
  const { stdout, stderr } = await tidegate(namespace, command);
  if (stdout === '') throw new Error(`${command.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Status;
}

/** Resolves once that is as expected. */
export async function statusUntil(
  namespace: Namespace,
  pod: string,
  holds: (status: Status) => boolean,
  what: string,
  timeoutMs = STATE_MS_MAX,
): Promise<Status> {
  let status: Status | undefined;
  const asked = async (): Promise<boolean> => {
    status = await statusOf(namespace, pod);
    if (!holds(status)) await sleep(POLL_MS);
    return holds(status);
  };
  await until(asked, () => `${pod}: ${what}: ${JSON.stringify(status)}`, timeoutMs);
  return status as Status;
}

/** Whether the Service's endpoints have the pod, and as ready. */
export async function isEndpoint(
  namespace: Namespace,
  service: string,
  pod: string,
): Promise<boolean> {
  const which = ['endpointslices', '-l', `kubernetes.io/service-name=${service}`];
  const { items } = JSON.parse(
    await namespace.kubectl(['get', ...which, '-o', 'json']),
  ) as EndpointSlices;
  return items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .some(({ targetRef, conditions }) => targetRef?.name === pod && conditions.ready === true);
}

interface EndpointSlices {
  readonly items: readonly {
    readonly endpoints?: readonly {
      readonly targetRef?: { readonly name: string };
      readonly conditions: { readonly ready?: boolean };
    }[];
  }[];
}

/** Resolves once the endpoints have the pod, or have it no more; how long that took. */
export async function endpointTurns(
  namespace: Namespace,
  pod: string,
  isThere: boolean,
): Promise<number> {
  const fromMs = performance.now();
  const asked = async (): Promise<boolean> => {
    const is = await isEndpoint(namespace, 'web', pod);
    if (is !== isThere) await sleep(POLL_MS);
    return is === isThere;
  };
  const what = isThere ? 'is an endpoint again' : 'is no endpoint any more';
  await until(asked, `${pod} ${what}`, STATE_MS_MAX);
  return performance.now() - fromMs;
}

/** A kubeconfig of a new service account, which may do with this resource what the verbs say. */
export async function accountWith(
  t: Test,
  namespace: Namespace,
  name: string,
  verbs: readonly string[],
  resource = 'pods/proxy',
): Promise<string> {
  const metadata = { name, namespace: namespace.name };
  const rbac = 'rbac.authorization.k8s.io';
  const apiVersion = `${rbac}/v1`;
  const rules = [{ apiGroups: [''], resources: [resource], verbs }];
  const subjects = [{ kind: 'ServiceAccount', ...metadata }];
  const roleRef = { apiGroup: rbac, kind: 'Role', name };
  await namespace.apply({ kind: 'ServiceAccount', metadata });
  if (verbs.length > 0) {
    const role = { apiVersion, kind: 'Role', metadata, rules };
    await namespace.apply(role, { apiVersion, kind: 'RoleBinding', metadata, subjects, roleRef });
  }
  const token = (await namespace.kubectl(['create', 'token', name])).trim();
  return kubeconfigOf(t, await clustersOf(namespace.cluster), namespace.name, token);
}

type Clusters = readonly { readonly name: string }[];

/** As the administrator's own kubeconfig has them. */
export async function clustersOf(cluster: Cluster): Promise<Clusters> {
  const view = ['config', 'view', '--raw', '--minify', '--flatten', '-ojson'];
  return (JSON.parse(await kubectl(cluster, view)) as { clusters: Clusters }).clusters;
}

/** A file for whoever has this token, in this namespace. */
export function kubeconfigOf(
  t: Test,
  clusters: Clusters,
  namespace: string,
  token: string,
): string {
  const name = 'account';
  const file = join(folderFor(t), 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters,
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: clusters[0].name, user: name, namespace } }],
    'current-context': name,
  };
  writeFileSync(file, JSON.stringify(config));
  chmodSync(file, 0o600);
  return file;
}
