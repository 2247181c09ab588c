/**
 * What the user asks of a rainbow group, from the words of the command line. Whatever cannot be
 * used is a fault, and all of them are told together. Nothing is looked up here.
 */
import { ConfigError, settingFault, type SettingFault, ValueError } from '../../errors.js';
import type { Policy } from '../../rainbow/contract.js';
import { type GivenPolicy, parsePolicy, POLICY_KEYS } from '../../rainbow/policy.js';
import { parseDuration } from '../../settings/duration.js';
import { parseInteger } from '../../settings/integer.js';
import { readWords, tokensOf, Values } from '../given.js';
import {
  allOptions,
  type Asking,
  ASKINGS,
  type DryRun,
  DRY_RUNS,
  type OptionKey,
  optionsOf,
  type Output,
  OUTPUTS,
  type Verb,
  VERB_TEXTS,
  VERBS,
} from './options.js';

/** Which cluster, and where in it. */
export interface ClusterAsked {
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  /** Undefined: that of the context. */
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
}

/** How it is found out what pods say. */
export interface PodsAsked {
  readonly ask: Asking;
  readonly prometheus: URL | undefined;
  /** Undefined: as each pod says. */
  readonly port: number | undefined;
}

export interface RainbowAsked {
  readonly verb: Verb;
  readonly help: boolean;
  readonly cluster: ClusterAsked;
  /** Empty: all of them. */
  readonly group: string;
  /** Empty: none is named. */
  readonly colour: string;
  readonly selector: string | undefined;
  readonly output: Output;
  readonly watch: boolean;
  readonly dryRun: DryRun;
  /** Undefined: as the verb has it. */
  readonly timeoutMs: number | undefined;
  readonly yes: boolean;
  /** Names; empty: all of them. */
  readonly services: readonly string[];
  readonly pods: PodsAsked;
  readonly policy: Policy;
  /** `IMAGE` or `CONTAINER=IMAGE`. */
  readonly images: readonly string[];
  readonly replicas: number | undefined;
}

const PORT_MAX = 65_535;
const REPLICAS_MAX = 10_000;
/** A name that may stand in a path: RFC 1123 label, and subdomain. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;
/** What a label may have for its value. */
const LABEL_VALUE = /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

/**
 * The verb, and what stands beside it; undefined if there is none, or one that is not known. With
 * kubectl, options may stand before the word `rainbow`.
 */
export function findVerb(
  argv: readonly string[],
): { readonly verb: Verb; readonly rest: readonly string[] } | { readonly word: string } {
  const token = tokensOf(allOptions(), argv).find(({ kind }) => kind === 'positional');
  if (token === undefined) return { word: '' };
  const word = argv[token.index];
  if (word === 'rainbow') return findVerb(argv.toSpliced(token.index, 1));
  const verb = VERBS.find((known) => known === word);
  return verb === undefined ? { word } : { verb, rest: argv.toSpliced(token.index, 1) };
}

/** What is asked for; `faults` gets what cannot be used, and then the answer may not be. */
export function readArguments(
  verb: Verb,
  argv: readonly string[],
  faults: SettingFault[],
): RainbowAsked {
  const command = `rainbow ${verb}`;
  const { length: placesMax } = placesOf(verb);
  const { words, places } = readWords(optionsOf(verb), argv, command, faults, placesMax);
  const values = new Values<OptionKey>(words, faults);
  const [group = '', colour = ''] = places;
  const asked: RainbowAsked = {
    verb,
    help: words.has('help'),
    cluster: readCluster(values),
    group,
    colour,
    selector: values.read('selector', asIs),
    output: values.choice('output', OUTPUTS) ?? 'table',
    watch: words.has('watch'),
    dryRun: values.choice('dryRun', DRY_RUNS) ?? 'none',
    timeoutMs: values.read('timeout', parseDuration),
    yes: words.has('yes'),
    services: values.readAll('service', (text) => named(text, SUBDOMAIN, 'a Service')),
    pods: readPods(values),
    policy: readPolicy(values, words.has('force'), faults),
    images: values.readAll('image', parseImage),
    replicas: values.read('replicas', (text) =>
      parseInteger(text, { allowed: [[0, REPLICAS_MAX]] }),
    ),
  };
  checkPlaces(verb, places, faults);
  checkTogether(asked, values);
  return asked;
}

/** `[COLOUR]` need not be given. */
function placesOf(verb: Verb): readonly string[] {
  return VERB_TEXTS[verb].places.split(' ').filter((place) => place !== '');
}

function asIs(text: string): string {
  return text;
}

function named(text: string, form: RegExp, what: string): string {
  if (!form.test(text)) throw new ValueError(`is not the name of ${what}`);
  return text;
}

function readCluster(values: Values<OptionKey>): ClusterAsked {
  return {
    context: values.read('context', asIs),
    kubeconfig: values.read('kubeconfig', asIs),
    namespace: values.read('namespace', (text) => named(text, LABEL, 'a namespace')),
    allNamespaces: values.has('allNamespaces'),
  };
}

function readPods(values: Values<OptionKey>): PodsAsked {
  return {
    ask: values.choice('ask', ASKINGS) ?? 'proxy',
    prometheus: values.read('prometheus', parseUrl),
    port: values.read('admin', (text) => parseInteger(text, { allowed: [[1, PORT_MAX]] })),
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ValueError('is not a URL like http://prometheus.monitoring:9090');
  }
  return url;
}

/** `[CONTAINER=]IMAGE`; an image has no `=`. */
function parseImage(text: string): string {
  const [, container, image] = /^(?:([^=\s]*)=)?([^=\s]+)$/.exec(text) ?? [];
  if (image === undefined) throw new ValueError('is not [CONTAINER=]IMAGE');
  if (container !== undefined) named(container, LABEL, 'a container');
  return text;
}

function readPolicy(values: Values<OptionKey>, force: boolean, faults: SettingFault[]): Policy {
  const given: GivenPolicy = Object.fromEntries(
    POLICY_KEYS.flatMap((key) => {
      const text = values.read(key, asIs);
      return text === undefined ? [] : [[key, text]];
    }),
  );
  try {
    return parsePolicy(given, force);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
    return parsePolicy({}, force);
  }
}

function checkPlaces(verb: Verb, places: readonly string[], faults: SettingFault[]): void {
  for (const [at, form] of placesOf(verb).entries()) {
    const name = form.replace(/[[\]]/g, '');
    const text = places.at(at);
    if (text === undefined) {
      if (form === name) faults.push(settingFault(name, '', 'is needed'));
    } else if (!LABEL_VALUE.test(text)) {
      faults.push(settingFault(name, text, 'is not what a label may have for its value'));
    }
  }
}

/** What does not go together, and what is needed. */
function checkTogether({ verb, group, help }: RainbowAsked, values: Values<OptionKey>): void {
  if (values.has('allNamespaces') && values.has('namespace')) {
    values.refuse('namespace', 'is given beside --all-namespaces');
  }
  for (const key of ['allNamespaces', 'selector'] as const) {
    if (group !== '' && values.has(key)) values.refuse(key, 'is given beside GROUP');
  }
  for (const key of ['ask', 'admin'] as const) {
    if (values.has('prometheus') && values.has(key)) {
      values.refuse(key, 'is given beside --prometheus, with which no pod is asked');
    }
  }
  if (verb === 'deploy' && !help && !values.has('image')) values.refuse('image', 'is needed');
}
