/**
 * Kubeconfig files as one: which context is meant, its cluster and its user. Names that stand in
 * several files are those of the first, as kubectl has it. What tidegate cannot do is refused, not
 * passed over: it would be another user, or another way, than was meant.
 */
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { checkedToken } from './credentials.js';
import { KubernetesError } from './fault.js';
import { Fields } from './fields.js';
import { type Outside, readFile, readIfThere } from './outside.js';

/** What the user said. */
export interface Given {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** A text that may stand in a file. */
type Text = () => string;

export interface Cluster {
  readonly server: URL;
  readonly ca: Text | undefined;
  readonly serverName: string | undefined;
  readonly isVerified: boolean;
}

export interface Plugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly installHint: string | undefined;
  readonly interactiveMode: string;
  readonly wantsCluster: boolean;
  /** What its cluster's entry holds for plugins. */
  readonly clusterConfig: unknown;
}

export interface User {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly cert: Text | undefined;
  readonly key: Text | undefined;
  readonly exec: Plugin | undefined;
}

export interface Context {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly cluster: Cluster;
  readonly user: User;
}

/** Undefined if there is no kubeconfig at all. */
export function findContext(given: Given, outside: Outside): Context | undefined {
  const files = readFiles(given, outside);
  const chosen = given.context ?? first(files, (file) => file.text('current-context'));
  if (chosen === undefined) {
    if (files.length === 0) return undefined;
    throw new KubernetesError(`${namesOf(files)} has no current-context; --context names one`);
  }
  const context = entry(files, 'context', chosen);
  const clusterName = context.needed('cluster');
  const userName = context.text('user');
  const cluster = entry(files, 'cluster', clusterName);
  const user = userName === undefined ? new Fields({}, '') : entry(files, 'user', userName);
  return {
    name: chosen,
    namespace: context.text('namespace'),
    cluster: clusterOf(cluster, outside),
    user: userOf(user, cluster, outside),
  };
}

function readFiles({ kubeconfig }: Given, outside: Outside): Fields[] {
  if (kubeconfig !== undefined) return [parsed(kubeconfig, readFile(kubeconfig, outside))];
  const { KUBECONFIG: list = '', HOME: home = '' } = outside.variables;
  const named = list.split(delimiter).filter((path) => path !== '');
  const usual = home === '' ? [] : [join(home, '.kube', 'config')];
  return (named.length > 0 ? named : usual).flatMap((path) => {
    // kubectl, too, passes over those of the list that are not there.
    const text = readIfThere(path, outside);
    return text === undefined || text.trim() === '' ? [] : [parsed(path, text)];
  });
}

function parsed(path: string, text: string): Fields {
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'error' });
  } catch {
    // The parser's message quotes the line, and a token may be in it.
    throw new KubernetesError(`${path} is no YAML`);
  }
  return new Fields(value, path);
}

function first<T>(files: readonly Fields[], read: (file: Fields) => T | undefined): T | undefined {
  for (const file of files) {
    const value = read(file);
    if (value !== undefined) return value;
  }
  return undefined;
}

function namesOf(files: readonly Fields[]): string {
  return files.length === 0 ? 'the kubeconfig' : files.map(({ path }) => path).join(delimiter);
}

/** `contexts: [{name, context: {...}}]`, and likewise for the others. */
function entry(files: readonly Fields[], kind: string, name: string): Fields {
  const found = first(files, (file) =>
    file.list(`${kind}s`).find((one) => one.text('name') === name),
  );
  if (found === undefined) {
    throw new KubernetesError(`${namesOf(files)} has no ${kind} "${name}"`);
  }
  return found.record(kind);
}

function clusterOf(cluster: Fields, outside: Outside): Cluster {
  cluster.refuse('proxy-url', 'tidegate goes through no proxy to the API server');
  const text = cluster.needed('server');
  let server: URL;
  try {
    server = new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw new KubernetesError(`${cluster.path}: server "${text}" is no URL`);
  }
  if (server.protocol !== 'https:' && server.protocol !== 'http:') {
    throw new KubernetesError(`${cluster.path}: server "${text}" is neither https nor http`);
  }
  return {
    server,
    ca: textOf(cluster, 'certificate-authority', outside),
    serverName: cluster.text('tls-server-name'),
    isVerified: !cluster.flag('insecure-skip-tls-verify'),
  };
}

function userOf(user: Fields, cluster: Fields, outside: Outside): User {
  const exchanged = 'tidegate knows tokens, certificates and exec plugins';
  for (const key of ['username', 'password', 'auth-provider']) user.refuse(key, exchanged);
  for (const key of ['as', 'as-uid', 'as-groups', 'as-user-extra']) {
    user.refuse(key, 'tidegate impersonates nobody');
  }
  const tokenFile = user.text('tokenFile');
  const token = user.text('token');
  return {
    token: token === undefined ? undefined : checkedToken(token, user.path),
    tokenFile: tokenFile === undefined ? undefined : besides(user.path, tokenFile),
    cert: textOf(user, 'client-certificate', outside),
    key: textOf(user, 'client-key', outside),
    exec: user.has('exec') ? pluginOf(user.record('exec'), cluster) : undefined,
  };
}

/** What is given as data beats what is named as a file. */
function textOf(fields: Fields, key: string, outside: Outside): Text | undefined {
  const data = fields.text(`${key}-data`);
  if (data !== undefined) return () => Buffer.from(data, 'base64').toString('utf8');
  const file = fields.text(key);
  return file === undefined ? undefined : () => readFile(besides(fields.path, file), outside);
}

function pluginOf(exec: Fields, cluster: Fields): Plugin {
  const command = exec.needed('command');
  const extensions = cluster.list('extensions');
  const own = extensions.find((one) => one.text('name') === 'client.authentication.k8s.io/exec');
  return {
    // A bare name is looked for in PATH, anything else beside the file.
    command: /[\\/]/.test(command) ? besides(exec.path, command) : command,
    args: exec.texts('args'),
    variables: Object.fromEntries(
      exec.list('env').map((one) => [one.needed('name'), one.text('value') ?? '']),
    ),
    apiVersion: exec.needed('apiVersion'),
    installHint: exec.text('installHint'),
    interactiveMode: exec.text('interactiveMode') ?? 'IfAvailable',
    wantsCluster: exec.flag('provideClusterInfo'),
    clusterConfig: own?.value('extension'),
  };
}

function besides(file: string, path: string): string {
  return resolve(dirname(file), path);
}
