/**
 * What is wanted of a cleanup: the one table from which the flags, their help, the README and the
 * chart's values come. A key is the chart's value and, as `--min-age`, the flag. Pure.
 */
import { ConfigError, settingFault, type SettingFault, ValueError } from '../errors.js';
import { formatDuration, parseDuration } from '../settings/duration.js';
import { parseInteger } from '../settings/integer.js';
import { flagOf } from '../settings/setting.js';
import type { LightlyUsed, Policy } from './contract.js';

export interface PolicyRow {
  /** What stands for its value in help. */
  readonly form: string;
  /** As a user would write it. */
  readonly default: string;
  readonly sentence: string;
}

export const POLICY_KEYS = [
  'keep',
  'minAge',
  'drainedFor',
  'deleteAfter',
  'maxAge',
  'lightlyUsed',
] as const;
export type PolicyKey = (typeof POLICY_KEYS)[number];

/** What somebody gave, by its key. */
export type GivenPolicy = Readonly<Partial<Record<PolicyKey, string>>>;

export const POLICY: Readonly<Record<PolicyKey, PolicyRow>> = {
  keep: {
    form: 'NUMBER',
    default: '1',
    sentence: 'So many previous colours are left as they are, to go back to.',
  },
  minAge: {
    form: 'DURATION',
    default: '1h',
    sentence: 'Nothing is done to a colour that lost its traffic less than this ago.',
  },
  drainedFor: {
    form: 'DURATION',
    default: '10m',
    sentence: 'How long all pods of a colour must have been safe before it is scaled to zero.',
  },
  deleteAfter: {
    form: 'DURATION',
    default: '24h',
    sentence: 'How long a colour is left at zero before it is deleted.',
  },
  maxAge: {
    form: 'DURATION|off',
    default: '48h',
    sentence: 'When its traffic was lost this long ago, the pods of a colour are asked to drain.',
  },
  lightlyUsed: {
    form: 'SHARE/DURATION|off',
    default: '1%/30m',
    sentence:
      'The same for a colour that has had no more at work than this share of its own peak, or one per pod, for so long.',
  },
};

const OFF = 'off';
const KEEP_MAX = 1_000;
/** No timer runs for it: moments are compared. Ten years are for ever. */
const DURATION_MS_MAX = 10 * 365 * 24 * 3_600_000;
const SHARE = /^(\d+(?:\.\d+)?)%$/;

/** The policy that the given texts mean; else a ConfigError with every fault. */
export function parsePolicy(given: GivenPolicy, force = false): Policy {
  const faults: SettingFault[] = [];
  const refuse = (key: PolicyKey, reason: string): void => {
    faults.push(settingFault(flagOf(key), given[key] ?? POLICY[key].default, reason));
  };
  const read = <T>(key: PolicyKey, parse: (text: string) => T): T => {
    try {
      return parse(given[key] ?? POLICY[key].default);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      refuse(key, error.message);
      return parse(POLICY[key].default);
    }
  };
  const keep = read('keep', (text) => parseInteger(text, { allowed: [[0, KEEP_MAX]] }));
  const minAgeMs = read('minAge', duration);
  const maxAgeMs = read('maxAge', (text) => unlessOff(text, duration));
  const policy: Policy = {
    keep,
    minAgeMs,
    drainedForMs: read('drainedFor', duration),
    deleteAfterMs: read('deleteAfter', duration),
    // Where only the minimum is given, the default gives way.
    maxAgeMs: given.maxAge === undefined ? later(minAgeMs, maxAgeMs) : maxAgeMs,
    lightlyUsed: read('lightlyUsed', (text) => unlessOff(text, parseLightlyUsed)),
    force,
  };
  if (faults.length === 0 && (policy.maxAgeMs ?? Infinity) < minAgeMs) {
    const minimum = `${flagOf('minAge')} (${formatDuration(minAgeMs)})`;
    refuse('maxAge', `is less than ${minimum}, before which nothing is done`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return policy;
}

function duration(text: string): number {
  return parseDuration(text, DURATION_MS_MAX);
}

function unlessOff<T>(text: string, parse: (text: string) => T): T | undefined {
  return text === OFF ? undefined : parse(text);
}

function later(oneMs: number, otherMs: number | undefined): number | undefined {
  return otherMs === undefined ? undefined : Math.max(oneMs, otherMs);
}

/** `1%/30m`: a share of the peak, and for how long. */
function parseLightlyUsed(text: string): LightlyUsed {
  const [share, forText, ...more] = text.split('/');
  const percent = Number(SHARE.exec(share)?.[1]);
  if (forText === undefined || more.length > 0 || Number.isNaN(percent)) {
    throw new ValueError(
      `is not a share and a duration like ${POLICY.lightlyUsed.default}, or off`,
    );
  }
  if (percent > 100) throw new ValueError('is more than 100%');
  return { share: percent / 100, forMs: duration(forText) };
}
