/**
 * The one file that ships: it needs nothing beside it, nothing around it, and tells nothing of the
 * machine on which it was made.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, hostname, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { folderFor, outputOf, run, start } from '../peers/running.js';
import { BUNDLE, NODE, NODE_FLAGS } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const { builtinModules } = createRequire(import.meta.url)('node:module') as {
  builtinModules: readonly string[];
};
const ANY_PORT = ['--listen=127.0.0.1:0', '--admin=127.0.0.1:0', '--app=127.0.0.1:9'];
const SHEBANG = `#!/usr/bin/env -S node ${NODE_FLAGS.join(' ')}\n`;

/** The bundle, alone in a folder nobody may write to. */
function copyAlone(t: Test): string {
  const folder = join(folderFor(t), 'alone');
  mkdirSync(folder);
  const copy = join(folder, 'tidegate.mjs');
  copyFileSync(BUNDLE, copy);
  chmodSync(copy, 0o555);
  chmodSync(folder, 0o555);
  t.teardown(() => chmodSync(folder, 0o755));
  return copy;
}

t.test('it begins with its shebang and may be run', (t) => {
  t.equal(readFileSync(BUNDLE, 'utf8').slice(0, SHEBANG.length), SHEBANG);
  t.equal(statSync(BUNDLE).mode & 0o111, 0o111);
  t.end();
});

t.test('it has no path of the machine in it', (t) => {
  const text = readFileSync(BUNDLE, 'latin1');
  const project = resolve(dirname(BUNDLE), '..');
  // A name that is a word of any program says nothing.
  const names = [project, homedir(), hostname(), dirname(project), userInfo().username];
  for (const name of names.filter((name) => name.length > 4)) {
    t.notOk(text.includes(name), `not ${name}`);
  }
  const absolute = text.match(/["'`(]\/(home|root|work|tmp|usr\/(local|lib)|opt|var)\/.{0,40}/g);
  // Where every pod finds its service account.
  const others = absolute?.filter(
    (path) => !path.includes('/secrets/kubernetes.io/serviceaccount'),
  );
  t.same(others ?? [], [], 'no other absolute path');
  t.notOk(text.includes('sourceMappingURL'));
  t.end();
});

t.test('it needs nothing but what Node brings', (t) => {
  const text = readFileSync(BUNDLE, 'utf8');
  const asked = [
    ...text.matchAll(/(?:\bfrom|require\(|\bimport\(|\bimport)\s*(["'])([\w@./:-]+)\1/g),
  ]
    .map(([, , name]) => name.replace(/^node:/, ''))
    .filter((name) => !builtinModules.includes(name));
  // ws asks for these two, and does without them where they are not.
  t.same([...new Set(asked)].sort(), ['bufferutil', 'utf-8-validate']);
  t.end();
});

t.test('it starts with no environment, in a folder that cannot be written', async (t) => {
  const copy = copyAlone(t);
  const args = ['-i', NODE, ...NODE_FLAGS, copy, ...ANY_PORT];
  const child = start('env', args, { cwd: dirname(copy) });
  const output = outputOf(child);
  t.teardown(() => void child.kill('SIGKILL'));
  const said = (): string => `${output.stdout}${output.stderr}`;
  await until(() => output.stdout.includes('"listening"'), said, 20_000);
  child.kill('SIGTERM');
  t.equal(await output.ended, 0);
  t.equal(output.stderr, '');
});

t.test('it runs by its name alone', async (t) => {
  const copy = copyAlone(t);
  const env = { PATH: `${dirname(NODE)}:/usr/bin:/bin` };
  const ran = await run(copy, ['--version'], { cwd: dirname(copy), env });
  t.match(ran, { code: 0, stdout: /^tidegate \d+\.\d+\.\d+\n$/, stderr: '' });
});

t.test('every package in it is named with its licence, and no other', async (t) => {
  // A bundle that tells where its code is from, which the one that ships does not.
  const args = ['esbuild', 'src/tidegate.ts', '--bundle', '--platform=node', '--format=esm'];
  const { stdout } = await run('npx', args, { cwd: resolve(dirname(BUNDLE), '..') });
  const module = /^ *\/\/ \S*\bnode_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm;
  const packages = new Set([...stdout.matchAll(module)].map(([, name]) => name));
  t.ok(packages.has('pino') && packages.has('prom-client') && packages.has('ws'));
  const notices = readFileSync(join(dirname(BUNDLE), 'LICENSES.txt'), 'utf8').split(/^-{80}$/m);
  const named = notices
    .slice(1)
    .map((notice) => /^(\S+) \d+\.\d+\.\d+ \(/.exec(notice.trim())?.[1]);
  t.same(named, [...packages].sort());
  for (const notice of notices.slice(1)) t.match(notice, /copyright|apache license/i);
});

t.test('the package has what it needs, and no more', async (t) => {
  const root = resolve(dirname(BUNDLE), '..');
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const { stdout, stderr } = await run('npm', args, { cwd: root, env: { HOME: folderFor(t) } });
  const [packed] = JSON.parse(stdout || stderr) as [{ files: { path: string; mode: number }[] }];
  t.same(packed.files.map(({ path }) => path).sort(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/LICENSES.txt',
    'dist/notice.mjs',
    'dist/tidegate.mjs',
    'package.json',
  ]);
});
