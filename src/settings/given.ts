/**
 * What a user wrote, in flags and in the environment; not yet what it means. A flag beats the
 * variable of the same setting. Whatever looks like a setting and is none is a fault.
 */
import { settingFault, type SettingFault } from '../errors.js';
import { flagOf, VARIABLE_PREFIX, variableOf } from './setting.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One value, and where it stands: `source` is the flag or the variable. */
export interface Given {
  readonly source: string;
  readonly value: string;
}

/** The settings of `keys` that are given; what cannot be read is added to `faults`. */
export function readGiven(
  keys: readonly string[],
  argv: readonly string[],
  env: Environment,
  faults: SettingFault[],
): Map<string, Given> {
  return new Map([...readEnvironment(keys, env, faults), ...readFlags(keys, argv, faults)]);
}

function readEnvironment(
  keys: readonly string[],
  env: Environment,
  faults: SettingFault[],
): Map<string, Given> {
  const known = new Map(keys.map((key) => [variableOf(key), key]));
  const given = new Map<string, Given>();
  for (const [source, value] of Object.entries(env)) {
    if (!source.startsWith(VARIABLE_PREFIX) || value === undefined) continue;
    const key = known.get(source);
    if (key !== undefined) given.set(key, { source, value });
    else if (!isForeign(source, value)) faults.push(settingFault(source, value, 'is no setting'));
  }
  return given;
}

/**
 * `TIDEGATE_TEST_*` is the test suite's. The others are Kubernetes' own: it tells every pod of a
 * Service named `tidegate` or `tidegate-x` in variables of these names ("service links").
 */
function isForeign(name: string, value: string): boolean {
  if (name.startsWith(`${VARIABLE_PREFIX}TEST_`)) return true;
  if (/_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)) return true;
  return /_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value);
}

/** `--key value` and `--key=value`, each at most once, and nothing else. */
function readFlags(
  keys: readonly string[],
  argv: readonly string[],
  faults: SettingFault[],
): Map<string, Given> {
  const known = new Map(keys.map((key) => [flagOf(key), key]));
  const given = new Map<string, Given>();
  for (let at = 0; at < argv.length; at++) {
    const [source, attached] = splitFlag(argv[at]);
    const follows = argv[at + 1]?.startsWith('--') === false;
    const key = known.get(source);
    if (key === undefined) {
      const isFlag = source.startsWith('--');
      const value = attached ?? (isFlag && follows ? argv[++at] : '');
      const reason = isFlag ? 'is no setting' : 'is not expected here';
      faults.push(settingFault(source, value, reason));
      continue;
    }
    const value = attached ?? (follows ? argv[++at] : '');
    if (given.has(key)) faults.push(settingFault(source, value, 'is given twice'));
    else given.set(key, { source, value });
  }
  return given;
}

function splitFlag(argument: string): [source: string, value: string | undefined] {
  const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
  if (equals === -1) return [argument, undefined];
  return [argument.slice(0, equals), argument.slice(equals + 1)];
}
