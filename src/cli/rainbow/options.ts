/**
 * What can be asked of `tidegate rainbow`, and the options of each verb: the one table from which
 * parsing and help come. Those of the policy are policy.ts' and stand in no other list.
 */
import { POLICY } from '../../rainbow/policy.js';
import { flagOf } from '../../settings/setting.js';
import { wrap } from '../../settings/texts.js';
import type { OptionForm } from '../given.js';
import { EXIT_COMMAND_USAGE } from '../options.js';

export const VERBS = [
  'list',
  'status',
  'promote',
  'rollback',
  'cleanup',
  'wait',
  'deploy',
] as const;
export type Verb = (typeof VERBS)[number];

export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Output = (typeof OUTPUTS)[number];
export const DRY_RUNS = ['none', 'client', 'server'] as const;
export type DryRun = (typeof DRY_RUNS)[number];
export const ASKINGS = ['proxy', 'direct'] as const;
export type Asking = (typeof ASKINGS)[number];

export interface VerbOption extends OptionForm {
  readonly verbs: readonly Verb[];
  readonly sentence: string;
}

const SWITCHING: readonly Verb[] = ['promote', 'rollback'];
/** Those that want to know what pods say. */
const ASKING: readonly Verb[] = ['status', ...SWITCHING, 'cleanup', 'wait'];
const CHANGING: readonly Verb[] = [...SWITCHING, 'cleanup', 'deploy'];
const PLANNING: readonly Verb[] = ['status', 'cleanup'];

const OWN = {
  namespace: {
    letter: 'n',
    form: 'NAME',
    verbs: VERBS,
    sentence: "Where the group is. Default: the context's.",
  },
  allNamespaces: { letter: 'A', verbs: ['list', 'cleanup'], sentence: 'All of them.' },
  selector: {
    letter: 'l',
    form: 'LABELS',
    verbs: ['list', 'cleanup'],
    sentence: 'Groups that have a Deployment with these labels, as kubectl takes them.',
  },
  context: {
    form: 'NAME',
    verbs: VERBS,
    sentence: 'Of the kubeconfig. Default: its current one.',
  },
  kubeconfig: {
    form: 'FILE',
    verbs: VERBS,
    sentence: `How the cluster is reached. Default: those in KUBECONFIG, else ~/.kube/config, else
      the service account of the pod it runs in.`,
  },
  output: {
    letter: 'o',
    form: OUTPUTS.join('|'),
    verbs: VERBS,
    sentence: 'For people, with more columns, for machines, or the names alone. Default: table.',
  },
  watch: { letter: 'w', verbs: ['status'], sentence: 'Looks again every few seconds.' },
  image: {
    form: '[CONTAINER=]IMAGE',
    repeats: true,
    verbs: ['deploy'],
    sentence: `What the new colour runs; without CONTAINER that of the app, if it has one alone.
      May be given once for each container.`,
  },
  replicas: {
    form: 'NUMBER',
    verbs: ['deploy'],
    sentence: "How many pods it gets. Default: as many as the live colour's.",
  },
  service: {
    form: 'NAME',
    repeats: true,
    verbs: [...SWITCHING, 'deploy'],
    sentence: `The Service that is meant, where those of the group are on different colours; may be
      given more than once. Default: all of them.`,
  },
  dryRun: {
    form: DRY_RUNS.join('|'),
    verbs: CHANGING,
    sentence: `client: says what would be done, and changes nothing. server: the API server checks
      it, too. Default: none.`,
  },
  timeout: {
    form: 'DURATION',
    verbs: [...SWITCHING, 'wait'],
    sentence: `How long to wait for pods at most, like 30s or 1h30m. Default: 5m; wait: for
      ever.`,
  },
  yes: {
    letter: 'y',
    verbs: [...SWITCHING, 'cleanup'],
    sentence: 'Does not ask. Needed where nobody sits before a terminal.',
  },
  force: {
    verbs: CHANGING,
    sentence: `Also does what is refused otherwise: drains the last ready pod of a Service, moves one
      that somebody else would move back, makes a colour that a Service would select at once, takes
      a pod whose app has never answered for a safe one.`,
  },
  ask: {
    form: ASKINGS.join('|'),
    verbs: ASKING,
    sentence: `How pods are asked: through the API server (pods/proxy), or at their own addresses
      from within the cluster. Default: proxy.`,
  },
  prometheus: {
    form: 'URL',
    verbs: ASKING,
    sentence: `Asks this Prometheus what the pods say, and no pod; then status does not estimate
      when a colour is empty. Default: none.`,
  },
  admin: {
    form: 'PORT',
    verbs: ASKING,
    sentence: `Where pods are asked. Default: their container port that is called tidegate, else
      9180.`,
  },
} as const satisfies Readonly<Record<string, VerbOption>>;

const LAST = {
  help: { letter: 'h', verbs: VERBS, sentence: 'Prints this.' },
} as const satisfies Readonly<Record<string, VerbOption>>;

