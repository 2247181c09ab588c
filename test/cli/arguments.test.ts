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

interface Reading {
  readonly asked: Asked;
  readonly faults: readonly string[];
}

/** Words with spaces in them are given one by one. */
function read(
  line: string | readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Reading {
  const faults: SettingFault[] = [];
  const [command, ...argv] = typeof line === 'string' ? line.split(' ') : line;
  const asked = readArguments(command as Command, argv, { variables, readText }, faults);
  return { asked, faults: faults.map(({ key, value, reason }) => `${key} "${value}": ${reason}`) };
}

t.test('everything has a default', (t) => {
  for (const command of ['status', 'drain', 'wait'] as const) {
    t.same(read(command), {
      asked: {
        command,
        help: false,
        admin: { host: '127.0.0.1', port: 9180 },
        pod: undefined,
        output: 'table',
        watch: false,
        reason: undefined,
        readiness: undefined,
        recall: false,
        force: false,
        wait: false,
        timeoutMs: undefined,
        token: undefined,
        hold: undefined,
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
  t.equal(read('status -w').asked.watch, true);
  t.end();
});

t.test('a port alone is on loopback', (t) => {
  t.same(read('status --admin 81').asked.admin, { host: '127.0.0.1', port: 81 });
  t.end();
});

t.test('a pod is named with its namespace or without, and its cluster beside it', (t) => {
  const { asked, faults } = read('wait --pod web/web-1.a --context c --kubeconfig f --admin 81');
  t.same(faults, []);
  t.same(asked.pod, { namespace: 'web', name: 'web-1.a', context: 'c', kubeconfig: 'f' });
  t.equal(asked.admin.port, 81);
  t.match(read('drain --pod web-1').asked.pod, { namespace: undefined, name: 'web-1' });
  t.end();
});

t.test('what is no pod, or none is named for, is refused', (t) => {
  for (const pod of ['Web', 'a/b/c', '/a', 'a/', '..', 'a/../b', 'a%2fb', '-a', 'a:1', 'a?b']) {
    t.same(read(['status', `--pod=${pod}`]).faults, [
      `--pod "${pod}": is not [NAMESPACE/]NAME of a pod`,
    ]);
  }
  t.same(read('status --context c --kubeconfig f').faults, [
    '--context "c": goes with --pod',
    '--kubeconfig "f": goes with --pod',
  ]);
  t.same(read('status --pod a', { TIDEGATE_ADMIN: 'host:81' }).faults, [
    'TIDEGATE_ADMIN "host:81": is no port alone, as it has to be beside --pod',
  ]);
  t.end();
});

t.test('a timeout of zero is one', (t) => {
  t.equal(read('wait --timeout 0').asked.timeoutMs, 0);
  t.end();
});

t.test('a command takes only the options it has', (t) => {
  t.same(read('status --timeout=5s --recall --token-file x').faults, [
    '--timeout "5s": is no option of status',
    '--recall "": is no option of status',
    '--token-file "": is no option of status',
  ]);
  t.same(read('wait -w --reason x').faults, [
    '-w "": is no option of wait',
    '--reason "": is no option of wait',
  ]);
  t.end();
});

t.test('values that cannot be used are refused, all together and each once', (t) => {
  const line = 'drain --admin x -o xml --readiness maybe --wait --timeout 5 --token-file= --reason';
  t.same(read(line).faults, [
    '--admin "x": is not PORT or HOST:PORT with a port from 0 to 65535',
    '-o "xml": is not one of table, json',
    '--reason "": needs a value',
    '--readiness "maybe": is not one of fail, keep',
    '--timeout "5": needs a unit: ms, s, m or h, as in 5s',
    '--token-file "": needs a value',
  ]);
  t.same(read('status --admin 0').faults, ['--admin "0": needs a port that is not 0']);
  t.end();
});

t.test('what does not go together is refused', (t) => {
  t.same(read('drain --timeout 5s').faults, ['--timeout "5s": goes with --wait']);
  t.same(read('drain --recall --reason x --readiness keep --wait --timeout 1s').faults, [
    '--reason "x": is given beside --recall',
    '--readiness "keep": is given beside --recall',
    '--wait "": is given beside --recall',
    '--timeout "1s": is given beside --recall',
  ]);
  t.end();
});

t.test('a variable stands in for the admin port, and its option beats it', (t) => {
  const variables = { TIDEGATE_ADMIN: '[::1]:81' };
  t.same(read('wait', variables).asked.admin, { host: '::1', port: 81 });
  t.same(read('wait --admin 82', variables).asked.admin, { host: '127.0.0.1', port: 82 });
  t.same(read('wait --admin 82', variables).faults, []);
  t.same(read('status', { TIDEGATE_ADMIN: '0' }).faults, [
    'TIDEGATE_ADMIN "0": needs a port that is not 0',
  ]);
  t.end();
});

t.test('the token comes from a file, or from the environment', (t) => {
  const token = (line: string, variables: Readonly<Record<string, string>>): unknown => {
    const { asked, faults } = read(line, variables);
    t.same(faults, []);
    return asked.token;
  };
  const variables = { TIDEGATE_ADMIN_TOKEN: 'from-variable' };
  t.equal(token('drain', variables), 'from-variable');
  t.equal(token('drain', { TIDEGATE_ADMIN_TOKEN_FILE: 'token' }), 'from-file');
  t.equal(token('drain --token-file token', variables), 'from-file');
  t.equal(token('drain --token-file token', { TIDEGATE_ADMIN_TOKEN_FILE: 'gone' }), 'from-file');
  t.equal(token('status', { ...variables, TIDEGATE_ADMIN_TOKEN_FILE: 'gone' }), undefined);
  t.end();
});

t.test('a token that cannot be sent is refused, and not repeated', (t) => {
  const reason = 'is not printable characters without spaces';
  for (const [variables, fault] of [
    [{ TIDEGATE_ADMIN_TOKEN: 'schlüssel' }, `TIDEGATE_ADMIN_TOKEN "***": ${reason}`],
    [{ TIDEGATE_ADMIN_TOKEN: '' }, 'TIDEGATE_ADMIN_TOKEN "": needs a value'],
    [{ TIDEGATE_ADMIN_TOKEN_FILE: 'a' }, /^TIDEGATE_ADMIN_TOKEN_FILE "a": cannot be read: no such/],
  ] as const) {
    t.match(read('drain', variables).faults, [fault]);
  }
  t.same(read('drain --token=secret').faults, ['--token "***": is no option of drain']);
  for (const file of ['spaced', 'empty']) {
    t.same(read(`drain --token-file ${file}`).faults, [
      `--token-file "${file}": has a content that ${reason}`,
    ]);
  }
  t.same(read('drain --token-file gone').faults, [
    '--token-file "gone": cannot be read: no such file: gone',
  ]);
  t.end();
});

t.test('a value stands behind a space or an equals sign, or behind a letter', (t) => {
  const { asked, faults } = read(['drain', '--reason', 'a b', '--token-file=token', '-ojson']);
  t.match(asked, { reason: 'a b', token: 'from-file', output: 'json' });
  t.same(faults, []);
  t.equal(read('drain -o=json').asked.output, 'json');
  t.equal(read('drain --reason==a').asked.reason, '=a');
  t.equal(read('drain --reason=a=b').asked.reason, 'a=b');
  t.equal(read('drain --reason=--wait').asked.reason, '--wait');
  t.equal(read('drain --reason -').asked.reason, '-');
  t.match(read('status -who json').asked, { watch: true, help: true, output: 'json' });
  t.end();
});

t.test('an option takes no other option for its value, unless it is attached', (t) => {
  t.same(read('drain --reason --wait -o -h').faults, [
    '--reason "--wait": is an option; attach a value with =',
    '-o "-h": is an option; attach a value with =',
  ]);
  t.end();
});

t.test('an unknown option is a fault, and takes its value with it', (t) => {
  t.same(read('drain --tmeout 5s --x=1 --y -z 1 -- now').faults, [
    '--tmeout "": is no option of drain',
    '--x "1": is no option of drain',
    '--y "": is no option of drain',
    '-z "": is no option of drain',
    '-- "": is not expected here',
    'now "": is not expected here',
  ]);
  t.same(read('status --__proto__ --constructor=1 __proto__').faults, [
    '--__proto__ "": is no option of status',
    '--constructor "1": is no option of status',
    '__proto__ "": is not expected here',
  ]);
  t.end();
});

t.test('a switch with a value, an option given twice and a stray word are faults', (t) => {
  const line = 'status --watch=1 -w --watch now -o json --output=table -';
  t.same(read(line).faults, [
    '--watch "1": takes no value',
    '--watch "": is given twice',
    'now "": is not expected here',
    '--output "table": is given twice',
    '- "": is not expected here',
  ]);
  t.end();
});

t.test('hold runs what stands behind --, word by word', (t) => {
  const { asked, faults } = read('hold --ttl 1m --holder me --token-file token -- /bin/x --name y');
  t.same(faults, []);
  t.match(asked, { token: 'from-file', admin: { port: 9180 } });
  const words = ['/bin/x', '--name', 'y'];
  t.same(asked.hold, { name: 'x', ttlMs: 60_000, holder: 'me', words });
  t.same(read('hold --name n -- x -- y').asked.hold?.words, ['x', '--', 'y']);
  t.equal(read('hold --name n -- x').asked.hold?.name, 'n');
  t.equal(read('hold --help').asked.help, true);
  t.end();
});

t.test('hold needs something to run, and has no options but its own', (t) => {
  const needed = 'COMMAND "": is needed behind --';
  t.same(read('hold').faults, [needed]);
  t.same(read('hold --').faults, [needed]);
  t.same(read('hold x').faults, ['x "": is not expected here', needed]);
  t.same(read('hold --pod a -- x').faults, ['--pod "": is no option of hold']);
  t.same(read('hold --ttl 5 -- x').faults, ['--ttl "5": needs a unit: ms, s, m or h, as in 5s']);
  t.same(read('wait -- x').faults, ['-- "": is not expected here', 'x "": is not expected here']);
  t.end();
});
