/**
 * The commands of the built program against a pod, through an API server made up, before a tidegate
 * that runs: they do what they do at its own port, and say who refuses what.
 */
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import {
  type Answering,
  type FakeApiServer,
  startApiServer,
  statusOf,
} from '../peers/api-server.js';
import { testWith } from '../peers/programs.js';
import { folderFor, outputOf, type Ran, run, start } from '../peers/running.js';
import { BUNDLE, NODE, startTidegate, type Tidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const TOKEN = 'correct-horse';

class Stage {
  readonly server: FakeApiServer;
  readonly tidegate: Tidegate;
  readonly folder: string;
  /** In namespace web; a Service has another ready pod. */
  slices = slicesOf('web-1', 'web-2');

  constructor(server: FakeApiServer, tidegate: Tidegate, folder: string) {
    this.server = server;
    this.tidegate = tidegate;
    this.folder = folder;
    this.uses(server.kubeconfig());
    server.answering = this.passes;
  }

  /** To the tidegate: from loopback, so that the token is looked at here as from elsewhere there. */
  readonly passes: Answering = ({ method, path, headers }) => {
    if (path.includes('/endpointslices?')) return { status: 200, body: this.slices };
    const isKnown = method === 'GET' || headers['x-tidegate-token'] === TOKEN;
    if (isKnown) return { admin: this.tidegate.admin.port };
    return { status: 403, body: { error: 'forbidden', reason: 'only from loopback' } };
  };

  uses(kubeconfig: string): void {
    writeFileSync(join(this.folder, 'config'), kubeconfig);
  }

  /** As outside of the pod: the command line has a kubeconfig and a token. */
  get env(): Record<string, string> {
    return { KUBECONFIG: join(this.folder, 'config'), TIDEGATE_ADMIN_TOKEN: TOKEN };
  }

  command(line: string, env = this.env): Promise<Ran> {
    return run(NODE, [BUNDLE, ...line.split(' ')], { env });
  }

  async ready(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.tidegate.admin.port}/readyz`)).status;
  }
}

/** The Service `web` has these, all of them ready. */
function slicesOf(...pods: readonly string[]): object {
  const endpoints = pods.map((name, at) => ({
    addresses: [`10.0.0.${at + 1}`],
    conditions: { ready: true },
    targetRef: { kind: 'Pod', name },
  }));
  const metadata = {
    ...{ name: 'web-1', namespace: 'web', uid: 'uid-1', resourceVersion: '1' },
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'kubernetes.io/service-name': 'web' },
  };
  return { metadata: { resourceVersion: '1' }, items: [{ metadata, endpoints }] };
}

async function setUp(
  t: Test,
  openssl: string,
  flags: readonly string[] = ['--quiet-for=0'],
): Promise<Stage> {
  const app = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  t.teardown(() => app.close());
  const usual = ['--grace-period=10m', '--settle-max=0', ...flags];
  const tidegate = await startTidegate({ app: { port }, flags: usual });
  t.teardown(async () => {
    tidegate.kill('SIGKILL');
    await tidegate.exited;
  });
  return new Stage(await startApiServer(t, openssl), tidegate, folderFor(t));
}

testWith(['openssl'], 'status, drain, recall and wait go through', async (t, { openssl }) => {
  const stage = await setUp(t, openssl);
  const status = await stage.command('status --pod web-1');
  t.match(status, { code: 0, stderr: '', stdout: /admin port default\/web-1:9180\n/ });
  t.match(await stage.command('drain --pod web/web-1 --admin 9999 --reason why'), { code: 0 });
  t.equal(await stage.ready(), 503);
  t.match(await stage.command('drain --pod web/web-1 --recall'), { code: 0, stderr: '' });
  t.equal(await stage.ready(), 200);
  const kept = await stage.command('drain --pod web/web-1 --readiness keep --wait -o json');
  t.match(kept, { code: 0, stderr: '', stdout: /^\{"safe":true,/ });
  t.equal(await stage.ready(), 200);
  t.match(await stage.command('wait --pod web/web-1 --timeout 5s'), { code: 0 });
  const base = (at: string): string => `/api/v1/namespaces/${at}/proxy`;
  t.match(
    stage.server.asked.slice(0, 5).map(({ method, path }) => `${method} ${path}`),
    [
      `GET ${base('default/pods/web-1:9180')}/status`,
      `GET /apis/discovery.k8s.io/v1/namespaces/web/endpointslices?limit=250`,
      `POST ${base('web/pods/web-1:9999')}/drain?reason=why`,
      `DELETE ${base('web/pods/web-1:9180')}/drain`,
      `POST ${base('web/pods/web-1:9180')}/drain?readiness=keep`,
    ],
  );
});

testWith(['openssl'], 'the last ready pod of a Service is not drained', async (t, { openssl }) => {
  const stage = await setUp(t, openssl);
  stage.slices = slicesOf('web-1');
  t.match(await stage.command('drain --pod web/web-1'), {
    code: 3,
    stderr:
      /^tidegate drain: web\/web-1:9180 is the last ready pod of Service web, which would send/,
  });
  t.equal(await stage.ready(), 200);
  t.match(await stage.command('drain --pod web/web-1 --readiness keep'), { code: 0 });
  t.match(await stage.command('drain --pod web/web-2'), { code: 0 });
  t.match(await stage.command('drain --pod web/web-1 --recall'), { code: 0 });
  stage.server.answering = (asked) =>
    asked.path.includes('/endpointslices')
      ? statusOf(403, 'Forbidden', 'forbidden: User "jane" cannot list resource "endpointslices"')
      : stage.passes(asked);
  t.match(await stage.command('drain --pod web/web-1'), {
    code: 1,
    stderr: /verb list on endpointslices.discovery.k8s.io in namespace web; --force drains it/,
  });
  t.equal(await stage.ready(), 200);
  t.match(await stage.command('drain --pod web/web-1 --force'), { code: 0 });
  t.equal(await stage.ready(), 503);
});

testWith(['openssl'], 'a long wait goes on over refusals that pass', async (t, { openssl }) => {
  const stage = await setUp(t, openssl, ['--quiet-for=1h']);
  const args = ['wait', '--pod', 'web/web-1'];
  const output = outputOf(start(NODE, [BUNDLE, ...args], { env: stage.env }));
  const { server, tidegate } = stage;
  await until(
    () => output.stdout.includes('not for long enough'),
    () => output.stderr,
    20_000,
  );
  const seen = server.asked.length;
  server.answering = () => statusOf(503, 'ServiceUnavailable', 'error trying to reach service: x');
  await until(() => server.asked.length > seen + 1, 'it asks on', 20_000);
  server.answering = stage.passes;
  await fetch(`http://127.0.0.1:${tidegate.admin.port}/drain?terminating=true`, { method: 'POST' });
  t.equal(await output.ended, 0);
  t.match(
    output.stderr,
    /web-1 in namespace web is not reached by the API server: .*; trying again/,
  );
});

