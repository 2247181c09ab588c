/**
 * The settings: one table, from which flags, environment variables, chart values, the help text and
 * the README's table come. The only reader of the environment. All faults are reported together,
 * and what leaves here can be used as it is: nobody checks a setting again.
 */
import { ConfigError, type SettingFault, ValueError } from './errors.js';
import { type Address, arrivesAt, parseAddress, sharePort } from './settings/address.js';
import { formatDuration, parseDuration } from './settings/duration.js';
import { type Environment, type Given, readGiven } from './settings/given.js';
import { flagOf, type Setting, type SettingsTable } from './settings/setting.js';
import { renderHelp, renderTable } from './settings/texts.js';

export type { Address } from './settings/address.js';

const PROXY_PROTOCOLS = ['off', 'v1', 'v2'] as const;
const FORWARDED = ['if-absent', 'append', 'off'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type ProxyProtocol = (typeof PROXY_PROTOCOLS)[number];
export type Forwarded = (typeof FORWARDED)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Config {
  readonly listen: Address;
  /** A bare port means loopback. */
  readonly app: Required<Address>;
  readonly admin: Address;
  readonly gracePeriodMs: number;
  readonly appShutdownMs: number;
  readonly marginMs: number;
  /** What is left of the grace period for the drain, counted from its trigger; above 0. */
  readonly deadlineMs: number;
  /** 0: no TCP keep-alive. */
  readonly keepAliveMs: number;
  readonly proxyProtocol: ProxyProtocol;
  readonly forwarded: Forwarded;
  readonly appConnectTimeoutMs: number;
  readonly logLevel: LogLevel;
}

const SETTINGS = {
  listen: { type: 'address', default: '8080', sentence: 'Where clients connect.' },
  app: { type: 'address', default: '127.0.0.1:3000', sentence: 'Where the app listens.' },
  admin: { type: 'address', default: '9180', sentence: 'Where probes and metrics are answered.' },
  gracePeriod: {
    type: 'duration',
    default: '30s',
    minMs: 1,
    sentence: "The pod's `terminationGracePeriodSeconds`.",
  },
  appShutdown: {
    type: 'duration',
    default: '20s, at most 1/6 of `gracePeriod`',
    sentence: "What of it is kept for the app's own shutdown.",
  },
  margin: {
    type: 'duration',
    default: '3s, at most 1/10 of `gracePeriod`',
    sentence: 'What of it is kept in reserve.',
  },
  keepAlive: {
    type: 'duration',
    default: '60s',
    minMs: 1000,
    zeroAllowed: true,
    sentence:
      'How long a connection is quiet before TCP asks whether the peer is alive; 0 for never.',
  },
  proxyProtocol: {
    type: 'choice',
    choices: PROXY_PROTOCOLS,
    default: 'off',
    sentence: 'Which PROXY protocol preamble the app gets.',
  },
  forwarded: {
    type: 'choice',
    choices: FORWARDED,
    default: 'if-absent',
    sentence: 'When a request gets an `X-Forwarded-For` line.',
  },
  appConnectTimeout: {
    type: 'duration',
    default: '10s',
    minMs: 1,
    sentence: 'How long clients wait for an app that does not accept connections yet.',
  },
  logLevel: {
    type: 'choice',
    choices: LOG_LEVELS,
    default: 'info',
    sentence: 'What is logged.',
  },
} as const satisfies SettingsTable;

type SettingKey = keyof typeof SETTINGS;
type KeyOf<T extends string> = {
  [K in SettingKey]: (typeof SETTINGS)[K]['type'] extends T ? K : never;
}[SettingKey];
type DurationSetting = Setting & { readonly type: 'duration' };
type ChoiceOf<K extends KeyOf<'choice'>> = (typeof SETTINGS)[K]['choices'][number];

const APP_SHUTDOWN_MS = 20_000;
const APP_SHUTDOWN_SHARE = 1 / 6;
const MARGIN_MS = 3000;
const MARGIN_SHARE = 1 / 10;

/**
 * The settings from `argv` (flags only), `env` and the defaults, in this order; throws a
 * ConfigError with all the faults there are.
 */
export function loadConfig(argv: readonly string[], env: Environment = process.env): Config {
  const faults: SettingFault[] = [];
  const values = new Values(readGiven(Object.keys(SETTINGS), argv, env, faults), faults);
  const gracePeriodMs = values.duration('gracePeriod');
  const appShutdownMs = values.duration('appShutdown', appShutdownOf(gracePeriodMs));
  const marginMs = values.duration('margin', marginOf(gracePeriodMs));
  const app = values.address('app');
  const config: Config = {
    listen: values.address('listen'),
    app: { host: app.host ?? '127.0.0.1', port: app.port },
    admin: values.address('admin'),
    gracePeriodMs,
    appShutdownMs,
    marginMs,
    deadlineMs: gracePeriodMs - appShutdownMs - marginMs,
    keepAliveMs: values.duration('keepAlive'),
    proxyProtocol: values.choice('proxyProtocol'),
    forwarded: values.choice('forwarded'),
    appConnectTimeoutMs: values.duration('appConnectTimeout'),
    logLevel: values.choice('logLevel'),
  };
  checkAddresses(config, values);
  checkBudget(config, values);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function appShutdownOf(gracePeriodMs: number): number {
  return Math.floor(Math.min(APP_SHUTDOWN_MS, gracePeriodMs * APP_SHUTDOWN_SHARE));
}

function marginOf(gracePeriodMs: number): number {
  return Math.floor(Math.min(MARGIN_MS, gracePeriodMs * MARGIN_SHARE));
}

/** Reads texts as values. One that cannot be read is a fault, and its default stands in for it. */
class Values {
  private readonly given: ReadonlyMap<string, Given>;
  private readonly faults: SettingFault[];
  private readonly refused = new Set<SettingKey>();

  constructor(given: ReadonlyMap<string, Given>, faults: SettingFault[]) {
    this.given = given;
    this.faults = faults;
  }

  isGiven(key: SettingKey): boolean {
    return this.given.has(key);
  }

  /** Whether none of them is a fault already: a second one about the first would help nobody. */
  areGood(...keys: readonly SettingKey[]): boolean {
    return !keys.some((key) => this.refused.has(key));
  }

  /** `reason` is said about what the user wrote for `key`, or about its flag and default. */
  refuse(key: SettingKey, reason: string): void {
    const given = this.given.get(key);
    const value = given?.value ?? SETTINGS[key].default;
    this.refused.add(key);
    this.faults.push({ key: given?.source ?? flagOf(key), value, reason });
  }

  address(key: KeyOf<'address'>): Address {
    return this.read(key, parseAddress) ?? parseAddress(SETTINGS[key].default);
  }

  /** `fallbackMs` is for a default that depends on other settings. */
  duration(key: KeyOf<'duration'>, fallbackMs?: number): number {
    const setting: DurationSetting = SETTINGS[key];
    const given = this.read(key, (text) => {
      const ms = parseDuration(text);
      if (setting.zeroAllowed === true && ms === 0) return ms;
      if (ms >= (setting.minMs ?? 0)) return ms;
      throw new ValueError(`is shorter than ${formatDuration(setting.minMs ?? 0)}`);
    });
    return given ?? fallbackMs ?? parseDuration(setting.default);
  }

  choice<K extends KeyOf<'choice'>>(key: K): ChoiceOf<K> {
    const { choices, default: usual } = SETTINGS[key];
    const given = this.read(key, (text) => {
      const found = choices.find((choice) => choice === text);
      if (found === undefined) throw new ValueError(`is not one of ${choices.join(', ')}`);
      return found;
    });
    return given ?? usual;
  }

  private read<T>(key: SettingKey, parse: (text: string) => T): T | undefined {
    const given = this.given.get(key);
    if (given === undefined) return undefined;
    try {
      return parse(given.value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.refuse(key, given.value === '' ? 'needs a value' : error.message);
      return undefined;
    }
  }
}

function checkAddresses({ listen, admin, app }: Config, values: Values): void {
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

function checkBudget(config: Config, values: Values): void {
  const keys = ['appShutdown', 'margin', 'gracePeriod'] as const;
  if (config.deadlineMs > 0 || !values.areGood(...keys)) return;
  const { gracePeriodMs, appShutdownMs, marginMs } = config;
  values.refuse(
    keys.find((key) => values.isGiven(key)) ?? 'gracePeriod',
    `leaves no time to drain: gracePeriod ${formatDuration(gracePeriodMs)}` +
      ` - appShutdown ${formatDuration(appShutdownMs)} - margin ${formatDuration(marginMs)}`,
  );
}

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: tidegate [SETTING...]
       tidegate demo [SETTING...]

Carries the traffic of the app in front of which it stands, and on SIGTERM waits
until nothing is in use any more. \`demo\` brings a small app of its own.

Each setting is a flag (--grace-period 60s) or an environment variable
(TIDEGATE_GRACE_PERIOD=60s); the flag wins. A DURATION has units: 500ms, 30s,
1m30s, 2h.

${renderHelp(SETTINGS)}
`;
}

/** The settings as the README has them. */
export function settingsTable(): string {
  return renderTable(SETTINGS);
}
