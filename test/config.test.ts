/**
 * The settings: defaults, what beats what, what is refused and how it is told, and that the
 * documents say the same.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import {
  commandEnvironment,
  type Config,
  helpText,
  loadConfig,
  settingsTable,
} from '../src/config.js';
import { ConfigError } from '../src/errors.js';
import type { Environment } from '../src/settings/given.js';
import { SETTINGS } from '../src/settings/table.js';

function load(line = '', env: Environment = {}): Config {
  return loadConfig(line === '' ? [] : line.split(' '), env);
}

/** The faults of settings that cannot be used, a line each. */
function faultsOf(line: string, env: Environment = {}): string[] {
  try {
    load(line, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

t.test('everything has a default', (t) => {
  t.same(load(), {
    listen: { port: 8080 },
    app: { host: '127.0.0.1', port: 3000 },
    admin: { port: 9180 },
    gracePeriodMs: 30_000,
    appShutdownMs: 5000,
    marginMs: 3000,
    deadlineMs: 22_000,
    settleMinMs: 4400,
    settleQuietMs: 4400,
    settleMaxMs: 4400,
    closeWindowMs: 5500,
    closeRate: 1000,
    idleFarewellMs: 2200,
    websocketCloseCode: 1001,
    lateUpgrades: 'accept',
    farewellForApp: 'drain',
    quietForMs: 60_000,
    probeAgents: [],
    terminationNoticeMs: 10_000,
    unreadyAfterMs: Infinity,
    podInfoDir: undefined,
    sidecar: 'classic',
    lingerMs: 0,
    keepAliveMs: 60_000,
    proxyProtocol: 'off',
    forwarded: 'if-absent',
    appConnectTimeoutMs: 10_000,
    secondChance: undefined,
    appHealthPath: undefined,
    adminToken: undefined,
    terminationMessagePath: '/dev/termination-log',
    logLevel: 'info',
  });
  t.end();
});

t.test('every setting can be given by flag and by variable', (t) => {
  const expected: Config = {
    listen: { host: '::1', port: 0 },
    app: { host: 'app', port: 81 },
    admin: { host: '127.0.0.1', port: 0 },
    gracePeriodMs: 600_000,
    appShutdownMs: 10_000,
    marginMs: 1000,
    deadlineMs: 589_000,
    settleMinMs: 2000,
    settleQuietMs: 1000,
    settleMaxMs: 20_000,
    closeWindowMs: 0,
    closeRate: 250,
    idleFarewellMs: 7000,
    websocketCloseCode: 1012,
    lateUpgrades: 'refuse',
    farewellForApp: 'always',
    quietForMs: 3_600_000,
    probeAgents: ['our-canary', 'Some-Monitor'],
    terminationNoticeMs: 0,
    unreadyAfterMs: 3000,
    podInfoDir: '/',
    sidecar: 'native',
    lingerMs: 1500,
    keepAliveMs: 0,
    proxyProtocol: 'v2',
    forwarded: 'append',
    appConnectTimeoutMs: 500,
    secondChance: { host: 'all', port: 80 },
    appHealthPath: '/healthz?full',
    adminToken: 'correct-horse',
    terminationMessagePath: '/tmp/message',
    logLevel: 'debug',
  };
  const flags =
    '--listen [::1]:0 --app app:81 --admin 127.0.0.1:0 --grace-period 10m --app-shutdown 10s ' +
    '--margin 1s --keep-alive 0 --proxy-protocol v2 --forwarded append ' +
    '--app-connect-timeout 500ms --log-level debug --settle-min 2s --settle-quiet 1s ' +
    '--settle-max 20s --close-window 0 --quiet-for 1h --termination-notice 0 --sidecar native ' +
    '--linger 1500ms --app-health-path /healthz?full --admin-token correct-horse ' +
    '--termination-message-path /tmp/message --close-rate 250/s --idle-farewell 7s ' +
    '--websocket-close-code 1012 --late-upgrades refuse --farewell-for-app always ' +
    '--unready-after 3s --pod-info-dir / --second-chance all:80 ' +
    '--probe-agents our-canary,Some-Monitor';
  const env = {
    TIDEGATE_LISTEN: '[::1]:0',
    TIDEGATE_APP: 'app:81',
    TIDEGATE_ADMIN: '127.0.0.1:0',
    TIDEGATE_GRACE_PERIOD: '10m',
    TIDEGATE_APP_SHUTDOWN: '10s',
    TIDEGATE_MARGIN: '1s',
    TIDEGATE_KEEP_ALIVE: '0',
    TIDEGATE_PROXY_PROTOCOL: 'v2',
    TIDEGATE_FORWARDED: 'append',
    TIDEGATE_APP_CONNECT_TIMEOUT: '500ms',
    TIDEGATE_LOG_LEVEL: 'debug',
    TIDEGATE_SETTLE_MIN: '2s',
    TIDEGATE_SETTLE_QUIET: '1s',
    TIDEGATE_SETTLE_MAX: '20s',
    TIDEGATE_CLOSE_WINDOW: '0',
    TIDEGATE_QUIET_FOR: '1h',
    TIDEGATE_TERMINATION_NOTICE: '0',
    TIDEGATE_UNREADY_AFTER: '3s',
    TIDEGATE_POD_INFO_DIR: '/',
    TIDEGATE_SIDECAR: 'native',
    TIDEGATE_LINGER: '1500ms',
    TIDEGATE_APP_HEALTH_PATH: '/healthz?full',
    TIDEGATE_ADMIN_TOKEN: 'correct-horse',
    TIDEGATE_TERMINATION_MESSAGE_PATH: '/tmp/message',
    TIDEGATE_CLOSE_RATE: '250',
    TIDEGATE_IDLE_FAREWELL: '7s',
    TIDEGATE_WEBSOCKET_CLOSE_CODE: '1012',
    TIDEGATE_LATE_UPGRADES: 'refuse',
    TIDEGATE_FAREWELL_FOR_APP: 'always',
    TIDEGATE_SECOND_CHANCE: 'all:80',
    TIDEGATE_PROBE_AGENTS: ' our-canary , Some-Monitor',
  };
  t.same(load(flags), expected);
  t.same(load('', env), expected);
  t.end();
});

t.test('a flag beats a variable beats a default', (t) => {
  const env = { TIDEGATE_LOG_LEVEL: 'warn', TIDEGATE_FORWARDED: 'off' };
  const { logLevel, forwarded, proxyProtocol } = load('--log-level=error', env);
  t.same([logLevel, forwarded, proxyProtocol], ['error', 'off', 'off']);
  t.end();
});

t.test('an app given by its port alone is on loopback', (t) => {
  t.same(load('--app 5000').app, { host: '127.0.0.1', port: 5000 });
  t.end();
});

t.test('what is too short is refused', (t) => {
  t.same(faultsOf('--grace-period 0'), ['--grace-period "0": is shorter than 1ms']);
  t.same(faultsOf('--keep-alive 999ms'), ['--keep-alive "999ms": is shorter than 1s']);
  t.same(faultsOf('--app-connect-timeout 0s'), ['--app-connect-timeout "0s": is shorter than 1ms']);
  t.end();
});

t.test('what is longer than the system takes is refused', (t) => {
  t.same(faultsOf('--keep-alive 10h'), ['--keep-alive "10h": is longer than 9h6m7s']);
  t.same(faultsOf('--keep-alive 9h6m7s'), []);
  t.end();
});

t.test('an app without a port is refused', (t) => {
  t.same(faultsOf('--app app:0'), ['--app "app:0": needs a port that is not 0']);
  t.end();
});

t.test('addresses that get in each other’s way are refused', (t) => {
  t.same(faultsOf('--app 8080'), ['--app "8080": is where tidegate itself listens for clients']);
  t.same(faultsOf('--listen 3000'), [
    '--app "127.0.0.1:3000": is where tidegate itself listens for clients',
  ]);
  t.same(faultsOf('--app localhost:9180'), [
    '--app "localhost:9180": is where tidegate itself answers probes',
  ]);
  t.same(faultsOf('--admin 127.0.0.1:8080'), [
    '--admin "127.0.0.1:8080": is the same port as that for clients',
  ]);
  t.same(faultsOf('--app 10.0.0.1:8080 --listen 127.0.0.1:80 --admin 127.0.0.2:80'), []);
  t.same(faultsOf('--listen 0 --admin 0'), []);
  t.end();
});

t.test('a choice that there is not is refused, and told which there are', (t) => {
  t.same(faultsOf('--proxy-protocol v3'), ['--proxy-protocol "v3": is not one of off, v1, v2']);
  t.same(faultsOf('--forwarded Append'), [
    '--forwarded "Append": is not one of if-absent, append, off',
  ]);
  t.same(faultsOf('--late-upgrades=no --farewell-for-app=true'), [
    '--late-upgrades "no": is not one of accept, refuse',
    '--farewell-for-app "true": is not one of drain, always, never',
  ]);
  t.end();
});

t.test('a number that is not allowed is refused, and told which are', (t) => {
  const rates = 'is not a whole number from 1 to 1000000, with or without /s';
  for (const rate of ['0', '0/s', '1000001', '1/m', '1e3', 'fast']) {
    t.same(faultsOf(`--close-rate ${rate}`), [`--close-rate "${rate}": ${rates}`]);
  }
  for (const rate of [1, 1_000_000]) t.equal(load(`--close-rate ${rate}/s`).closeRate, rate);
  const codes = 'is not one of 1000, 1001, 1008, 1011, 1012, 1013, 3000 to 4999';
  t.same(faultsOf('', { TIDEGATE_WEBSOCKET_CLOSE_CODE: '1005' }), [
    `TIDEGATE_WEBSOCKET_CLOSE_CODE "1005": ${codes}`,
  ]);
  t.end();
});

t.test('a WebSocket is never closed with a code that blames the peer or may not be sent', (t) => {
  const taken: number[] = [];
  for (let code = 0; code <= 6000; code++) {
    if (faultsOf(`--websocket-close-code ${code}`).length === 0) taken.push(code);
  }
  t.same(taken.slice(0, 7), [1000, 1001, 1008, 1011, 1012, 1013, 3000]);
  t.equal(taken.length, 6 + 2000);
  t.equal(taken.at(-1), 4999);
  t.end();
});

t.test('all faults are told together, each once', (t) => {
  const env = { TIDEGATE_MARGIN: '3', TIDEGATE_NOTHING: 'x', TIDEGATE_APP: '' };
  t.same(faultsOf('--listen x --admin --grace-period 10s --log-level loud stray', env), [
    'TIDEGATE_NOTHING "x": is no setting',
    'stray "": is not expected here',
    'TIDEGATE_APP "": needs a value',
    'TIDEGATE_MARGIN "3": needs a unit: ms, s, m or h, as in 3s',
    '--listen "x": is not PORT or HOST:PORT with a port from 0 to 65535',
    '--admin "": needs a value',
    '--log-level "loud": is not one of trace, debug, info, warn, error, fatal, silent',
  ]);
  t.end();
});

t.test('the environment of the process counts, if no other is given', (t) => {
  process.env.TIDEGATE_LOG_LEVEL = 'fatal';
  t.teardown(() => delete process.env.TIDEGATE_LOG_LEVEL);
  t.equal(loadConfig([]).logLevel, 'fatal');
  t.end();
});

t.test('a token that cannot be used is not repeated', (t) => {
  const reason = 'is not 8 to 512 printable characters without spaces';
  const fault = `TIDEGATE_ADMIN_TOKEN "***": ${reason}`;
  t.same(faultsOf('', { TIDEGATE_ADMIN_TOKEN: 'short' }), [fault]);
  t.same(faultsOf('--admin-token=longenough --admin-token=toolong2 --token=longenough'), [
    '--admin-token "***": is given twice',
    '--token "***": is no setting',
  ]);
  t.same(faultsOf('', { TIDEGATE_ADMIN_TOKENS: 'longenough' }), [
    'TIDEGATE_ADMIN_TOKENS "***": is no setting',
  ]);
  t.end();
});

t.test('the commands get of the environment what is for them', (t) => {
  const env = { TIDEGATE_ADMIN: '81', TIDEGATE_LISTEN: '80', TERM: 'xterm', NO_COLOR: '' };
  const { variables, ...terminal } = commandEnvironment(env);
  t.same(variables, env);
  t.same(terminal, { mayDraw: true, mayColour: true });
  const forms = (env: Environment): unknown => commandEnvironment(env);
  t.match(forms({ NO_COLOR: '1' }), { mayDraw: true, mayColour: false });
  t.match(forms({ TERM: 'dumb' }), { mayDraw: false, mayColour: false });
  t.end();
});

t.test('the help names every flag and its default', (t) => {
  const help = helpText();
  const rows = [
    ...settingsTable().matchAll(/`(--[a-z-]+)` *\| `TIDEGATE_[A-Z_]+` *\| `?([^ `|,]+)/g),
  ];
  t.equal(rows.length, Object.keys(SETTINGS).length);
  for (const [, flag, usual] of rows) {
    t.match(help, `  ${flag} `);
    t.match(help.replaceAll(/\s+/g, ' '), `Default: ${usual}`);
  }
  t.end();
});

t.test('the README has the table of settings as it is in the code', (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  t.ok(readme.includes(settingsTable()), `README.md needs this table:\n${settingsTable()}`);
  t.end();
});
