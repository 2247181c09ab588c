/**
 * The settings as the program uses them. The only reader of the environment. All faults are
 * reported together, and what leaves here can be used as it is: nobody checks a setting again.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { ConfigError, type SettingFault } from './errors.js';
import { type Address, arrivesAt, sharePort } from './settings/address.js';
import { type Budget, readBudget } from './settings/budget.js';
import { type Environment, readGiven } from './settings/given.js';
import {
  type FarewellForApp,
  type Forwarded,
  type LateUpgrades,
  type LogLevel,
  type ProxyProtocol,
  type Settings,
  SETTINGS,
  type SidecarForm,
} from './settings/table.js';
import { renderHelp, renderTable } from './settings/texts.js';
import { Values } from './settings/values.js';

export type { Address } from './settings/address.js';
export type {
  FarewellForApp,
  Forwarded,
  LateUpgrades,
  LogLevel,
  ProxyProtocol,
  SidecarForm,
} from './settings/table.js';

export interface Config extends Budget {
  readonly listen: Address;
  /** A bare port means loopback. */
  readonly app: Required<Address>;
  readonly admin: Address;
  /** Connections per second. */
  readonly closeRate: number;
  readonly websocketCloseCode: number;
  readonly lateUpgrades: LateUpgrades;
  readonly farewellForApp: FarewellForApp;
  readonly quietForMs: number;
  /** Beside those that are known. */
  readonly probeAgents: readonly string[];
  readonly terminationNoticeMs: number;
  /** Infinity: never. */
  readonly unreadyAfterMs: number;
  readonly podInfoDir: string | undefined;
  readonly sidecar: SidecarForm;
  readonly lingerMs: number;
  /** 0: no TCP keep-alive. */
  readonly keepAliveMs: number;
  readonly proxyProtocol: ProxyProtocol;
  readonly forwarded: Forwarded;
  readonly appConnectTimeoutMs: number;
  readonly secondChance: Required<Address> | undefined;
  readonly appHealthPath: string | undefined;
  readonly adminToken: string | undefined;
  readonly terminationMessagePath: string;
  readonly logLevel: LogLevel;
}

const PATH = /^\/[!-~]*$/;
const FILE = /^[^\0]+$/;
const TOKEN = /^[!-~]{8,512}$/;

/**
 * The settings from `argv` (flags only), `env` and the defaults, in this order; throws a
 * ConfigError with all the faults there are.
 */
export function loadConfig(argv: readonly string[], env: Environment = process.env): Config {
  const faults: SettingFault[] = [];
  const values = new Values(SETTINGS, readGiven(Object.keys(SETTINGS), argv, env, faults), faults);
  const app = values.address('app');
  const config: Config = {
    ...readBudget(values),
    listen: values.address('listen'),
    app: { host: app.host ?? '127.0.0.1', port: app.port },
    admin: values.address('admin'),
    closeRate: values.integer('closeRate'),
    websocketCloseCode: values.integer('websocketCloseCode'),
    lateUpgrades: values.choice('lateUpgrades'),
    farewellForApp: values.choice('farewellForApp'),
    quietForMs: values.duration('quietFor'),
    probeAgents: values.names('probeAgents'),
    terminationNoticeMs: values.duration('terminationNotice'),
    unreadyAfterMs: values.duration('unreadyAfter', Infinity),
    podInfoDir: readFolder(values),
    sidecar: values.choice('sidecar'),
    lingerMs: values.duration('linger'),
    keepAliveMs: values.duration('keepAlive'),
    proxyProtocol: values.choice('proxyProtocol'),
    forwarded: values.choice('forwarded'),
    appConnectTimeoutMs: values.duration('appConnectTimeout'),
    secondChance: values.remoteAddress('secondChance'),
    appHealthPath: values.text('appHealthPath', PATH, 'is no path that begins with /'),
    adminToken: readToken(values),
    terminationMessagePath:
      values.text('terminationMessagePath', FILE, 'is no file name') ??
      SETTINGS.terminationMessagePath.default,
    logLevel: values.choice('logLevel'),
  };
  checkAddresses(config, values);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** From the setting itself or from the file that another one names. */
function readToken(values: Values<Settings>): string | undefined {
  const reason = 'is not 8 to 512 printable characters without spaces';
  const token = values.text('adminToken', TOKEN, reason);
  const file = values.text('adminTokenFile', FILE, 'is no file name');
  if (file === undefined) return token;
  if (values.isGiven('adminToken')) {
    values.refuse('adminTokenFile', 'is given beside adminToken');
    return undefined;
  }
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (TOKEN.test(content)) return content;
    values.refuse('adminTokenFile', `has a content that ${reason}`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    values.refuse('adminTokenFile', `cannot be read: ${cause}`);
  }
  return undefined;
}

/** It has to be there: a volume that is not mounted would never be heard of. */
function readFolder(values: Values<Settings>): string | undefined {
  const folder = values.text('podInfoDir', FILE, 'is no folder name');
  if (folder === undefined) return undefined;
  try {
    readdirSync(folder);
    return folder;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    values.refuse('podInfoDir', `cannot be read: ${cause}`);
    return undefined;
  }
}

function checkAddresses({ listen, admin, app }: Config, values: Values<Settings>): void {
  if (app.port === 0) values.refuse('app', 'needs a port that is not 0');
  if (values.areGood('app', 'listen') && arrivesAt(app, listen)) {
    values.refuse('app', 'is where tidegate itself listens for clients');
  }
  if (values.areGood('app', 'admin') && arrivesAt(app, admin)) {
    values.refuse('app', 'is where tidegate itself answers probes');
  }
  if (values.areGood('admin', 'listen') && sharePort(admin, listen)) {
    values.refuse('admin', 'is the same port as that for clients');
  }
}

/** What of the environment the commands heed: see https://no-color.org for the last. */
export function commandEnvironment(env: Environment = process.env): {
  readonly variables: Environment;
  readonly mayDraw: boolean;
  readonly mayColour: boolean;
} {
  const mayDraw = env['TERM'] !== 'dumb';
  return {
    // All of it: a kubeconfig's plugin is a program of the user's own.
    variables: env,
    mayDraw,
    mayColour: mayDraw && (env['NO_COLOR'] ?? '') === '',
  };
}

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: tidegate [SETTING...]
       tidegate demo [SETTING...]
       tidegate demo app [PORT|HOST:PORT]
       tidegate status|drain|wait [OPTION...]
       tidegate rainbow VERB [GROUP] [COLOUR] [OPTION...]
       tidegate controller [SETTING...]

Carries the traffic of the app in front of which it stands, and on SIGTERM waits
until nothing is in use any more. \`demo\` brings a small app of its own,
\`demo app\` is that app alone (at 3000), as an app container may run it.
\`status\` says where a running tidegate stands, \`drain\` starts its drain,
\`wait\` waits until its pod may be deleted; each tells its options with --help.
With --pod they ask through a cluster's API server. \`rainbow\` switches between
the colours of a group of Deployments, and cleans up the old ones; so does
\`kubectl tidegate rainbow\`. \`controller\` does that all the time, and marks
pods with what they hold; it has settings of its own.

Each setting is a flag (--grace-period 60s) or an environment variable
(TIDEGATE_GRACE_PERIOD=60s); the flag wins. A DURATION has units: 500ms, 30s,
1m30s, 2h.

${renderHelp(SETTINGS)}

Exit codes: 0 drained, also by force; 1 a port could not be opened;
64 settings that cannot be used, each of which is named.
`;
}

/** The settings as the README has them. */
export function settingsTable(): string {
  return renderTable(SETTINGS);
}
