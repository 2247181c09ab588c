/**
 * What the chart's values want of a controller is what the program reads of them: the same defaults, the
 * same forms, and whatever the program would refuse is refused before it is installed.
 */
import type { Test } from 'tap';
import { type ControllerConfig, readControllerConfig } from '../../src/controller/arguments.js';
import { CONTROLLER_SETTINGS } from '../../src/controller/settings.js';
import { ConfigError } from '../../src/errors.js';
import { flagOf } from '../../src/settings/setting.js';
import { chartFor, refusal, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

const WHERE = { release: 'tidegate', namespace: 'monitoring' };
const CLEANS = { rainbow: { enabled: true } };
/** A pod has its account in their place. */
const OUTSIDE = ['kubeconfig', 'context'];

async function argsOf(helm: string, chart: string, values: Values): Promise<readonly string[]> {
  const { objects } = await render(helm, chart, { controller: { enabled: true, ...values } }, WHERE);
  const { spec } = objects.find(({ kind }) => kind === 'Deployment') as unknown as {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly args: string[] }[] } } };
  };
  return spec.template.spec.containers[0].args;
}

/** As the program takes it. */
async function read(t: Test, helm: string, values: Values): Promise<ControllerConfig> {
  const [command, ...args] = await argsOf(helm, chartFor(t, 'charts/tidegate'), values);
  t.equal(command, 'controller');
  return readControllerConfig(args, {});
}

testWithTools('a value that is not changed is what the program has by default', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const ours = ['--namespaces=monitoring'];
    t.same(await read(t, program, {}), readControllerConfig(ours, {}));
    t.same(await read(t, program, CLEANS), readControllerConfig([...ours, '--rainbow=on'], {}));
  }
});

testWithTools('what the values say the program is told, setting by setting', async (t, { helm }) => {
  const rainbow = { enabled: true, every: '1m', groups: ['web', 'chat'], keep: 2, minAge: '2h', maxAge: false, lightlyUsed: false };
  const values = {
    namespaces: ['web', 'chat'],
    marks: false,
    deletionCost: false,
    safeToEvict: false,
    lookEvery: '30s',
    rainbow,
    dryRun: true,
    ask: 'proxy',
    podAdmin: 9280,
    logLevel: 'debug',
    adminPort: 9190,
  };
  for (const program of Object.values(helm)) {
    t.match(await read(t, program, values), {
      namespaces: ['web', 'chat'],
      admin: { port: 9190 },
      lease: 'tidegate-controller',
      marks: false,
      deletionCost: false,
      safeToEvict: 'off',
      lookEveryMs: 30_000,
      rainbow: true,
      rainbowEveryMs: 60_000,
      groups: ['web', 'chat'],
      dryRun: true,
      policy: { keep: 2, minAgeMs: 7_200_000, maxAgeMs: undefined, lightlyUsed: undefined },
      ask: 'proxy',
      podAdmin: 9280,
      logLevel: 'debug',
    });
    t.match(await read(t, program, { namespaces: ['*'] }), { namespaces: 'all' });
    const prometheus = 'http://prometheus:9090/';
    t.match(await read(t, program, { prometheus, ask: 'proxy' }), { prometheus: new URL(prometheus) });
    const chart = chartFor(t, 'charts/tidegate');
    const flags = [...(await argsOf(program, chart, values)), ...(await argsOf(program, chart, { prometheus }))];
    for (const key of Object.keys(CONTROLLER_SETTINGS)) {
      const isTold = flags.some((arg) => arg.startsWith(`${flagOf(key)}=`));
      t.equal(isTold, !OUTSIDE.includes(key), key);
    }
  }
});

/** Each as a value, and as the flag that would say the same. */
const TRIED: readonly (readonly [Values, flag: string])[] = [
  ...['5s', '4999ms', '0', '1h30m', '20', '1d', '', 'off', '5.5s', '596h31m23s647ms', '597h'].flatMap(
    (every): [Values, string][] => [
      [{ lookEvery: every }, `--look-every=${every}`],
      [{ rainbow: { enabled: true, every } }, `--rainbow-every=${every}`],
    ],
  ),
  ...[1, 65_535, 0, 65_536].map((port): [Values, string] => [{ podAdmin: port }, `--pod-admin=${port}`]),
  ...['veto', 'both', 'off', 'on'].map((one): [Values, string] => [{ safeToEvict: one }, `--safe-to-evict=${one}`]),
  ...['trace', 'silent', 'loud'].map((one): [Values, string] => [{ logLevel: one }, `--log-level=${one}`]),
  ...['http://prometheus:9090', 'prometheus:9090'].map((one): [Values, string] => [{ prometheus: one }, `--prometheus=${one}`]),
  ...[['web'], ['*'], ['web', 'chat'], ['*', 'web'], ['Web'], ['web_1'], ['-web']].map((namespaces): [Values, string] => [
    { namespaces },
    `--namespaces=${namespaces.join(',')}`,
  ]),
  ...[['web'], ['Web_1.x'], ['-web'], ['a b']].map((groups): [Values, string] => [
    { rainbow: { enabled: true, groups } },
    `--groups=${groups.join(',')}`,
  ]),
];

testWithTools('what the program takes the chart takes, and what that refuses it refuses', async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate');
  const byProgram = (flag: string): string => {
    try {
      readControllerConfig([flag], {});
      return 'taken';
    } catch (error) {
      if (error instanceof ConfigError) return 'refused';
      throw error;
    }
  };
  for (const [values, flag] of TRIED) {
    const controller = { enabled: true, ...values };
    const byChart = await render(helm[4], chart, { controller }).then(() => 'taken', () => 'refused');
    t.equal(byChart, byProgram(flag), flag);
  }
});

testWithTools('what would be refused is refused with key and value', async (t, { helm }) => {
  const wrong: readonly (readonly [Values, RegExp])[] = [
    [{ lookEvery: 20 }, /tidegate: controller\.lookEvery 20 needs a unit: ms, s, m or h, as in 20m/],
    [{ lookEvery: '4s' }, /tidegate: controller\.lookEvery 4s is less than 5s/],
    [{ rainbow: { every: '1d' } }, /tidegate: controller\.rainbow\.every 1d is not a duration like/],
    [{ rainbow: { minAge: '72h' } }, /controller\.rainbow\.maxAge 48h is less than controller\.rainbow\.minAge 72h/],
    [{ rainbow: { lightlyUsed: '30m' } }, /tidegate: controller\.rainbow\.lightlyUsed 30m is not a share/],
    [{ namespaces: ['*', 'web'] }, /tidegate: controller\.namespaces \*,web has names beside \*, which stands for all/],
    [{ prometheus: 'http://p:9090', podAdmin: 9180 }, /controller\.podAdmin 9180 is given beside controller\.prometheus/],
    [{ replicas: 0 }, /replicas/],
    [{ safeToEvict: 'never' }, /safeToEvict/],
    [{ ask: 'kindly' }, /ask/],
    [{ marks: 'on' }, /marks/],
    [{ rainbow: { keep: -1 } }, /keep/],
    [{ rainbow: { paused: true } }, /paused/],
    [{ logLevel: null }, /logLevel/],
  ];
  for (const program of Object.values(helm)) {
    const chart = chartFor(t, 'charts/tidegate');
    for (const [values, said] of wrong) {
      t.match(await refusal(program, chart, { controller: { enabled: true, ...values } }), said);
    }
  }
});
