/**
 * Credentials from a program that the kubeconfig names (client.authentication.k8s.io): run when
 * they are needed, kept until they expire or are refused. What it prints is secret and is told to
 * nobody; what it says on standard error is for whoever sits there.
 */
import { spawn } from 'node:child_process';
import { momentOf } from '../clock.js';
import { checkedToken, type Credentials, type Secrets } from './credentials.js';
import { KubernetesError } from './fault.js';
import type { Cluster, Plugin } from './kubeconfig.js';
import type { Outside } from './outside.js';

/** Somebody may have to log in in a browser meanwhile. */
export const PLUGIN_MS_MAX = 300_000;
export const PLUGIN_BYTES_MAX = 1_048_576;
/** What expires within so long is not good enough for a call any more. */
const EXPIRY_MARGIN_MS = 10_000;

const API_VERSION = /^client\.authentication\.k8s\.io\/v1(beta1)?$/;

export function pluginCredentials(plugin: Plugin, cluster: Cluster, outside: Outside): Credentials {
  if (!API_VERSION.test(plugin.apiVersion)) {
    throw new KubernetesError(
      `the exec plugin ${plugin.command} speaks ${plugin.apiVersion}, tidegate` +
        ' client.authentication.k8s.io/v1 and v1beta1',
    );
  }
  let kept: Promise<Kept> | undefined;
  const isGood = ({ expiresMs }: Kept): boolean =>
    outside.clock.wall().getTime() < expiresMs - EXPIRY_MARGIN_MS;
  const get = async (): Promise<Secrets> => {
    if (kept !== undefined && !isGood(await kept)) kept = undefined;
    kept ??= runPlugin(plugin, cluster, outside).then((text) => readCredential(plugin, text));
    kept.catch(() => (kept = undefined));
    return (await kept).secrets;
  };
  const forget = (): boolean => {
    kept = undefined;
    return true;
  };
  return { get, forget };
}

interface Kept {
  readonly secrets: Secrets;
  /** By the time of day; Infinity if it says nothing of it. */
  readonly expiresMs: number;
}

/** Its standard output. */
function runPlugin(plugin: Plugin, cluster: Cluster, outside: Outside): Promise<string> {
  const { command, args, variables, interactiveMode } = plugin;
  const isInteractive = outside.isInteractive && interactiveMode !== 'Never';
  if (interactiveMode === 'Always' && !isInteractive) {
    throw new KubernetesError(`the exec plugin ${command} needs a terminal`);
  }
  const info = JSON.stringify(infoFor(plugin, cluster, isInteractive));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...outside.variables, ...variables, KUBERNETES_EXEC_INFO: info },
      stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    });
    const fail = (what: string): void => {
      late.cancel();
      child.kill('SIGKILL');
      reject(new KubernetesError(`the exec plugin ${command} ${what}`));
    };
    const late = outside.clock.after(PLUGIN_MS_MAX, () =>
      fail(`does not end within ${PLUGIN_MS_MAX / 60_000} minutes`),
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > PLUGIN_BYTES_MAX) fail('prints more than 1 MiB');
    });
    child.on('error', (error: NodeJS.ErrnoException) => fail(notRun(plugin, error)));
    child.on('close', (code, signal) => {
      if (code !== 0) return fail(`fails (${signal ?? `exit code ${code}`})`);
      late.cancel();
      resolve(text);
    });
  });
}

function notRun({ installHint }: Plugin, { code, message }: NodeJS.ErrnoException): string {
  if (code !== 'ENOENT') return `cannot be run: ${message}`;
  const hint = installHint?.trim() ?? '';
  return hint === '' ? 'is not there' : `is not there. ${hint}`;
}

/** What the plugin is told (KUBERNETES_EXEC_INFO). */
function infoFor(plugin: Plugin, cluster: Cluster, interactive: boolean): object {
  const { server, serverName, isVerified, ca } = cluster;
  const data = ca === undefined ? undefined : Buffer.from(ca()).toString('base64');
  const told = {
    server: server.href.replace(/\/$/, ''),
    'tls-server-name': serverName,
    'insecure-skip-tls-verify': isVerified ? undefined : true,
    'certificate-authority-data': data,
    config: plugin.clusterConfig,
  };
  return {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive, ...(plugin.wantsCluster ? { cluster: told } : {}) },
  };
}

function readCredential({ command, apiVersion }: Plugin, text: string): Kept {
  const fault = (what: string): KubernetesError =>
    new KubernetesError(`the exec plugin ${command} prints ${what}`);
  let credential: unknown;
  try {
    credential = JSON.parse(text);
  } catch {
    throw fault('something else than JSON');
  }
  const fields = recordOf(credential);
  if (fields['kind'] !== 'ExecCredential' || fields['apiVersion'] !== apiVersion) {
    throw fault(`no ExecCredential of ${apiVersion}`);
  }
  const status = recordOf(fields['status']);
  const token = textOf(status['token']);
  const cert = textOf(status['clientCertificateData']);
  const key = textOf(status['clientKeyData']);
  const expires = textOf(status['expirationTimestamp']);
  const isPair = cert !== undefined && key !== undefined;
  if (token === undefined && !isPair) throw fault('neither a token nor a certificate with its key');
  const expiresMs = expires === undefined ? Infinity : momentOf(expires);
  if (Number.isNaN(expiresMs)) throw fault('an expirationTimestamp that is no time');
  const checked = token === undefined ? undefined : checkedToken(token, `the plugin ${command}`);
  return { secrets: { token: checked, cert, key }, expiresMs };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
