/**
 * What is asked for on the command line: defaults, what is refused, and that all of it is told.
 */
import t from 'tap';
import { type Asked, readArguments } from '../../src/cli/arguments.js';
import type { Command } from '../../src/cli/options.js';
import type { SettingFault } from '../../src/errors.js';

const FILES: Readonly<Record<string, string>> = { token: ' from-file\n', spaced: 'a b', empty: '' };

function readText(path: string): string {
  if (!Object.hasOwn(FILES, path)) throw new Error(`no such file: ${path}`);
  return FILES[path];
}

function read(line: string): { readonly asked: Asked; readonly faults: readonly string[] } {
  const faults: SettingFault[] = [];
  const [command, ...argv] = line.split(' ');
  const asked = readArguments(command as Command, argv, readText, faults);
  return { asked, faults: faults.map(({ key, value, reason }) => `${key} "${value}": ${reason}`) };
}

t.test('everything has a default', (t) => {
  for (const command of ['status', 'drain', 'wait'] as const) {
    t.same(read(command), {
      asked: {
        command,
        help: false,
        admin: { host: '127.0.0.1', port: 9180 },
        output: 'table',
        watch: false,
        reason: undefined,
        readiness: undefined,
        recall: false,
        wait: false,
        timeoutMs: undefined,
        token: undefined,
      },
      faults: [],
    });
  }
  t.end();
});

t.test('every option of drain can be given', (t) => {
  const line = 'drain --admin [::1]:81 -o json --reason why --readiness keep --wait --timeout 1m';
  const { asked, faults } = read(`${line} --token-file token`);
  t.same(faults, []);
  t.match(asked, {
    admin: { host: '::1', port: 81 },
    output: 'json',
    reason: 'why',
    readiness: 'keep',
    wait: true,
    timeoutMs: 60_000,
    token: 'from-file',
  });
  t.equal(read('drain --recall').asked.recall, true);
  t.equal(read('drain -w').asked.watch, true);
  t.end();
});

t.test('a port alone is on loopback', (t) => {
  t.same(read('status --admin 81').asked.admin, { host: '127.0.0.1', port: 81 });
  t.end();
});

t.test('a timeout of zero is one', (t) => {
  t.equal(read('wait --timeout 0').asked.timeoutMs, 0);
  t.end();
});

t.test('a command takes only the options it has', (t) => {
  t.same(read('status --timeout 5s --recall').faults, [
    '--timeout "5s": is no option of status',
    '--recall "": is no option of status',
  ]);
  t.same(read('wait -w --reason x').faults, [
    '-w "": is no option of wait',
    '--reason "x": is no option of wait',
  ]);
  t.end();
});

t.test('values that cannot be used are refused, all together and each once', (t) => {
  const line = 'drain --admin x -o xml --readiness maybe --wait --timeout 5 --token= --reason';
  t.same(read(line).faults, [
    '--admin "x": is not PORT or HOST:PORT with a port from 0 to 65535',
    '-o "xml": is not one of table, json',
    '--reason "": needs a value',
    '--readiness "maybe": is not one of fail, keep',
    '--timeout "5": needs a unit: ms, s, m or h, as in 5s',
    '--token "": needs a value',
  ]);
  t.same(read('status --admin 0').faults, ['--admin "0": needs a port that is not 0']);
  t.end();
});

t.test('what does not go together is refused', (t) => {
  t.same(read('drain --wait --watch').faults, ['--watch "": is given beside --wait']);
  t.same(read('drain --timeout 5s').faults, ['--timeout "5s": goes with --wait']);
  t.same(read('drain --recall --reason x --readiness keep --wait -w --timeout 1s').faults, [
    '--reason "x": is given beside --recall',
    '--readiness "keep": is given beside --recall',
    '--wait "": is given beside --recall',
    '-w "": is given beside --recall',
    '--timeout "1s": is given beside --recall',
  ]);
  t.end();
});

t.test('a token that cannot be sent is refused, and not repeated', (t) => {
  const reason = 'is not printable characters without spaces';
  t.same(read('drain --token schlüssel').faults, [`--token "***": ${reason}`]);
  t.same(read('drain --token-file spaced').faults, [
    `--token-file "spaced": has a content that ${reason}`,
  ]);
  t.same(read('drain --token-file empty').faults, [
    `--token-file "empty": has a content that ${reason}`,
  ]);
  t.same(read('drain --token-file gone').faults, [
    '--token-file "gone": cannot be read: no such file: gone',
  ]);
  t.same(read('drain --token secret --token-file token').faults, [
    '--token-file "token": is given beside --token',
  ]);
  t.end();
});
