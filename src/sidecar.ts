/**
 * Puts the sidecar together: who hears of what. No policy here; whatever is decided is decided in
 * the rooms this file joins.
 */
import type { Server } from 'node:http';
import { createAdmin } from './admin/server.js';
import { VERSION } from './build.js';
import { systemClock } from './clock.js';
import { type Config, loadConfig } from './config.js';
import { DrainController } from './drain/controller.js';
import { ConfigError, EXIT_FAULT, EXIT_OK, EXIT_USAGE, ListenError } from './errors.js';
import { type Journal, createJournal } from './journal.js';
import { createMetrics } from './metrics.js';
import { openPort } from './port.js';
import type { Address } from './settings/address.js';
import { onEndSignals } from './signals.js';
import { Tracker } from './tracker.js';
import { createListener } from './tunnel/listener.js';

export interface Sidecar {
  /** Where it listens, with the real port where 0 was asked for. */
  readonly listen: Address;
  readonly admin: Address;
  /** Starts the drain; asked a second time, waits no longer. */
  drain(reason: string): void;
  /** Resolves once everything is let go of and both ports are closed. */
  readonly drained: Promise<void>;
}

/** Opens both ports; rejects with ListenError if one cannot be opened. */
export async function startSidecar(config: Config, journal: Journal): Promise<Sidecar> {
  const tracker = new Tracker({
    appUnreachable: (code) => journal.appUnreachable(code),
    appReached: () => journal.appReached(),
    gaveUp: (reason) => journal.gaveUp(reason),
    tlsCarried: () => journal.tlsCarried(),
    fault: (error) => journal.fault(error),
    idle: () => controller.nothingActive(),
  });
  const around = { policy: config, events: tracker, clock: systemClock };
  const listener = createListener(around, config.app, (error) => journal.acceptFailed(error));
  const admin = createAdmin(createMetrics(tracker, { version: VERSION }));
  const controller = new DrainController(tracker, systemClock, () => listener.close());
  const listen = await openPort(listener, 'listen', config.listen);
  const adminAt = await openPort(admin, 'admin', config.admin).catch((error: unknown) => {
    listener.close();
    throw error;
  });
  journal.listening({ listen, admin: adminAt, app: config.app });
  return {
    listen,
    admin: adminAt,
    drain: (reason) => {
      if (controller.isDraining) controller.end();
      else {
        journal.draining({ reason, active: tracker.activeTotal, deadlineMs: config.deadlineMs });
        controller.begin(reason, config.deadlineMs);
      }
    },
    drained: controller.drained.then((report) => {
      journal.drained(report);
      return closeAdmin(admin);
    }),
  };
}

async function closeAdmin(admin: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    admin.close(() => resolve());
    admin.closeAllConnections();
  });
}

/** Runs the sidecar until a signal has drained it; returns the exit code. */
export async function runSidecar(argv: readonly string[]): Promise<number> {
  const config = readSettings(argv);
  return config === undefined ? EXIT_USAGE : runUntilDrained(config, () => undefined);
}

/** As above, with settings that are read; `onListening` hears where. */
export async function runUntilDrained(
  config: Config,
  onListening: (sidecar: Sidecar) => void,
): Promise<number> {
  const journal = createJournal(config.logLevel);
  try {
    const sidecar = await startSidecar(config, journal);
    onEndSignals((signal) => sidecar.drain(signal));
    onListening(sidecar);
    await sidecar.drained;
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    journal.portRefused(error);
    return EXIT_FAULT;
  }
}

/** Undefined if a setting cannot be used; every fault is said. */
export function readSettings(argv: readonly string[]): Config | undefined {
  try {
    return loadConfig(argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const journal = createJournal('error');
    for (const fault of error.faults) journal.settingRefused(fault);
    return undefined;
  }
}
