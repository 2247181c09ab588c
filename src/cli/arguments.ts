/**
 * What the user asks for, from the words of the command line and the variables that stand in for
 * some of them. Whatever cannot be used is a fault; all of them are told together, each with what
 * was written. Files are read by the caller's hand.
 */
import { basename } from 'node:path';
import { settingFault, type SettingFault, ValueError } from '../errors.js';
import { type Address, parseAddress } from '../settings/address.js';
import { parseDuration } from '../settings/duration.js';
import { readVariables, readWords, Values } from './given.js';
import {
  ADMIN_DEFAULT,
  type Command,
  type OptionKey,
  optionsOf,
  type Output,
  OUTPUTS,
  type Readiness,
  READINESSES,
  TOKEN_VARIABLE,
} from './options.js';

/** A pod, and the cluster it is in. */
export interface PodAsked {
  /** Undefined: that of the context. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
}

/** A program, and the lease under which it is to run. */
export interface HoldAsked {
  readonly name: string;
  /** Undefined: as the one who is asked has it. */
  readonly ttlMs: number | undefined;
  readonly holder: string | undefined;
  readonly words: readonly string[];
}

export interface Asked {
  readonly command: Command;
  readonly help: boolean;
  readonly admin: Required<Address>;
  /** Undefined: the admin port is reached by its address. */
  readonly pod: PodAsked | undefined;
  readonly output: Output;
  readonly watch: boolean;
  readonly reason: string | undefined;
  readonly readiness: Readiness | undefined;
  readonly recall: boolean;
  /** Also the last ready pod of a Service. */
  readonly force: boolean;
  readonly wait: boolean;
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  readonly token: string | undefined;
  /** Of `hold` alone. */
  readonly hold: HoldAsked | undefined;
}

/** What there is beside the words. */
export interface Sources {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text, or throws. */
  readonly readText: (path: string) => string;
}

/** What may stand in a header. */
const TOKEN = /^[!-~]+$/;

/** Names of namespaces (RFC 1123 label) and pods (subdomain): nothing else may get into a path. */
const POD =
  /^(?:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?([a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)$/;

/** What is asked for; `faults` gets what cannot be used, and then the answer may not be. */
export function readArguments(
  command: Command,
  argv: readonly string[],
  sources: Sources,
  faults: SettingFault[],
): Asked {
  const end = command === 'hold' ? argv.indexOf('--') : -1;
  const options = optionsOf(command);
  const { words } = readWords(options, end === -1 ? argv : argv.slice(0, end), command, faults);
  const variables = readVariables(options, sources.variables);
  const values = new Values(new Map([...variables, ...words]), faults);
  const asked: Asked = {
    command,
    help: words.has('help'),
    admin: readAdmin(values),
    pod: readPod(values),
    output: values.choice('output', OUTPUTS) ?? 'table',
    watch: words.has('watch'),
    reason: values.read('reason', (text) => text),
    readiness: values.choice('readiness', READINESSES),
    recall: words.has('recall'),
    force: words.has('force'),
    wait: words.has('wait'),
    timeoutMs: values.read('timeout', parseDuration),
    token: takesToken(command) ? readToken(values, sources, faults) : undefined,
    hold: command === 'hold' ? readHold(values, argv.slice(end + 1), end, faults) : undefined,
  };
  if (command === 'drain') checkDrain(values);
  return asked;
}

function takesToken(command: Command): boolean {
  return optionsOf(command).some(([key]) => key === 'tokenFile');
}

/** `end` is where `--` stood before `words`, -1 if nowhere. */
function readHold(
  values: Values<OptionKey>,
  words: readonly string[],
  end: number,
  faults: SettingFault[],
): HoldAsked {
  const [program = ''] = end === -1 ? [] : words;
  if (program === '') faults.push(settingFault('COMMAND', '', 'is needed behind --'));
  const asIs = (text: string): string => text;
  return {
    name: values.read('name', asIs) ?? basename(program),
    ttlMs: values.read('ttl', parseDuration),
    holder: values.read('holder', asIs),
    words,
  };
}

function readAdmin(values: Values<OptionKey>): Required<Address> {
  const address = values.read('admin', (text) => {
    const read = parseAddress(text);
    if (read.port === 0) throw new ValueError('needs a port that is not 0');
    return read;
  });
  return { host: '127.0.0.1', ...(address ?? parseAddress(ADMIN_DEFAULT)) };
}

function readPod(values: Values<OptionKey>): PodAsked | undefined {
  const asIs = (text: string): string => text;
  const context = values.read('context', asIs);
  const kubeconfig = values.read('kubeconfig', asIs);
  if (!values.has('pod')) {
    for (const key of ['context', 'kubeconfig', 'force'] as const) {
      if (values.has(key)) values.refuse(key, 'goes with --pod');
    }
    return undefined;
  }
  if (values.read('admin', (text) => parseAddress(text).host) !== undefined) {
    values.refuse('admin', 'is no port alone, as it has to be beside --pod');
  }
  return values.read('pod', (text) => {
    const [, namespace, name] = POD.exec(text) ?? [];
    if (name === undefined) throw new ValueError('is not [NAMESPACE/]NAME of a pod');
    return { namespace, name, context, kubeconfig };
  });
}

/** From the file if there is one, else from the variable. */
function readToken(
  values: Values<OptionKey>,
  { variables, readText }: Sources,
  faults: SettingFault[],
): string | undefined {
  const reason = 'is not printable characters without spaces';
  if (values.has('tokenFile')) {
    return values.read('tokenFile', (path) => {
      const content = contentOf(path, readText).trim();
      if (!TOKEN.test(content)) throw new ValueError(`has a content that ${reason}`);
      return content;
    });
  }
  const token = variables[TOKEN_VARIABLE];
  if (token !== undefined && !TOKEN.test(token)) {
    faults.push(settingFault(TOKEN_VARIABLE, token, token === '' ? 'needs a value' : reason));
  }
  return token;
}

function contentOf(path: string, readText: Sources['readText']): string {
  try {
    return readText(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ValueError(`cannot be read: ${cause}`);
  }
}

/** What does not go together. */
function checkDrain(values: Values<OptionKey>): void {
  if (values.has('recall')) {
    for (const key of ['reason', 'readiness', 'wait', 'timeout', 'force'] as const) {
      if (values.has(key)) values.refuse(key, 'is given beside --recall');
    }
  } else if (values.has('timeout') && !values.has('wait')) {
    values.refuse('timeout', 'goes with --wait');
  }
}
