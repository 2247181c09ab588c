/**
 * The commands and their options: the one table from which parsing and help come. Nothing is
 * decided here, and no option is named anywhere else.
 */
import { flagOf, variableOf } from '../settings/setting.js';
import type { OptionForm } from './given.js';

export const COMMANDS = ['status', 'drain', 'wait', 'hold'] as const;
export type Command = (typeof COMMANDS)[number];

/** What is needed beyond the faults of the program itself (EXIT_OK, EXIT_FAULT). */
export const EXIT_COMMAND_USAGE = 2;
export const EXIT_NOT_SAFE = 3;

export const OUTPUTS = ['table', 'json'] as const;
export type Output = (typeof OUTPUTS)[number];
export const READINESSES = ['fail', 'keep'] as const;
export type Readiness = (typeof READINESSES)[number];

export const ADMIN_DEFAULT = '127.0.0.1:9180';
/** A token on the command line could be read by whoever lists processes. */
export const TOKEN_VARIABLE = variableOf('adminToken');

export interface Option extends OptionForm {
  readonly commands: readonly Command[];
  readonly sentence: string;
}

/** Those that reach a pod from anywhere. */
const ASKING = ['status', 'drain', 'wait'] as const;

export const OPTIONS = {
  admin: {
    form: 'PORT|HOST:PORT',
    variable: variableOf('admin'),
    commands: COMMANDS,
    sentence: `The admin port of the tidegate that is meant; or ${variableOf('admin')}.
      Default: ${ADMIN_DEFAULT}.`,
  },
  pod: {
    form: '[NAMESPACE/]NAME',
    commands: ASKING,
    sentence: `The pod it is in, reached through the API server (pods/proxy); of --admin
      the port alone then counts. Default: none.`,
  },
  context: {
    form: 'NAME',
    commands: ASKING,
    sentence: 'Of the kubeconfig. Default: its current one.',
  },
  kubeconfig: {
    form: 'FILE',
    commands: ASKING,
    sentence: `How the cluster is reached. Default: those in KUBECONFIG, else
      ~/.kube/config, else the service account of the pod it runs in.`,
  },
  output: {
    letter: 'o',
    form: OUTPUTS.join('|'),
    commands: ASKING,
    sentence: 'For people, or as the admin port answers. Default: table.',
  },
  watch: {
    letter: 'w',
    commands: ['status'],
    sentence: 'Looks every second until drained; beside a terminal, a line a change.',
  },
  reason: {
    form: 'TEXT',
    commands: ['drain'],
    sentence: 'Why, for the log and for whoever asks.',
  },
  readiness: {
    form: READINESSES.join('|'),
    commands: ['drain'],
    sentence: 'Whether /readyz tells load balancers to go elsewhere. Default: fail.',
  },
  recall: {
    commands: ['drain'],
    sentence: 'Takes the drain back; possible until it ends connections.',
  },
  force: {
    commands: ['drain'],
    sentence: 'Also if --pod is the last ready pod of a Service: refused otherwise.',
  },
  wait: {
    commands: ['drain'],
    sentence: 'Does then what `tidegate wait` does.',
  },
  timeout: {
    form: 'DURATION',
    commands: ['wait', 'drain'],
    sentence: 'How long to wait at most, like 30s or 1h30m. Default: for ever.',
  },
  name: {
    form: 'TEXT',
    commands: ['hold'],
    sentence: 'What the lease is called. Default: the name of COMMAND.',
  },
  ttl: {
    form: 'DURATION',
    commands: ['hold'],
    sentence: 'How long it lasts if it is not renewed, 1s to 1h. Default: 30s.',
  },
  holder: {
    form: 'TEXT',
    commands: ['hold'],
    sentence: 'Who holds it, for the log and for whoever asks.',
  },
  tokenFile: {
    form: 'FILE',
    variable: variableOf('adminTokenFile'),
    commands: ['drain', 'hold'],
    sentence: `Has the setting adminToken of that tidegate; needed from outside its pod.
      Or ${variableOf('adminTokenFile')}, or the token itself in ${TOKEN_VARIABLE}.`,
  },
  help: { letter: 'h', commands: COMMANDS, sentence: 'Prints this.' },
} as const satisfies Readonly<Record<string, Option>>;

export type OptionKey = keyof typeof OPTIONS;

const PURPOSES: Readonly<Record<Command, string>> = {
  status: `Says where a running tidegate stands: its phase, what is at work, until when
a drain lasts at most, and whether the pod may be deleted now.`,
  drain: `Starts the drain of a running tidegate, or takes it back. One that is going on
keeps its deadline and its reason.`,
  wait: `Waits until the pod of a running tidegate may be deleted. Starts nothing.`,
  hold: `Runs COMMAND while it holds a lease of the tidegate in its pod, so that this is
not let go of meanwhile. Without a lease COMMAND is not started; if one cannot
be renewed later, COMMAND runs on. SIGTERM, SIGINT and SIGHUP go to COMMAND.`,
};

const EXIT_CODES: Readonly<Record<Command, string>> = {
  status: '0 safe to delete, 3 not safe yet',
  drain: '0 done, 3 refused; with --wait 0 safe to delete, 3 not safe in time',
  wait: '0 safe to delete, 3 not safe within the timeout',
  hold: "COMMAND's own, 128 and its number for a signal,\n127 not found, 126 not to be started",
};

/** The options of a command, in the order of the table. */
export function optionsOf(command: Command): [OptionKey, Option][] {
  return (Object.entries(OPTIONS) as [OptionKey, Option][]).filter(([, { commands }]) =>
    commands.includes(command),
  );
}

/** What `tidegate COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const options = optionsOf(command).map(([key, { letter, form, sentence }]) => {
    const short = letter === undefined ? '' : `-${letter}, `;
    return `  ${short}${flagOf(key)}${form === undefined ? '' : ` ${form}`}\n      ${sentence}`;
  });
  const behind = command === 'hold' ? ' -- COMMAND [ARG...]' : '';
  return `Usage: tidegate ${command} [OPTION...]${behind}

${PURPOSES[command]}

${options.join('\n')}

Exit codes: ${EXIT_CODES[command]};
1 not reached or refused, ${EXIT_COMMAND_USAGE} usage.
`;
}