export type PolicyKey = keyof typeof POLICY;
export type OptionKey = keyof typeof OWN | keyof typeof LAST | PolicyKey;

const OPTIONS: readonly (readonly [OptionKey, VerbOption])[] = Object.entries<VerbOption>({
  ...OWN,
  ...Object.fromEntries(
    Object.entries(POLICY).map(([key, { form, sentence, default: standard }]) => [
      key,
      { form, verbs: PLANNING, sentence: `${sentence} Default: ${standard}.` },
    ]),
  ),
  ...LAST,
}) as [OptionKey, VerbOption][];

interface VerbText {
  /** What stands behind the verb. */
  readonly places: string;
  readonly purpose: string;
  readonly exit: string;
}

export const VERB_TEXTS: Readonly<Record<Verb, VerbText>> = {
  list: {
    places: '',
    purpose: `Lists the groups and their colours: which is live, and how many pods each has.
      Asks no pod.`,
    exit: '0 listed',
  },
  status: {
    places: 'GROUP [COLOUR]',
    purpose: `Shows each colour of a group: its pods, its connections, how they have become fewer
      since it lost traffic, when they may be gone, and what cleanup would do with it. Changes
      nothing.`,
    exit: '0 shown; with COLOUR 0 safe to delete, 3 not safe, or live',
  },
  promote: {
    places: 'GROUP COLOUR',
    purpose: `Makes a colour the live one: takes its drains back, gives it the replicas that it
      had, waits until its pods are ready, moves the selector of the group's Services, and looks
      whether they arrive there.`,
    exit: '0 live, 3 refused or not ready in time',
  },
  rollback: {
    places: 'GROUP [COLOUR]',
    purpose: `Promotes the colour that was live before, or the one that is named.`,
    exit: '0 live, 3 refused or not ready in time',
  },
  cleanup: {
    places: '[GROUP]',
    purpose: `Does what is due with old colours: drains, shrinks, scales to zero, deletes. Prints
      what, and asks. Without GROUP: every group of the namespace.`,
    exit: '0 done, 3 stopped because something has changed meanwhile, or not wanted',
  },
  wait: {
    places: 'GROUP COLOUR',
    purpose: `Waits until every pod of a colour may be deleted, and no Service sends to it any more.
      Starts nothing.`,
    exit: '0 safe to delete, 3 not safe within the timeout',
  },
  deploy: {
    places: 'GROUP COLOUR',
    purpose: `Makes a colour from the Deployment of the live one, with other images. It gets no
      traffic before it is promoted.`,
    exit: '0 made, 3 refused',
  },
};

/** Every one of them, whatever the verb. */
export function allOptions(): readonly (readonly [OptionKey, VerbOption])[] {
  return OPTIONS;
}

/** The options of a verb, in the order of the table. */
export function optionsOf(verb: Verb): (readonly [OptionKey, VerbOption])[] {
  return OPTIONS.filter(([, { verbs }]) => verbs.includes(verb));
}

const COLUMNS = 80;

/** What `tidegate rainbow --help` prints. */
export function rainbowHelp(): string {
  const verbs = VERBS.map((verb) => {
    const { places, purpose } = VERB_TEXTS[verb];
    return `  ${`${verb} ${places}`.trim()}\n${paragraph(purpose, '      ')}`;
  });
  return `Usage: tidegate rainbow VERB [GROUP] [COLOUR] [OPTION...]
       kubectl tidegate rainbow VERB [GROUP] [COLOUR] [OPTION...]

${paragraph(GROUP_SENTENCE, '')}

${verbs.join('\n')}

Each tells its options with --help.
`;
}

const GROUP_SENTENCE = `A group of colours is the Deployments of a namespace with the label
  tidegate.dev/rainbow: GROUP, whose pods have the label tidegate.dev/colour: COLOUR. A colour is
  live while a Service's selector matches it.`;

/** What `tidegate rainbow VERB --help` prints. */
export function verbHelp(verb: Verb): string {
  const { places, purpose, exit } = VERB_TEXTS[verb];
  const options = optionsOf(verb).map(([key, { letter, form, sentence }]) => {
    const short = letter === undefined ? '' : `-${letter}, `;
    const flag = `  ${short}${flagOf(key)}${form === undefined ? '' : ` ${form}`}`;
    return `${flag}\n${paragraph(sentence, '      ')}`;
  });
  return `Usage: tidegate rainbow ${`${verb} ${places}`.trim()} [OPTION...]

${paragraph(purpose, '')}

${options.join('\n')}

${paragraph(`Exit codes: ${exit}; 1 a fault, ${EXIT_COMMAND_USAGE} usage.`, '')}
`;
}

function paragraph(text: string, indent: string): string {
  return wrap(text.replace(/\s+/g, ' ').replaceAll('`', ''), COLUMNS, indent);
}
