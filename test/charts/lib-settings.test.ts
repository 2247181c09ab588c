/**
 * The settings table as chart values: the same names, the schema that follows from it, the words of
 * values.yaml, and that a render refuses what the program would refuse at its start, and nothing else.
 */
import t from 'tap';
import { parse, parseDocument, visit } from 'yaml';
import { loadConfig } from '../../src/config.js';
import { ConfigError } from '../../src/errors.js';
import { variableOf } from '../../src/settings/setting.js';
import { type SettingKey, SETTINGS } from '../../src/settings/table.js';
import { layOut, readDocument } from '../documents.js';
import { libraryBy, sentenceOf, variablesOf } from './library.js';
import { chartFor, type Values } from './render.js';
import { passedOn, type Schema, schemaOf, valueKeys } from './settings-schema.js';
import { testWithTools } from './tools.js';

interface ObjectSchema {
  readonly additionalProperties?: boolean;
  readonly properties?: Readonly<Record<string, Schema & ObjectSchema>>;
}

const schema = JSON.parse(readDocument('charts/tidegate-lib/values.schema.json')) as ObjectSchema;
const valuesText = readDocument('charts/tidegate-lib/values.yaml');
const defaults = parse(valuesText) as Readonly<Record<string, unknown>>;

t.test('each setting is a value, but those that are secret or the templates own', (t) => {
  const settings = Object.keys(defaults).filter((key) => key in SETTINGS);
  t.same(new Set(settings), new Set(valueKeys));
  t.same(
    passedOn.filter((key) => defaults[key] !== ''),
    [],
    'not given unless the user does',
  );
  t.end();
});

t.test('the schema of a setting follows from the settings table', (t) => {
  for (const key of valueKeys) {
    const { description, examples, ...rest } = schema.properties?.[key] ?? {};
    t.same(rest, schemaOf(key), `${key} needs ${JSON.stringify(schemaOf(key))}`);
    if (passedOn.includes(key)) t.equal(description, SETTINGS[key].sentence);
    else t.ok(description ?? examples, key);
  }
  t.end();
});

t.test('the schema knows every value of values.yaml, and no others', (t) => {
  const compare = (values: object, { properties = {}, additionalProperties }: ObjectSchema): void => {
    t.equal(additionalProperties, false);
    t.same(new Set(Object.keys(values)), new Set(Object.keys(properties)));
    for (const [key, value] of Object.entries(values)) {
      if (['image', 'adminTokenSecret'].includes(key)) compare(value as object, properties[key]);
    }
  };
  compare({ ...defaults, global: {} }, schema);
  t.end();
});

t.test('values.yaml says of each value what its schema says', (t) => {
  const told = commentsOf(valuesText);
  const compare = (prefix: string, { properties = {} }: ObjectSchema): void => {
    for (const [key, { description, ...of }] of Object.entries(properties)) {
      if (typeof description === 'string' && key !== 'global') {
        t.ok(told.get(prefix + key)?.startsWith(description), `${prefix}${key}: ${description}`);
      }
      if (['image', 'adminTokenSecret'].includes(key)) compare(`${key}.`, of);
    }
  };
  compare('', schema);
  for (const key of passedOn) {
    t.ok(told.get(key)?.endsWith(` Default: ${SETTINGS[key].default}.`), `${key}: its default`);
  }
  t.end();
});

/** The rows of README.md: each value with its default and what it is. */
function rowsOf(values: object, { properties = {} }: ObjectSchema, prefix = ''): string[][] {
  return Object.entries(values).flatMap(([key, value]) => {
    const { description, ...schema } = properties[key];
    if (typeof description !== 'string') return rowsOf(value as object, schema, `${key}.`);
    return [[`\`${prefix}${key}\``, code(value), description]];
  });
}

function code(value: unknown): string {
  return value === '' ? 'none' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

t.test('README.md has each value that is no setting of its own, its default and what it is', (t) => {
  const own = Object.fromEntries(
    Object.entries(defaults).filter(([key]) => !passedOn.some((passed) => passed === key)),
  );
  const table = layOut([['Value', 'Default', 'What it is'], ...rowsOf(own, schema)]);
  const [, told] = readDocument('charts/tidegate-lib/README.md').split(/<!-- \/?values -->\n/);
  t.equal(told.trim(), table, `charts/tidegate-lib/README.md needs this table:\n${table}`);
  t.end();
});

/** The comment before each key, as one line, by the key's path. */
function commentsOf(text: string): Map<string, string> {
  const comments = new Map<string, string>();
  visit(parseDocument(text), {
    Pair: (_, pair, parents) => {
      const path = [...parents, pair].flatMap((node) => ('key' in node ? [String(node.key)] : []));
      const map = parents.at(-1) as { commentBefore?: string; items: unknown[] };
      const key = pair.key as { commentBefore?: string };
      const before = map.items[0] === pair ? (map.commentBefore ?? key.commentBefore) : key.commentBefore;
      const paragraph = (before ?? '').split(/\n\s*\n/).at(-1) ?? '';
      comments.set(path.join('.'), paragraph.trim().split(/\s*\n\s*/).join(' '));
    },
  });
  return comments;
}

/** What the program says of these settings, in the chart's words. */
function faultsOf(given: Values): string[] {
  const env = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [variableOf(key), textOf(value)]),
  );
  try {
    loadConfig([], { TIDEGATE_GRACE_PERIOD: '600s', ...env });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const keyOf = (name: string): SettingKey | undefined =>
      valueKeys.find((key) => variableOf(key) === name);
    return error.faults.map(({ key, value, reason }) => `tidegate: ${keyOf(key)} ${value} ${reason}`);
  }
}

