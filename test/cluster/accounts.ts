/**
 * An account in each of several namespaces, with a Role that is changed while somebody uses it, and a token
 * for whoever is outside of pods.
 */
import { type Right, rulesFor } from '../charts/rainbow-rights.js';
import { type Cluster, kubectl } from './cluster.js';
import { polled } from './controllers.js';
import type { Creation, Patch } from './stand-in-program.js';

const ACCOUNT = 'controller';
const RBAC = 'rbac.authorization.k8s.io';
const KIT = 'kit=accounts';
const MADE_MS_MAX = 60_000;

/** By namespace; Kubernetes makes them a moment after their Secrets. */
export async function tokensOf(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const which = ['get', 'secrets', '-A', '-l', KIT, '-o', 'json'];
  let tokens = new Map<string, string>();
  const areMade = async (): Promise<boolean> => {
    const { items } = JSON.parse(await kubectl(cluster, which)) as Secrets;
    tokens = new Map(
      items.flatMap(({ metadata, data }) =>
        data?.token === undefined
          ? []
          : [[metadata.namespace, Buffer.from(data.token, 'base64').toString()]],
      ),
    );
    return namespaces.every((name) => tokens.has(name));
  };
  await polled(areMade, 'each account has its token', MADE_MS_MAX);
  return tokens;
}

/** What it may do, from now on. */
export function giving(namespace: string, rights: readonly Right[]): Patch {
  return { path: `${roles(namespace)}s/${ACCOUNT}`, merge: { rules: rulesFor(rights) } };
}

interface Secrets {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string };
    readonly data?: { readonly token?: string };
  }[];
}

/** One that may do nothing yet. */
export function accountOf(namespace: string): readonly Creation[] {
  const metadata = { name: ACCOUNT };
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: ACCOUNT };
  const subjects = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }];
  const annotations = { 'kubernetes.io/service-account.name': ACCOUNT };
  const secret = {
    type: 'kubernetes.io/service-account-token',
    metadata: { ...metadata, labels: { kit: 'accounts' }, annotations },
  };
  const core = `/api/v1/namespaces/${namespace}`;
  return [
    { path: `${core}/serviceaccounts`, object: { metadata } },
    { path: `${roles(namespace)}s`, object: { metadata, rules: [] } },
    { path: `${roles(namespace)}bindings`, object: { metadata, roleRef, subjects } },
    { path: `${core}/secrets`, object: secret },
  ];
}

const roles = (namespace: string): string => `/apis/${RBAC}/v1/namespaces/${namespace}/role`;
