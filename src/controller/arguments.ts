/**
 * What the user wants of the controller, from flags, environment and defaults, in this order. All
 * faults are told together, and what leaves here can be used as it is.
 */
import { ConfigError, type SettingFault, ValueError } from '../errors.js';
import { type GivenPolicy, parsePolicy, POLICY_KEYS } from '../rainbow/policy.js';
import type { Policy } from '../rainbow/contract.js';
import type { Address } from '../settings/address.js';
import { type Environment, readGiven } from '../settings/given.js';
import { parseNames } from '../settings/names.js';
import { flagOf } from '../settings/setting.js';
import type { LogLevel } from '../settings/table.js';
import { renderHelp, renderTable } from '../settings/texts.js';
import { Values } from '../settings/values.js';
import {
  type Asking,
  CONTROLLER_SETTINGS,
  type ControllerTable,
  type SafeToEvict,
} from './settings.js';

export interface ControllerConfig {
  /** Undefined: its own. */
  readonly namespaces: readonly string[] | 'all' | undefined;
  readonly admin: Address;
  readonly lease: string;
  readonly marks: boolean;
  readonly deletionCost: boolean;
  readonly safeToEvict: SafeToEvict;
  readonly lookEveryMs: number;
  readonly rainbow: boolean;
  readonly rainbowEveryMs: number;
  /** Undefined: all of them. */
  readonly groups: readonly string[] | undefined;
  readonly dryRun: boolean;
  readonly policy: Policy;
  readonly ask: Asking;
  readonly prometheus: URL | undefined;
  /** Undefined: as the pods say. */
  readonly podAdmin: number | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly logLevel: LogLevel;
}

type Given = Values<ControllerTable>;

/** RFC 1123, as a namespace is called. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** As a Lease may be called. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const LABEL_VALUE = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const ANYTHING = /^[^\0]+$/;
const DEFAULT_LEASE = CONTROLLER_SETTINGS.lease.default;

/** Throws a ConfigError with all the faults there are. */
export function readControllerConfig(argv: readonly string[], env: Environment): ControllerConfig {
  const faults: SettingFault[] = [];
  const keys = Object.keys(CONTROLLER_SETTINGS);
  const values = new Values(CONTROLLER_SETTINGS, readGiven(keys, argv, env, faults), faults);
  const isOn = (key: 'marks' | 'deletionCost' | 'rainbow' | 'dryRun'): boolean =>
    values.choice(key) === 'on';
  const config: ControllerConfig = {
    namespaces: values.other('namespaces', parseNamespaces),
    admin: values.address('admin'),
    lease: values.text('lease', SUBDOMAIN, 'is not what a Lease may be called') ?? DEFAULT_LEASE,
    marks: isOn('marks'),
    deletionCost: isOn('deletionCost'),
    safeToEvict: values.choice('safeToEvict'),
    lookEveryMs: values.duration('lookEvery'),
    rainbow: isOn('rainbow'),
    rainbowEveryMs: values.duration('rainbowEvery'),
    groups: values.other('groups', parseGroups),
    dryRun: isOn('dryRun'),
    policy: readPolicy(values, faults),
    ask: values.choice('ask'),
    prometheus: values.other('prometheus', parseUrl),
    podAdmin: values.integerIfGiven('podAdmin'),
    kubeconfig: values.text('kubeconfig', ANYTHING, 'is no file name'),
    context: values.text('context', ANYTHING, 'is no context'),
    logLevel: values.choice('logLevel'),
  };
  for (const key of ['ask', 'podAdmin'] as const) {
    if (values.isGiven('prometheus') && values.isGiven(key) && values.areGood(key)) {
      values.refuse(key, 'is given beside prometheus, with which no pod is asked');
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function parseNamespaces(text: string): readonly string[] | 'all' {
  const names = parseNames(text);
  if (names.length === 1 && names[0] === '*') return 'all';
  return named(names, LABEL, 'a namespace');
}

function parseGroups(text: string): readonly string[] {
  return named(parseNames(text), LABEL_VALUE, 'what a label may have for its value');
}

/** Each once. */
function named(names: readonly string[], form: RegExp, what: string): readonly string[] {
  const wrong = names.find((name) => !form.test(name));
  if (wrong !== undefined) throw new ValueError(`has "${wrong}", which is not ${what}`);
  return [...new Set(names)];
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ValueError('is not a URL like http://prometheus.monitoring:9090');
  }
  return url;
}

/** By rainbow's own rules; its faults name a flag, and here it may have been a variable. */
function readPolicy(values: Given, faults: SettingFault[]): Policy {
  const given: GivenPolicy = Object.fromEntries(
    POLICY_KEYS.flatMap((key) => {
      const text = values.raw(key)?.value;
      return text === undefined ? [] : [[key, text]];
    }),
  );
  try {
    return parsePolicy(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const source = (flag: string): string => {
      const key = POLICY_KEYS.find((one) => flagOf(one) === flag);
      return (key === undefined ? undefined : values.raw(key)?.source) ?? flag;
    };
    faults.push(...error.faults.map((fault) => ({ ...fault, key: source(fault.key) })));
    return parsePolicy({});
  }
}

/** Undefined stands for all of them. */
export function namespacesOf(
  { namespaces }: Pick<ControllerConfig, 'namespaces'>,
  own: string,
): readonly (string | undefined)[] {
  return namespaces === 'all' ? [undefined] : (namespaces ?? [own]);
}

/** What `tidegate controller --help` prints. */
export function controllerHelp(): string {
  return `Usage: tidegate controller [SETTING...]

Watches the pods that have a tidegate, and the groups of colours they are of: it
marks each pod with whether it may be deleted and how much it holds, so that
Kubernetes takes those first that nobody uses; it tells in Events how each
drain ended; and with \`rainbow\` it does all the time what \`tidegate rainbow
cleanup\` does when asked. Of several replicas one acts, and the others are ready
to.

Each setting is a flag (--look-every 30s) or an environment variable
(TIDEGATE_LOOK_EVERY=30s); the flag wins. A DURATION has units: 500ms, 30s,
1m30s, 2h.

${renderHelp(CONTROLLER_SETTINGS)}

Exit codes: 0 ended by SIGTERM or SIGINT; 1 a port could not be opened, or there
is no way to a cluster; 64 settings that cannot be used, each of which is named.
`;
}

/** The settings as the README has them. */
export function controllerTable(): string {
  return renderTable(CONTROLLER_SETTINGS);
}