testWith(['openssl'], 'who refuses what is told apart', async (t, { openssl }) => {
  const stage = await setUp(t, openssl);
  const { env } = stage;
  const withToken = (token: string): Record<string, string> => ({
    ...env,
    TIDEGATE_ADMIN_TOKEN: token,
  });
  t.match(await stage.command('drain --pod web/web-1', withToken('wrong-horse')), {
    code: 1,
    stderr: /^tidegate drain: web\/web-1:9180 refuses the token: /,
  });
  const without = { KUBECONFIG: String(env['KUBECONFIG']) };
  t.match(await stage.command('drain --pod web/web-1', without), {
    code: 1,
    stderr: /^tidegate drain: web\/web-1:9180 takes changes from its own pod only/,
  });
  const message = 'pods "web-1" is forbidden: User "jane" cannot get resource "pods/proxy"';
  stage.server.answering = () => statusOf(403, 'Forbidden', message);
  const { stderr } = await stage.command('status --pod web/web-1');
  t.match(
    stderr,
    /^tidegate status: the API server at .* does not let jane do that: .* get on pods/,
  );
  stage.server.answering = () => ({ status: 200, body: '<html>' });
  t.match(await stage.command('status --pod web/web-1'), {
    code: 1,
    stderr: /web-1:9180 answers 200 with something else than JSON: that is no admin port/,
  });
});

testWith(['openssl'], 'a plugin is run again when its token is refused', async (t, { openssl }) => {
  const stage = await setUp(t, openssl);
  const [login, count] = [join(stage.folder, 'login'), join(stage.folder, 'count')];
  const kind = '"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"';
  const said = `{${kind},"status":{"token":"tok-$(wc -l <${count})"}}`.replaceAll('"', '\\"');
  writeFileSync(login, `#!/bin/sh\necho >>${count}\necho "${said}"\n`);
  chmodSync(login, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login' };
  stage.uses(stage.server.kubeconfig({ exec: { ...exec, interactiveMode: 'IfAvailable' } }));
  stage.server.answering = ({ headers }) =>
    headers.authorization === 'Bearer tok-2'
      ? { admin: stage.tidegate.admin.port }
      : statusOf(401, 'Unauthorized', 'Unauthorized');
  const env = { ...stage.env, PATH: process.env['PATH'] ?? '' };
  t.match(await stage.command('status --pod web/web-1', env), { code: 0, stderr: '' });
  t.same(
    stage.server.asked.map(({ headers }) => headers.authorization),
    ['Bearer tok-1', 'Bearer tok-2'],
  );
});

testWith(
  ['openssl'],
  'what cannot be used is said before anybody is asked',
  async (t, { openssl }) => {
    const stage = await setUp(t, openssl);
    t.match(await stage.command('status --pod a/b/c --admin 1.2.3.4:5'), {
      code: 2,
      stderr:
        /^--admin "1.2.3.4:5": is no port alone, .*\n--pod "a\/b\/c": is not \[NAMESPACE\/\]NAME/,
    });
    t.match(await stage.command('status --context x'), {
      code: 2,
      stderr: /"x": goes with --pod\n/,
    });
    t.match(await stage.command('status --pod x --context y'), {
      code: 1,
      stderr: /no context "y"/,
    });
    t.match(await stage.command('status --pod x', { HOME: stage.folder }), {
      code: 1,
      stderr: /^tidegate status: no cluster is known: /,
    });
    t.same(stage.server.asked, []);
  },
);
