/**
 * Puts the sidecar together: who hears of what. No policy here; whatever is decided is decided in
 * the rooms this file joins.
 */
import type { Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { adminRoutes } from './admin/routes.js';
import { createAdmin } from './admin/server.js';
import { AppHealth } from './app-health.js';
import { VERSION } from './build.js';
import { systemClock } from './clock.js';
import { type Config, loadConfig } from './config.js';
import { AnnotatedDrain } from './drain/annotated.js';
import { DrainController } from './drain/controller.js';
import { Leases } from './drain/leases.js';
import { Readiness } from './drain/readiness.js';
import { type DrainReport, terminationMessage } from './drain/report.js';
import { Ending } from './drain/triggers.js';
import { Waits } from './drain/waits.js';
import { ConfigError, EXIT_FAULT, EXIT_OK, EXIT_USAGE, ListenError } from './errors.js';
import { createJournal, type Journal } from './journal.js';
import { createMetrics } from './metrics.js';
import { PodInfo } from './pod-info.js';
import { openPort } from './port.js';
import { DRAIN_ANNOTATION } from './kubernetes/keys.js';
import type { Address } from './settings/address.js';
import { onEndSignals } from './signals.js';
import { leaveMessage } from './termination-log.js';
import { Tracker } from './tracker.js';
import { isElsewhere } from './tunnel/dial.js';
import { createListener } from './tunnel/listener.js';
import { policyOf } from './tunnel/policy.js';
import { openSecondChances } from './tunnel/second-chance.js';

type Signal = 'SIGTERM' | 'SIGINT';

export interface Sidecar {
  /** Where it listens, with the real port where 0 was asked for. */
  readonly listen: Address;
  readonly admin: Address;
  /** Connections with work in progress at this moment. */
  readonly active: number;
  /** What SIGTERM and SIGINT do. */
  signal(signal: Signal): void;
  /** Resolves once a signal has ended it: everything is let go of, both ports are closed. */
  readonly ended: Promise<void>;
}

/** Opens both ports; rejects with ListenError if one cannot be opened. */
export async function startSidecar(config: Config, journal: Journal): Promise<Sidecar> {
  const clock = systemClock;
  const tracker = new Tracker(clock, {
    appUnreachable: (code) => {
      journal.appUnreachable(code);
      health.dialled(false);
    },
    appReached: () => {
      journal.appReached();
      health.dialled(true);
    },
    secondChance: () => journal.secondChance(),
    gaveUp: (reason) => journal.gaveUp(reason),
    tlsCarried: () => journal.tlsCarried(),
    fault: (error) => journal.fault(error),
    idle: () => drain.step(),
    busy: () => drain.step(),
  });
  const waits = new Waits(clock, config.terminationNoticeMs);
  const leases = new Leases(clock, {
    changed: () => drain.step(),
    expired: (lease) => journal.leaseExpired(lease),
    moreExpired: (count) => journal.moreLeasesExpired(count),
  });
  const policy = policyOf(config);
  const secondChances = await openSecondChances(config.secondChance, config.app);
  const around = { policy, events: tracker, clock, random: Math.random, secondChances };
  const drain = new DrainController({ ...around, tracker, waits, leases }, config, {
    began: (reason, active) => {
      journal.draining({ reason, active, deadlineMs: config.deadlineMs });
      health.watch();
    },
    recalled: () => {
      journal.recalled();
      health.unwatch();
    },
    drained: (report) => {
      leaveReport(report, config, journal);
      ending.drained();
    },
  });
  const health = new AppHealth(config, clock, {
    seen: () => (drain.appSeen = true),
    refused: () => drain.appRefuses(),
  });
  const ending = new Ending(drain, waits, health, clock, config);
  const metrics = createMetrics({ clock, tracker, drain, health, version: VERSION });
  const readiness = new Readiness(drain, clock, config.unreadyAfterMs);
  const parts = { clock, tracker, drain, waits, leases, readiness, health, metrics };
  const admin = createAdmin(adminRoutes({ ...parts, version: VERSION }), config.adminToken);
  const listener = createListener(around, config.app, (error) => journal.acceptFailed(error));
  const at = await openPorts(listener, admin, config);
  journal.listening({ ...at, app: config.app });
  const podInfo = watchPodInfo(config.podInfoDir, drain, journal);
  const ended = ending.ended.then(() => {
    podInfo?.stop();
    letGo(health, listener, tracker);
    return closeAdmin(admin);
  });
  return {
    ...at,
    get active() {
      return tracker.activeTotal;
    },
    signal: (signal) => ending.signal(signal),
    ended,
  };
}

/** Both, or none. */
async function openPorts(
  listener: NetServer,
  admin: Server,
  config: Config,
): Promise<Pick<Sidecar, 'listen' | 'admin'>> {
  const listen = await openPort(listener, 'listen', config.listen);
  try {
    return { listen, admin: await openPort(admin, 'admin', config.admin) };
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** The pod's annotation asks for a drain, if its volume is mounted. */
function watchPodInfo(
  folder: string | undefined,
  drain: DrainController,
  journal: Journal,
): PodInfo | undefined {
  if (folder === undefined) return undefined;
  const annotated = new AnnotatedDrain(drain, `annotation ${DRAIN_ANNOTATION}`, {
    notUnderstood: (value) => journal.annotationUnknown(DRAIN_ANNOTATION, value),
    goesOn: (reason) => journal.annotationTooLate(DRAIN_ANNOTATION, reason),
  });
  const podInfo = new PodInfo(folder, systemClock, {
    is: (value) => annotated.is(value),
    unreadable: (error) => journal.podInfoUnreadable(error),
  });
  podInfo.start();
  return podInfo;
}

/** Whoever is left; a client whose app never came is told so. */
function letGo(health: AppHealth, listener: NetServer, tracker: Tracker): void {
  health.stop();
  listener.close();
  for (const tunnel of [...tracker.tunnels()]) {
    if (tunnel.app === undefined && !isElsewhere(tunnel)) tunnel.sayFarewell();
    else tunnel.cut('drain');
  }
}

function leaveReport(report: DrainReport, config: Config, journal: Journal): void {
  journal.drained(report);
  leaveMessage(config.terminationMessagePath, terminationMessage(report));
}

/** Answers that are under way leave first: a wait's, above all. */
async function closeAdmin(admin: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    admin.close(() => resolve());
    admin.closeIdleConnections();
    systemClock.after(ADMIN_CLOSE_MS, () => admin.closeAllConnections());
  });
}

/** How long answers on the admin port may take to leave. */
const ADMIN_CLOSE_MS = 200;

/** Runs the sidecar until a signal has ended it; returns the exit code. */
export async function runSidecar(argv: readonly string[]): Promise<number> {
  const config = readSettings(argv);
  return config === undefined ? EXIT_USAGE : runUntilEnded(config, () => undefined);
}

/** As above, with settings that are read; `onListening` hears where. */
export async function runUntilEnded(
  config: Config,
  onListening: (sidecar: Sidecar) => void,
): Promise<number> {
  const journal = createJournal(config.logLevel);
  try {
    // From the start: the first line of the log may be what somebody waits for with a signal.
    const early: Signal[] = [];
    let take = (signal: Signal): void => void early.push(signal);
    onEndSignals((signal) => take(signal));
    const sidecar = await startSidecar(config, journal);
    take = (signal) => sidecar.signal(signal);
    early.forEach(take);
    onListening(sidecar);
    await sidecar.ended;
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
