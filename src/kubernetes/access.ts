/**
 * How a cluster is reached and who one is there: by a kubeconfig, or in a pod by its service
 * account.
 */
import { always, type Credentials, fromTokenFile } from './credentials.js';
import { pluginCredentials } from './exec-plugin.js';
import { KubernetesError } from './fault.js';
import { type Cluster, type Context, findContext, type Given, type User } from './kubeconfig.js';
import { type Outside, readFile, readIfThere } from './outside.js';

export interface Access {
  readonly server: URL;
  /** Which context it is, for people. */
  readonly name: string;
  /** The one that is meant where none is named. */
  readonly namespace: string;
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  /** Whether the server's certificate is looked at. */
  readonly isVerified: boolean;
  readonly credentials: Credentials;
}

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws a KubernetesError that says what is missing. */
export function findAccess(given: Given, outside: Outside): Access {
  const context = findContext(given, outside);
  if (context !== undefined) return accessOf(context, outside);
  const account = fromServiceAccount(outside);
  if (account !== undefined) return account;
  throw new KubernetesError(
    'no cluster is known: there is no kubeconfig (--kubeconfig, KUBECONFIG or ~/.kube/config),' +
      ' and no service account as pods have it',
  );
}

function accessOf({ name, namespace, cluster, user }: Context, outside: Outside): Access {
  const { server, serverName, isVerified } = cluster;
  return {
    server,
    name: `context ${name}`,
    namespace: namespace ?? 'default',
    ca: isVerified ? cluster.ca?.() : undefined,
    serverName,
    isVerified,
    // Secrets are for an encrypted connection alone.
    credentials: server.protocol === 'https:' ? credentialsOf(user, cluster, outside) : always({}),
  };
}

function credentialsOf(user: User, cluster: Cluster, outside: Outside): Credentials {
  if (user.exec !== undefined) return pluginCredentials(user.exec, cluster, outside);
  const pair = { cert: user.cert?.(), key: user.key?.() };
  if (user.tokenFile !== undefined) return fromTokenFile(user.tokenFile, pair, outside);
  return always({ ...pair, token: user.token });
}

function fromServiceAccount(outside: Outside): Access | undefined {
  const { variables } = outside;
  const host = variables['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = variables['KUBERNETES_SERVICE_PORT'] ?? '443';
  const token = `${ACCOUNT_FOLDER}/token`;
  if (host === '' || readIfThere(token, outside) === undefined) return undefined;
  const namespace = readIfThere(`${ACCOUNT_FOLDER}/namespace`, outside)?.trim() ?? '';
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    name: 'the service account of this pod',
    namespace: namespace === '' ? 'default' : namespace,
    ca: readFile(`${ACCOUNT_FOLDER}/ca.crt`, outside),
    serverName: undefined,
    isVerified: true,
    credentials: fromTokenFile(token, {}, outside),
  };
}
