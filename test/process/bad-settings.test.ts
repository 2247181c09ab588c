/**
 * Ten ways to get the settings wrong, each with more than one fault: the built program names all
 * of them with what was written, exits 64, and never came to open a port.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { folderFor, freePort, outputOf, type Ran, run, start } from '../peers/running.js';
import { BUNDLE, type LogLine, NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

/** Says on standard error when any server is told to listen. */
const SPY = `import { Server } from 'node:net';
const listen = Server.prototype.listen;
Server.prototype.listen = function (...args) {
  process.stderr.write('a port is opened\\n');
  return listen.apply(this, args);
};`;
const SPIED = [`--import=data:text/javascript,${encodeURIComponent(SPY)}`, BUNDLE];

interface Bad {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `KEY "VALUE": REASON`, in any order. */
  readonly faults: readonly string[];
}

const folder = folderFor(t);
const spaced = join(folder, 'spaced');
writeFileSync(spaced, 'a token with spaces\n');
const gone = join(folder, 'gone');
const TOKEN_FORM = 'is not 8 to 512 printable characters without spaces';
const CLOSE_CODES = '1000, 1001, 1008, 1011, 1012, 1013, 3000 to 4999';
const ADDRESS_FORM = 'is not PORT or HOST:PORT with a port from 0 to 65535';

