/**
 * Plugins that prove who one is: what they are told, what of their answers is taken, and that what
 * is secret is in no message.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { pluginCredentials } from '../../src/kubernetes/exec-plugin.js';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import type { Cluster, Plugin } from '../../src/kubernetes/kubeconfig.js';
import { folderFor } from '../peers/running.js';
import { Files } from './files.js';

const V1 = 'client.authentication.k8s.io/v1';
const CLUSTER: Cluster = {
  server: new URL('https://here:6443/'),
  ca: () => 'CA',
  serverName: undefined,
  isVerified: true,
};

/** A plugin that runs this shell script in a folder of its own, and a file it may write to. */
function pluginOf(t: Test, script: string, more: Partial<Plugin> = {}): Plugin & { log: string } {
  const folder = folderFor(t);
  const command = join(folder, 'login');
  const log = join(folder, 'log');
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return {
    command,
    args: [],
    variables: { LOG: log },
    apiVersion: V1,
    installHint: undefined,
    interactiveMode: 'IfAvailable',
    wantsCluster: false,
    clusterConfig: undefined,
    log,
    ...more,
  };
}

const printing = (status: object, apiVersion = V1, kind = 'ExecCredential'): string =>
  `echo run >>"$LOG"; echo '${JSON.stringify({ kind, apiVersion, status })}'`;

const outside = (): Files => new Files({}, { PATH: process.env['PATH'] });

t.test('its token is used, and kept until it expires or is refused', async (t) => {
  const files = outside();
  const expirationTimestamp = files.clock.wallAt(60_000).toISOString();
  const plugin = pluginOf(t, printing({ token: 'tok', expirationTimestamp }));
  const runs = (): number => readFileSync(plugin.log, 'utf8').split('\n').length - 1;
  const credentials = pluginCredentials(plugin, CLUSTER, files);
  const both = await Promise.all([credentials.get(), credentials.get()]);
  t.match(both, [{ token: 'tok' }, { token: 'tok' }]);
  t.equal(runs(), 1);
  files.clock.advance(45_000);
  await credentials.get();
  t.equal(runs(), 1);
  files.clock.advance(10_000);
  await credentials.get();
  t.equal(runs(), 2, 'it is about to expire');
  t.equal(credentials.forget(), true);
  await credentials.get();
  t.equal(runs(), 3);
  t.equal(files.clock.pending, 0);
});

t.test('a certificate is as good, and what it says of both versions', async (t) => {
  for (const version of [V1, `${V1}beta1`]) {
    const pair = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    const plugin = pluginOf(t, printing(pair, version), { apiVersion: version });
    const secrets = await pluginCredentials(plugin, CLUSTER, outside()).get();
    t.match(secrets, { token: undefined, cert: 'CERT', key: 'KEY' });
  }
});

t.test('it is told what it is for, and of the cluster only if it wants to', async (t) => {
  const script = `printf '%s' "$KUBERNETES_EXEC_INFO $1" >"$LOG"; exit 1`;
  for (const wantsCluster of [false, true]) {
    const plugin = pluginOf(t, script, { wantsCluster, args: ['word'], clusterConfig: { a: 1 } });
    await t.rejects(pluginCredentials(plugin, CLUSTER, outside()).get());
    const [info, word] = readFileSync(plugin.log, 'utf8').split(' ');
    t.equal(word, 'word');
    const cluster = {
      server: 'https://here:6443',
      'certificate-authority-data': Buffer.from('CA').toString('base64'),
      config: { a: 1 },
    };
    t.same(JSON.parse(info), {
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: { interactive: false, ...(wantsCluster ? { cluster } : {}) },
    });
  }
});

t.test('what goes wrong is said, and nothing of what it printed', async (t) => {
  for (const [script, fault] of [
    ['exit 3', /login fails \(exit code 3\)$/],
    ['kill -9 $$', /login fails \(SIGKILL\)$/],
    ['echo secret', /login prints something else than JSON$/],
    ['echo []', /login prints no ExecCredential of client.authentication.k8s.io\/v1$/],
    [printing({ token: 'secret' }, 'v9'), /prints no ExecCredential of /],
    [printing({ token: 'secret' }, V1, 'Pod'), /prints no ExecCredential of /],
    [printing({ clientKeyData: 'secret' }), /prints neither a token nor a certificate/],
    [printing({ token: 'secret two' }), /is not printable characters without spaces$/],
    [
      printing({ token: 'secret', expirationTimestamp: 'x' }),
      /expirationTimestamp that is no time/,
    ],
    ['head -c 2000000 /dev/zero', /prints more than 1 MiB$/],
  ] as const) {
    const credentials = pluginCredentials(pluginOf(t, script), CLUSTER, outside());
    const error: unknown = await credentials.get().catch((error: unknown) => error);
    t.ok(error instanceof KubernetesError);
    t.match((error as Error).message, fault);
    t.notMatch((error as Error).message, /secret/);
  }
});

t.test('one that is not there says how to get it', async (t) => {
  const gone = pluginOf(t, '', {
    command: 'tidegate-no-such-plugin',
    installHint: 'apt install x\n',
  });
  await t.rejects(pluginCredentials(gone, CLUSTER, outside()).get(), {
    message: 'the exec plugin tidegate-no-such-plugin is not there. apt install x',
  });
  t.throws(() => pluginCredentials({ ...gone, apiVersion: 'v1alpha1' }, CLUSTER, outside()), {
    message: /speaks v1alpha1, tidegate client/,
  });
  const asking = { ...gone, interactiveMode: 'Always' };
  await t.rejects(pluginCredentials(asking, CLUSTER, outside()).get(), {
    message: /needs a terminal/,
  });
});

t.test('one that has failed is asked again', async (t) => {
  const plugin = pluginOf(
    t,
    `test -e "$LOG" || { touch "$LOG"; exit 1; }; ${printing({ token: 'x' })}`,
  );
  const credentials = pluginCredentials(plugin, CLUSTER, outside());
  await t.rejects(credentials.get());
  t.match(await credentials.get(), { token: 'x' });
});
