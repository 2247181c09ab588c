/**
 * An account in each of several namespaces, with a Role that is changed while somebody uses it, and a token
 * for whoever is outside of pods.
 */
import { type Right, rulesFor } from '../charts/rainbow-rights.js';
import type { StandIn } from './stand-in.js';
import type { Creation, Patch } from './stand-in-program.js';

const ACCOUNT = 'controller';
const RBAC = 'rbac.authorization.k8s.io';
const TOKEN_S = 3_600;

/** In the order of the namespaces. */
export async function tokensOf(
  standIn: StandIn,
  namespaces: readonly string[],
): Promise<readonly string[]> {
  const requests = namespaces.map((namespace) => ({
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${ACCOUNT}/token`,
    object: { spec: { expirationSeconds: TOKEN_S } },
  }));
  const answers = await standIn.make(requests);
  return answers.map((text) => (JSON.parse(text) as TokenRequest).status.token);
}

interface TokenRequest {
  readonly status: { readonly token: string };
}

/** What it may do, from now on. */
export function giving(namespace: string, rights: readonly Right[]): Patch {
  return { path: `${roles(namespace)}s/${ACCOUNT}`, merge: { rules: rulesFor(rights) } };
}

/** One that may do nothing yet. */
export function accountOf(namespace: string): readonly Creation[] {
  const metadata = { name: ACCOUNT };
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: ACCOUNT };
  const subjects = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }];
  const core = `/api/v1/namespaces/${namespace}`;
  return [
    { path: `${core}/serviceaccounts`, object: { metadata } },
    { path: `${roles(namespace)}s`, object: { metadata, rules: [] } },
    { path: `${roles(namespace)}bindings`, object: { metadata, roleRef, subjects } },
  ];
}

const roles = (namespace: string): string => `/apis/${RBAC}/v1/namespaces/${namespace}/role`;