const WAYS: Readonly<Record<string, Bad>> = {
  'addresses that are none': {
    flags: ['--listen=70000', '--app=::1:3000', '--admin', 'admin:'],
    faults: [
      `--listen "70000": ${ADDRESS_FORM}`,
      '--app "::1:3000": needs brackets around its IPv6 address',
      `--admin "admin:": ${ADDRESS_FORM}`,
    ],
  },
  'addresses that get in each other’s way': {
    flags: ['--listen=0.0.0.0:81', '--admin=127.0.0.1:81', '--app=localhost:81'],
    faults: [
      '--app "localhost:81": is where tidegate itself listens for clients',
      '--admin "127.0.0.1:81": is the same port as that for clients',
    ],
  },
  'durations that are none, or too short, or too long': {
    flags: ['--grace-period=30', '--linger=-1s', '--keep-alive=500ms', '--quiet-for=1s1m'],
    env: { TIDEGATE_APP_CONNECT_TIMEOUT: '0', TIDEGATE_TERMINATION_NOTICE: '999h' },
    faults: [
      '--grace-period "30": needs a unit: ms, s, m or h, as in 30s',
      '--linger "-1s": is not a duration like 500ms, 30s, 10m, 1m30s or 2h',
      '--keep-alive "500ms": is shorter than 1s',
      '--quiet-for "1s1m": is not a duration like 500ms, 30s, 10m, 1m30s or 2h',
      'TIDEGATE_APP_CONNECT_TIMEOUT "0": is shorter than 1ms',
      'TIDEGATE_TERMINATION_NOTICE "999h": is longer than 596h31m23s647ms',
    ],
  },
  'choices and numbers that there are not': {
    flags: ['--sidecar=Native', '--log-level=loud', '--close-rate=0/s', '--late-upgrades=no'],
    env: {
      TIDEGATE_FORWARDED: 'true',
      TIDEGATE_PROXY_PROTOCOL: 'v3',
      TIDEGATE_FAREWELL_FOR_APP: 'Drain',
      TIDEGATE_WEBSOCKET_CLOSE_CODE: '1006',
    },
    faults: [
      '--sidecar "Native": is not one of classic, native',
      '--log-level "loud": is not one of trace, debug, info, warn, error, fatal, silent',
      'TIDEGATE_FORWARDED "true": is not one of if-absent, append, off',
      'TIDEGATE_PROXY_PROTOCOL "v3": is not one of off, v1, v2',
      '--close-rate "0/s": is not a whole number from 1 to 1000000, with or without /s',
      '--late-upgrades "no": is not one of accept, refuse',
      'TIDEGATE_FAREWELL_FOR_APP "Drain": is not one of drain, always, never',
      `TIDEGATE_WEBSOCKET_CLOSE_CODE "1006": is not one of ${CLOSE_CODES}`,
    ],
  },
  'lists with what is no name': {
    flags: ['--probe-agents=our-canary,,other', '--close-rate=many'],
    faults: [
      '--probe-agents "our-canary,,other": has an empty name',
      '--close-rate "many": is not a whole number from 1 to 1000000, with or without /s',
    ],
  },
  'tokens, which are not repeated': {
    flags: ['--admin-token=hunter2', '--admin-token=hunter22', `--admin-token-file=${spaced}`],
    env: { TIDEGATE_TOKEN: 'hunter222' },
    faults: [
      'TIDEGATE_TOKEN "***": is no setting',
      '--admin-token "***": is given twice',
      `--admin-token "***": ${TOKEN_FORM}`,
      `--admin-token-file "${spaced}": is given beside adminToken`,
    ],
  },
  'files that are not there, or hold something else': {
    flags: ['--termination-message-path='],
    env: { TIDEGATE_ADMIN_TOKEN_FILE: gone },
    faults: [
      '--termination-message-path "": needs a value',
      `TIDEGATE_ADMIN_TOKEN_FILE "${gone}": cannot be read: ENOENT: no such file or directory, open '${gone}'`,
    ],
  },
  'a path that is none, and a file with a token that is none': {
    flags: ['--app-health-path=healthz', '--admin-token-file', spaced],
    faults: [
      '--app-health-path "healthz": is no path that begins with /',
      `--admin-token-file "${spaced}": has a content that ${TOKEN_FORM}`,
    ],
  },
  'a budget that does not hold what is to be in it': {
    flags: ['--grace-period=20s', '--app-shutdown=8s', '--margin=2s', '--settle-max=3s'],
    env: {
      TIDEGATE_CLOSE_WINDOW: '5s',
      TIDEGATE_SETTLE_MIN: '4s',
      TIDEGATE_IDLE_FAREWELL: '2500ms',
    },
    faults: [
      '--settle-max "3s": is more than 20 % of the budget of 10s, which is 2s',
      'TIDEGATE_CLOSE_WINDOW "5s": is more than 25 % of the budget of 10s, which is 2s500ms',
      'TIDEGATE_IDLE_FAREWELL "2500ms": is more than 20 % of the budget of 10s, which is 2s',
      'TIDEGATE_SETTLE_MIN "4s": is more than settleMax, which is 3s',
    ],
  },
  'flags that there are not, and stray words': {
    flags: ['serve', '--port', '80', '--app-port=81', '-v', '--', '--app=127.0.0.1:0'],
    faults: [
      'serve "": is not expected here',
      '--port "80": is no setting',
      '--app-port "81": is no setting',
      '-v "": is not expected here',
      '-- "": is no setting',
      '--app "127.0.0.1:0": needs a port that is not 0',
    ],
  },
  'variables that there are not, and values that are missing': {
    flags: ['--listen', '--grace-period', '--admin='],
    env: { TIDEGATE_GRACE: '1s', TIDEGATE_APP: '', tidegate_app: 'x', TIDEGATE_: 'y' },
    faults: [
      'TIDEGATE_GRACE "1s": is no setting',
      'TIDEGATE_ "y": is no setting',
      'TIDEGATE_APP "": needs a value',
      '--listen "": needs a value',
      '--grace-period "": needs a value',
      '--admin "": needs a value',
    ],
  },
};

function faultsIn({ stdout }: Ran): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine)
    .map(({ level, msg, key, value, reason }) =>
      level === 'error' && msg === 'a setting cannot be used'
        ? `${String(key)} "${String(value)}": ${String(reason)}`
        : msg,
    );
}

for (const [title, { flags = [], env = {}, faults }] of Object.entries(WAYS)) {
  t.test(title, async (t) => {
    const ran = await run(NODE, [...SPIED, ...flags], { env });
    t.equal(ran.code, 64);
    t.equal(ran.stderr, '', 'no port was opened, and nothing else was said');
    t.same(faultsIn(ran).sort(), [...faults].sort());
    t.ok(faults.length > 1);
    t.notMatch(ran.stdout, 'hunter2');
  });
}

t.test('with settings that can be used, ports are seen to be opened', async (t) => {
  const flags = ['--listen=127.0.0.1:0', '--admin=127.0.0.1:0', `--app=${await freePort()}`];
  const child = start(NODE, [...SPIED, ...flags]);
  const output = outputOf(child);
  await until(() => output.stdout.includes('listening'), 'it listens');
  t.equal(output.stderr, 'a port is opened\n'.repeat(2));
  child.kill('SIGKILL');
  await output.ended;
});
