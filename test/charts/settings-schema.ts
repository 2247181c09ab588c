/**
 * What the library's values.schema.json says of a setting: derived from the settings table. Durations
 * and addresses are looked at by the templates, which can say in a sentence what is wrong with them.
 */
import type { IntegerForm } from '../../src/settings/integer.js';
import type { Setting } from '../../src/settings/setting.js';
import { type SettingKey, SETTINGS } from '../../src/settings/table.js';

export type Schema = Readonly<Record<string, unknown>>;

/** Those that the templates write, or that must not stand in values, because they are secrets. */
const NO_VALUES: readonly SettingKey[] = ['sidecar', 'podInfoDir', 'adminToken', 'adminTokenFile'];
/** Those with a form of their own as values: a pod has ports, and its grace period is in seconds. */
export const SHAPED = ['listen', 'app', 'admin', 'gracePeriod'] as const;

export const keys = Object.keys(SETTINGS) as SettingKey[];
export const valueKeys = keys.filter((key) => !NO_VALUES.includes(key));
/** Those that are passed on as they are given; an empty value is one that is not given. */
export const passedOn = valueKeys.filter((key) => !SHAPED.some((shaped) => shaped === key));

const NAME = ' *[!-+--~][ -+--~]*';
const PORT_RANGE = { minimum: 1, maximum: 65_535 };

const SHAPES: Readonly<Record<(typeof SHAPED)[number], Schema>> = {
  listen: { type: 'integer', ...PORT_RANGE },
  app: { type: ['integer', 'string'] },
  admin: { type: 'integer', ...PORT_RANGE },
  gracePeriod: { type: ['integer', 'string'] },
};

/** Without its description. */
export function schemaOf(key: SettingKey): Schema {
  const shaped = SHAPED.find((shaped) => shaped === key);
  return shaped === undefined ? schemaOfSetting(SETTINGS[key]) : SHAPES[shaped];
}

function schemaOfSetting(setting: Setting): Schema {
  if (setting.type === 'choice') return { enum: ['', ...setting.choices, ...yamlWords(setting)] };
  if (setting.type === 'integer') return schemaOfInteger(setting);
  if (setting.type === 'address') return { type: 'string' };
  if (setting.type === 'text') return { type: 'string', ...patternOf(setting.form) };
  // A number without a unit is refused by a template, which says so in a sentence.
  return { type: ['string', 'integer'] };
}

/** YAML 1.1, as helm reads it, has booleans for some words. */
function yamlWords({ choices }: { readonly choices: readonly string[] }): boolean[] {
  return choices.includes('off') ? [false] : [];
}

function patternOf(form: string): Schema {
  if (form === 'PATH') return { pattern: '^(|/[!-~]*)$' };
  return form === 'NAMES' ? { pattern: `^(|${NAME}(,${NAME})*)$` } : {};
}

function schemaOfInteger({ allowed, perSecond }: IntegerForm): Schema {
  const numbers = allowed.filter((one) => typeof one === 'number');
  const ranges = allowed.filter((one) => typeof one !== 'number');
  if (perSecond === true && ranges.length === 1) {
    const [[minimum, maximum]] = ranges;
    const pattern = String.raw`^(|[1-9]\d{0,${String(maximum - 1).length - 1}}(/s)?)$`;
    return { type: ['integer', 'string'], minimum, maximum, pattern };
  }
  const between = ranges.map(([minimum, maximum]) => ({ type: 'integer', minimum, maximum }));
  return { anyOf: [{ enum: ['', ...numbers] }, ...between] };
}