/** As the chart passes it on. */
function textOf(value: unknown): string {
  return value === false ? 'off' : String(value);
}

/** Of each setting some values that are taken. */
const TAKEN: Readonly<Partial<Record<SettingKey, readonly unknown[]>>> = {
  appShutdown: ['0', 0, '9m50s'],
  margin: ['1.5s', 0],
  settleMin: ['30s'],
  settleQuiet: ['0ms'],
  settleMax: [0, '115400ms'],
  closeWindow: ['144s', '2m24s'],
  closeRate: [1, '500', '500/s', 1_000_000],
  idleFarewell: ['115.4s'],
  websocketCloseCode: [1000, 1012, 3000, 4999],
  lateUpgrades: ['refuse'],
  farewellForApp: ['never'],
  quietFor: ['596h31m23s647ms'],
  probeAgents: ['a, b c/1.0 (+x)'],
  terminationNotice: ['0h'],
  unreadyAfter: ['0'],
  linger: ['1h1m1s1ms'],
  keepAlive: [0, '1s', '9h6m7s'],
  proxyProtocol: ['v2', false],
  forwarded: ['append', false],
  appConnectTimeout: ['1ms'],
  secondChance: ['web:80', '[fd00::1]:80'],
  appHealthPath: ['/healthz?full=1'],
  terminationMessagePath: ['/dev/message'],
  logLevel: ['silent'],
};

/** Those that divide the grace period stand alone, so that none spoils another. */
const DIVIDING = ['appShutdown', 'margin', 'settleMin', 'settleQuiet', 'settleMax', 'closeWindow'];

/** All of the values in few sets: what is rendered at once. */
function setsOfTaken(): Values[] {
  const alone = DIVIDING.flatMap((key) =>
    (TAKEN[key as SettingKey] ?? []).map((value) => ({ [key]: value })),
  );
  const others = Object.entries(TAKEN).filter(([key]) => !DIVIDING.includes(key));
  const most = Math.max(...others.map(([, values]) => values.length));
  const together = Array.from({ length: most }, (_, at) =>
    Object.fromEntries(others.filter(([, values]) => at in values).map(([key, values]) => [key, values[at]])),
  );
  return [...together, ...alone];
}

testWithTools('a setting that the program takes is passed on as it is given', async (t, { helm }) => {
  const { pods } = libraryBy(helm[4], chartFor(t, 'test/charts/library-user'));
  t.same(new Set(Object.keys(TAKEN)), new Set(passedOn), 'each has a value here');
  for (const values of setsOfTaken()) {
    t.same(faultsOf(values), []);
    const variables = variablesOf((await pods(values)).native);
    for (const [key, value] of Object.entries(values)) {
      t.equal(variables[variableOf(key)], textOf(value), `${key}: ${String(value)}`);
    }
  }
});

/** What both say in the same words. */
const TOLD: readonly Values[] = [
  { settleMin: 10 },
  { settleQuiet: '7 s' },
  { quietFor: '1d' },
  { linger: '-1s' },
  { closeWindow: '600h' },
  { keepAlive: '999ms' },
  { keepAlive: '9h6m7s1ms' },
  { appConnectTimeout: '0s' },
  { gracePeriod: '10s', margin: '12s' },
  { gracePeriod: '10s', appShutdown: '9s' },
  { gracePeriod: '31s', appShutdown: '27s', margin: '4s' },
  { gracePeriod: '7s', settleMax: '1s27ms' },
  { settleMax: '116s' },
  { closeWindow: '144.5s' },
  { idleFarewell: '115401ms' },
  { settleMin: '31s' },
  { settleQuiet: '11s', settleMax: '10s' },
];

/** What the schema refuses before a template can. */
const REFUSED: readonly Values[] = [
  { closeRate: 0 },
  { closeRate: '1/m' },
  { closeRate: 1_000_001 },
  { websocketCloseCode: 1006 },
  { websocketCloseCode: 5000 },
  { lateUpgrades: 'never' },
  { farewellForApp: 'off' },
  { proxyProtocol: 'v3' },
  { forwarded: true },
  { appHealthPath: 'healthz' },
  { probeAgents: 'a,,b' },
  { logLevel: 'loud' },
];

testWithTools('a render refuses what the program would, in its words', async (t, { helm }) => {
  const { refusal } = libraryBy(helm[4], chartFor(t, 'test/charts/library-user'));
  for (const given of TOLD) {
    const sentence = sentenceOf(await refusal(given));
    const faults = faultsOf(given);
    t.ok(faults.includes(sentence), `${sentence}; the program: ${faults.join(', ')}`);
  }
  for (const given of REFUSED) {
    const [key] = Object.keys(given);
    t.match(await refusal(given), `at '/${key}'`);
    t.not(faultsOf(given).length, 0, `the program refuses ${JSON.stringify(given)}`);
  }
});
