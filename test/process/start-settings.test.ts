/**
 * What the built program does with what it is told at its start: help and version, and which of a
 * flag, a variable and a default counts. Settings that cannot be used are in bad-settings.test.ts.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { freePort, type Ran, run, type RunOptions } from '../peers/running.js';
import { BUNDLE, NODE } from '../peers/tidegate.js';

const tidegate = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
  run(NODE, [BUNDLE, ...args], options);

t.test('--help names every setting and its default', async (t) => {
  const { code, stdout, stderr } = await tidegate(['--help']);
  t.same([code, stderr], [0, '']);
  t.match(stdout, /^Usage: tidegate \[SETTING...\]\n/);
  t.match(stdout, /--grace-period DURATION\n.*Default: 30s\.\n/);
  t.match(stdout, '--proxy-protocol off|v1|v2\n');
  t.notMatch(stdout, /.{81}$/m, 'it fits a terminal');
  t.match(stdout, / tidegate status\|drain\|wait \[OPTION...\]\n/);
  t.match(stdout, /\n\nExit codes: 0 drained, .*\n64 settings .*\.\n$/);
  t.same(await tidegate(['help']), { code, stdout, stderr }, 'as a command, too');
  t.same(await tidegate(['-h']), { code, stdout, stderr }, 'and in short');
});

t.test('--version says which tidegate it is', async (t) => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  const expected = { code: 0, stdout: `tidegate ${manifest.version}\n`, stderr: '' };
  t.same(await tidegate(['--version']), expected);
  t.same(await tidegate(['version']), expected);
});

t.test('the demo refuses settings as the sidecar does', async (t) => {
  const { code, stdout } = await tidegate(['demo', '--colour=blue']);
  t.equal(code, 64);
  t.match(JSON.parse(stdout), { key: '--colour', value: 'blue' });
});

t.test('a budget that leaves no time to drain is refused', async (t) => {
  const args = ['--grace-period=10s', '--app-shutdown=9s', '--margin=2s'];
  const { code, stdout } = await tidegate(args);
  t.equal(code, 64);
  t.match(JSON.parse(stdout), { key: '--app-shutdown', reason: /^leaves no time to drain/ });
});

t.test('a flag beats the environment, and the environment a default', async (t) => {
  const port = await freePort();
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => void holder.close());
  // The port is taken, so that each start ends with the address it was told.
  const at = `127.0.0.1:${port}`;
  const env = { TIDEGATE_LISTEN: at, TIDEGATE_LOG_LEVEL: 'error' };
  const fromEnvironment = await tidegate(['--admin=127.0.0.1:0'], { env });
  t.equal(fromEnvironment.code, 1);
  t.match(JSON.parse(fromEnvironment.stdout), { key: 'listen', value: at });
  const loses = { TIDEGATE_LISTEN: '127.0.0.1:0', TIDEGATE_ADMIN: '127.0.0.1:0' };
  const fromFlag = await tidegate([`--listen=${at}`], { env: loses });
  t.equal(fromFlag.code, 1);
  t.match(JSON.parse(fromFlag.stdout), { key: 'listen', value: at });
});
