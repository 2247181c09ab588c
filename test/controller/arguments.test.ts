/**
 * The controller's settings: defaults, what is refused and how it is told, and that the documents say
 * the same.
 */
import t from 'tap';
import {
  type ControllerConfig,
  controllerHelp,
  controllerTable,
  namespacesOf,
  readControllerConfig,
} from '../../src/controller/arguments.js';
import { CONTROLLER_SETTINGS } from '../../src/controller/settings.js';
import { ConfigError } from '../../src/errors.js';
import { parsePolicy } from '../../src/rainbow/policy.js';
import type { Environment } from '../../src/settings/given.js';
import { flagOf } from '../../src/settings/setting.js';
import { readDocument } from '../documents.js';

function read(line = '', env: Environment = {}): ControllerConfig {
  return readControllerConfig(line === '' ? [] : line.split(' '), env);
}

/** The faults of settings that cannot be used, a line each. */
function faultsOf(line: string, env: Environment = {}): string[] {
  try {
    read(line, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

t.test('everything has a default: pods are marked, and no colour is touched', (t) => {
  t.same(read(), {
    namespaces: undefined,
    admin: { port: 9180 },
    lease: 'tidegate-controller',
    marks: true,
    deletionCost: true,
    safeToEvict: 'veto',
    lookEveryMs: 20_000,
    rainbow: false,
    rainbowEveryMs: 30_000,
    groups: undefined,
    dryRun: false,
    policy: parsePolicy({}),
    ask: 'direct',
    prometheus: undefined,
    podAdmin: undefined,
    kubeconfig: undefined,
    context: undefined,
    logLevel: 'info',
  });
  t.end();
});

t.test('every setting can be given by flag and by variable', (t) => {
  const expected: ControllerConfig = {
    namespaces: ['web', 'shop'],
    admin: { host: '127.0.0.1', port: 0 },
    lease: 'mine.too',
    marks: false,
    deletionCost: false,
    safeToEvict: 'both',
    lookEveryMs: 5_000,
    rainbow: true,
    rainbowEveryMs: 60_000,
    groups: ['Shop_1', 'a.b'],
    dryRun: true,
    policy: parsePolicy({ keep: '2', minAge: '2h', maxAge: 'off', lightlyUsed: '5%/1h' }),
    ask: 'proxy',
    prometheus: undefined,
    podAdmin: 81,
    kubeconfig: '/k',
    context: 'kind',
    logLevel: 'warn',
  };
  const given = {
    ...{ namespaces: 'web,shop,web', admin: '127.0.0.1:0', lease: 'mine.too', marks: 'off' },
    ...{ deletionCost: 'off', safeToEvict: 'both', lookEvery: '5s', rainbow: 'on' },
    ...{ rainbowEvery: '1m', groups: 'Shop_1,a.b', dryRun: 'on', keep: '2', minAge: '2h' },
    ...{ maxAge: 'off', lightlyUsed: '5%/1h', ask: 'proxy', podAdmin: '81', kubeconfig: '/k' },
    ...{ context: 'kind', logLevel: 'warn' },
  };
  const flags = Object.entries(given).map(([key, value]) => `${flagOf(key)}=${value}`);
  t.same(readControllerConfig(flags, {}), expected);
  const variables = flags.map((flag) => {
    const [name, value] = flag.slice(2).split('=');
    return [`TIDEGATE_${name.replaceAll('-', '_').toUpperCase()}`, value];
  });
  const env = Object.fromEntries(variables) as Record<string, string>;
  t.same(read('', env), expected);
  t.equal(read('--look-every 7s', env).lookEveryMs, 7_000, 'the flag wins');
  t.equal(read('--prometheus http://p:9090').prometheus?.href, 'http://p:9090/');
  t.end();
});

t.test('a star means all namespaces, alone', (t) => {
  t.equal(read('--namespaces *').namespaces, 'all');
  t.same(namespacesOf({ namespaces: 'all' }, 'own'), [undefined]);
  t.same(namespacesOf({ namespaces: undefined }, 'own'), ['own']);
  t.same(namespacesOf({ namespaces: ['a', 'b'] }, 'own'), ['a', 'b']);
  const is = 'which is not a namespace';
  t.same(faultsOf('--namespaces=web,*'), [`--namespaces "web,*": has "*", ${is}`]);
  t.same(faultsOf('--namespaces=Web'), [`--namespaces "Web": has "Web", ${is}`]);
  t.end();
});

t.test('all faults are told together, by the names that the user wrote', (t) => {
  const env = { TIDEGATE_MIN_AGE: '3', TIDEGATE_KEEP: 'two', TIDEGATE_LISTEN: '80' };
  const line = '--look-every 1s --rainbow yes --lease A --prometheus p --pod-admin 0 --max-age x';
  t.same(faultsOf(line, env), [
    'TIDEGATE_LISTEN "80": is no setting',
    '--lease "A": is not what a Lease may be called',
    '--look-every "1s": is shorter than 5s',
    '--rainbow "yes": is not one of on, off',
    'TIDEGATE_KEEP "two": is not a whole number from 0 to 1000',
    'TIDEGATE_MIN_AGE "3": needs a unit: ms, s, m or h, as in 3s',
    '--max-age "x": is not a duration like 500ms, 30s, 10m, 1m30s or 2h',
    '--prometheus "p": is not a URL like http://prometheus.monitoring:9090',
    '--pod-admin "0": is not a whole number from 1 to 65535',
  ]);
  t.same(faultsOf('--prometheus=http://p --ask=proxy --groups=-a'), [
    '--groups "-a": has "-a", which is not what a label may have for its value',
    '--ask "proxy": is given beside prometheus, with which no pod is asked',
  ]);
  t.end();
});

t.test('the help names every flag and its default, and fits a terminal', (t) => {
  const help = controllerHelp();
  const words = help.replaceAll(/\s+/g, ' ');
  for (const [key, { default: usual }] of Object.entries(CONTROLLER_SETTINGS)) {
    t.match(help, `  ${flagOf(key)} `);
    t.ok(words.includes(`Default: ${usual.replaceAll('`', '')}.`), `${key}: ${usual}`);
  }
  t.same(
    help.split('\n').filter((line) => line.length > 80),
    [],
  );
  t.end();
});

t.test('the README has the table of the controller as it is in the code', (t) => {
  const readme = readDocument('README.md');
  t.ok(readme.includes(controllerTable()), `README.md needs this table:\n${controllerTable()}`);
  t.end();
});
