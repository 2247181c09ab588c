/**
 * What is read from flags and environment, before anybody asks what it means.
 */
import t from 'tap';
import type { SettingFault } from '../../src/errors.js';
import { type Environment, readGiven } from '../../src/settings/given.js';

interface Reading {
  readonly given: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

function read(argv: readonly string[], env: Environment = {}): Reading {
  const faults: SettingFault[] = [];
  const given = readGiven(['listen', 'keepAlive'], argv, env, faults);
  return {
    given: Object.fromEntries(
      [...given].map(([key, { source, value }]) => [key, `${source} ${value}`]),
    ),
    faults: faults.map(({ key, value, reason }) => `${key} "${value}" ${reason}`),
  };
}

t.test('a flag has its value behind an equals sign or a space', (t) => {
  const given = { listen: '--listen 80', keepAlive: '--keep-alive 1s' };
  t.same(read(['--listen=80', '--keep-alive', '1s']), { given, faults: [] });
  t.same(read(['--listen=a=b']).given, { listen: '--listen a=b' });
  t.same(read(['--listen', '-1']).given, { listen: '--listen -1' });
  t.end();
});

t.test('a flag without a value has an empty one', (t) => {
  const given = { listen: '--listen ', keepAlive: '--keep-alive ' };
  t.same(read(['--listen', '--keep-alive']), { given, faults: [] });
  t.same(read(['--listen=', '--keep-alive=']), { given, faults: [] });
  t.end();
});

t.test('a flag beats the variable of the same setting', (t) => {
  const env = { TIDEGATE_LISTEN: '81', TIDEGATE_KEEP_ALIVE: '2s' };
  const given = { listen: '--listen 80', keepAlive: 'TIDEGATE_KEEP_ALIVE 2s' };
  t.same(read(['--listen', '80'], env), { given, faults: [] });
  t.end();
});

t.test('an unknown flag is a fault, and takes its value with it', (t) => {
  t.same(read(['--lisn', '80', '--x=1', '--y']), {
    given: {},
    faults: ['--lisn "80" is no setting', '--x "1" is no setting', '--y "" is no setting'],
  });
  t.end();
});

t.test('a flag given twice is a fault', (t) => {
  t.same(read(['--listen', '80', '--listen=81']), {
    given: { listen: '--listen 80' },
    faults: ['--listen "81" is given twice'],
  });
  t.end();
});

t.test('an argument that is no flag is a fault', (t) => {
  const faults = ['serve "" is not expected here', '-l "" is not expected here'];
  t.same(read(['serve', '-l', '--listen=80']), { given: { listen: '--listen 80' }, faults });
  t.end();
});

t.test('an unknown TIDEGATE_ variable is a fault, other variables are not', (t) => {
  const env = { TIDEGATE_LISTN: '80', HOME: '/', TIDEGATES: 'x', TIDEGATE_GONE: undefined };
  t.same(read([], env), { given: {}, faults: ['TIDEGATE_LISTN "80" is no setting'] });
  t.end();
});

t.test('what the tests and Kubernetes say in TIDEGATE_ variables is none of our business', (t) => {
  const env = {
    TIDEGATE_TEST_NODE: '/usr/bin/node',
    TIDEGATE_SERVICE_HOST: '10.0.0.1',
    TIDEGATE_SERVICE_PORT: '80',
    TIDEGATE_SERVICE_PORT_HTTP: '80',
    TIDEGATE_PORT: 'tcp://10.0.0.1:80',
    TIDEGATE_PORT_80_TCP: 'tcp://10.0.0.1:80',
    TIDEGATE_PORT_80_TCP_PROTO: 'tcp',
    TIDEGATE_PORT_80_TCP_PORT: '80',
    TIDEGATE_PORT_80_TCP_ADDR: '10.0.0.1',
    TIDEGATE_DEMO_SERVICE_HOST: '10.0.0.2',
    TIDEGATE_DEMO_PORT: 'udp://10.0.0.2:80',
  };
  t.same(read([], env), { given: {}, faults: [] });
  t.same(read([], { TIDEGATE_PORT: '80' }).faults, ['TIDEGATE_PORT "80" is no setting']);
  t.end();
});
