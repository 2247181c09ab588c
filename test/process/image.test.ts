/**
 * The image that the Dockerfile makes: what is in it and what is not, and that it runs as nodes run
 * it, by itself, without a shell, as nobody, on a root that cannot be written.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { type Container, IMAGE, IMAGE_BASE, IMAGE_PROGRAMS, Images } from '../peers/image.js';
import { Metrics } from '../peers/metrics.js';
import { mayBeSkipped, testWith } from '../peers/programs.js';
import { BUNDLE, type LogLine, NODE_FLAGS } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const NODE_INSIDE = '/nodejs/bin/node';
const FOLDER = '/tidegate';
const NOBODY = 65_532;
/** In the program's own name: a linked node_modules is named by where it leads. */
const MODULES = /"[^"]*(?=node_modules\/)/g;

const project = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Every file and folder below `folder`, by its path in the image. */
function pathsIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true }) as string[];
  return entries.map((path) => `/${path}`).sort();
}

function describe(t: Test, images: Images): void {
  t.test('its configuration is what a node acts upon', async (t) => {
    const { version } = JSON.parse(project('package.json')) as { version: string };
    const config = await images.config();
    t.equal(config.User, `${NOBODY}:${NOBODY}`, 'by number: Kubernetes can tell it is not root');
    const entrypoint = [NODE_INSIDE, ...NODE_FLAGS, `${FOLDER}/tidegate.mjs`];
    t.same(config.Entrypoint, entrypoint, 'in exec form, with the flags of the shebang');
    t.notOk(config.Cmd?.length, 'further arguments are its own');
    t.equal(config.StopSignal, 'SIGTERM');
    t.match(config.Labels, { 'org.opencontainers.image.version': version });
    t.notMatch(config.Env?.join('\n'), /node_options|npm_config/i);
  });

  t.test('it adds the programs and the licences to its base, and nothing else', async (t) => {
    const base = await images.mounted(IMAGE_BASE, pathsIn);
    await images.mounted(IMAGE, (root) => {
      const added = pathsIn(root).filter((path) => !base.includes(path));
      const files = ['LICENSE', 'LICENSES.txt', 'notice.mjs', 'tidegate.mjs'];
      t.same(added, [FOLDER, ...files.map((name) => `${FOLDER}/${name}`)]);
      for (const path of added) {
        const { uid, mode } = statSync(join(root, path));
        t.same([uid, mode & 0o022, mode & 0o004], [0, 0, 0o004], `${path} is only to be read`);
      }
      const inside = readFileSync(join(root, FOLDER, 'tidegate.mjs'), 'utf8');
      const outside = readFileSync(BUNDLE, 'utf8').replace(MODULES, '"');
      t.ok(inside.replace(MODULES, '"') === outside, 'the program is the one built outside');
      for (const path of ['LICENSE', 'dist/LICENSES.txt', 'dist/notice.mjs']) {
        t.equal(readFileSync(join(root, FOLDER, basename(path)), 'utf8'), project(path));
      }
    });
  });

  t.test('there is no shell in it', async (t) => {
    const shells = /\/(sh|bash|dash|ash|busybox|env)$/;
    await images.mounted(IMAGE, (root) =>
      t.same(
        pathsIn(root).filter((p) => shells.test(p)),
        [],
      ),
    );
  });
}

/** The line that says where it listens. */
async function listening(container: Container): Promise<LogLine> {
  const lines = (): LogLine[] =>
    container.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const found = (): LogLine | undefined => lines().find(({ msg }) => msg === 'listening');
  let ended = false;
  void container.ended.then(() => (ended = true));
  const said = (): string => `${container.stdout}${container.stderr}`;
  await until(() => found() !== undefined || ended, said, 30_000);
  return found() ?? { level: 'error', time: '', msg: said() };
}

/** From its start to its end, as a pod would see it. */
async function live(t: Test, images: Images): Promise<void> {
  const app = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.teardown(() => void app.close());
  const to = `127.0.0.1:${(app.address() as AddressInfo).port}`;
  const ports = ['--listen=127.0.0.1:0', '--admin=127.0.0.1:0', `--app=${to}`];
  const container = images.run(...ports, '--grace-period=10s', '--settle-min=0s');
  const { listen, admin, ...line } = await listening(container);
  t.match(line, { msg: 'listening', app: to });
  const ask = (path: string): Promise<Response> =>
    fetch(`http://${String(admin)}${path}`, { headers: { connection: 'close' } });

  const process = `/proc/${await container.pid()}`;
  const status = readFileSync(`${process}/status`, 'latin1');
  t.match(status, new RegExp(`^Uid:(\t${NOBODY}){4}\nGid:(\t${NOBODY}){4}$`, 'm'));
  t.match(status, /^CapEff:\t0+$/m);
  t.match(status, /^NSpid:.*\t1$/m, 'signals reach it directly: it is the first process');
  t.match(readFileSync(`${process}/mountinfo`, 'latin1'), /^\S+ \S+ \S+ \S+ \/ ro,/m);

  t.equal((await ask('/livez')).status, 200);
  t.equal((await ask('/readyz')).status, 200);
  const answer = await fetch(`http://${String(listen)}/`, { headers: { connection: 'close' } });
  t.equal(await answer.text(), 'hello');
  const metrics = new Metrics(await (await ask('/metrics')).text());
  t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 1);

  const shell = await container.exec('/bin/sh', '-c', 'true');
  t.not(shell.code, 0);
  t.match(shell.stderr, /no such file/);
  const write = "require('fs').writeFileSync('/tmp/x', '')";
  t.match((await container.exec(NODE_INSIDE, '-e', write)).stderr, /EROFS/);

  const port = String(admin).split(':').at(-1) ?? '';
  const notice = await container.exec(NODE_INSIDE, `${FOLDER}/notice.mjs`, port);
  t.same(notice, { code: 0, stdout: '', stderr: '' }, 'the preStop tells it of the end');
  t.match(await (await ask('/status')).json(), { terminating: true, drain: { reason: 'preStop' } });
  t.equal(await container.stop(), 0);
  t.match(container.stdout, /"drained/);
  t.equal(container.stderr, '');
}

const title = 'the image';
if (process.getuid?.() !== 0 && mayBeSkipped()) {
  void t.test(`${title} (needs root)`, { skip: true }, () => undefined);
} else {
  testWith(IMAGE_PROGRAMS, title, async (t, programs) => {
    const images = await Images.prepare(t, programs);
    describe(t, images);
    await t.test('it carries, drains and ends', (t) => live(t, images));
    await t.test('it is the command line too', async (t) => {
      const version = images.run('--version');
      t.equal(await version.ended, 0);
      t.match(version.stdout, /^tidegate \d+\.\d+\.\d+\n$/);
    });
  });
}
