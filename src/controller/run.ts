/**
 * The controller in this process: its settings, its cluster, its signals, its exit code. Whatever goes
 * wrong once it runs is a line in the log: only a signal ends it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { VERSION } from '../build.js';
import { systemClock } from '../clock.js';
import { ConfigError, EXIT_FAULT, EXIT_OK, EXIT_USAGE, ListenError } from '../errors.js';
import { type ControllerJournal, createControllerJournal } from '../journal/controller.js';
import { type Access, findAccess } from '../kubernetes/access.js';
import { KubernetesError } from '../kubernetes/fault.js';
import type { Environment } from '../settings/given.js';
import { onEndSignals } from '../signals.js';
import {
  type ControllerConfig,
  controllerHelp,
  namespacesOf,
  readControllerConfig,
} from './arguments.js';
import { Replica } from './replica.js';

/** A part that does not end in time is left behind. */
const STOP_MS_MAX = 7_000;

/** Runs it until a signal ends it; returns the exit code. */
export async function runController(
  argv: readonly string[],
  variables: Environment,
): Promise<number> {
  if (argv.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(controllerHelp());
    return EXIT_OK;
  }
  const config = readSettings(argv, variables);
  if (config === undefined) return EXIT_USAGE;
  const journal = createControllerJournal(config.logLevel);
  const access = accessFor(config, variables, journal);
  if (access === undefined) return EXIT_FAULT;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => journal.fault(error));
  }
  return runUntilEnded(config, access, journal);
}

/** Undefined if a setting cannot be used; every fault is said. */
function readSettings(
  argv: readonly string[],
  variables: Environment,
): ControllerConfig | undefined {
  try {
    return readControllerConfig(argv, variables);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const journal = createControllerJournal('error');
    for (const fault of error.faults) journal.settingRefused(fault);
    return undefined;
  }
}

/** Undefined if there is none; it is said. */
function accessFor(
  { kubeconfig, context }: ControllerConfig,
  variables: Environment,
  journal: ControllerJournal,
): Access | undefined {
  const readText = (path: string): string => readFileSync(path, 'utf8');
  try {
    return findAccess(
      { kubeconfig, context },
      { variables, readText, clock: systemClock, isInteractive: false },
    );
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    journal.clusterUnknown(error.message);
    return undefined;
  }
}

async function runUntilEnded(
  config: ControllerConfig,
  access: Access,
  journal: ControllerJournal,
): Promise<number> {
  // From the start: the first line of the log may be what somebody waits for with a signal.
  const signalled = new Promise<string>((resolve) => onEndSignals(resolve));
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
  const clock = systemClock;
  const replica = new Replica({ config, access, clock, random: Math.random, journal, identity });
  try {
    const admin = await replica.start();
    const { marks, rainbow, dryRun } = config;
    const all = namespacesOf(config, access.namespace);
    const namespaces = all.map((one = '*') => one).join(',');
    const cluster = `${access.name} (${access.server.host})`;
    const where = { version: VERSION, cluster, namespaces, identity, admin };
    journal.started({ ...where, marks, rainbow, dryRun });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    journal.portRefused(error);
    return EXIT_FAULT;
  }
  journal.ending(await signalled);
  const late = new Promise<void>((resolve) => clock.after(STOP_MS_MAX, resolve).unref());
  await Promise.race([replica.stop(), late]);
  return EXIT_OK;
}
