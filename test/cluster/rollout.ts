/**
 * A rolling restart under load: a Deployment of the manifests, three pods behind their Service, a
 * load of all kinds of traffic, and restarts one after the other, each until the last of the old
 * pods is gone. What the load saw of it is what is reported.
 */
import type { Test } from 'tap';
import { type Plan, type Report, ROLLOUT_PLAN } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import { until } from '../peers/until.js';
import type { Cluster } from './cluster.js';
import { type Changes, type ManifestName, manifest } from './manifest.js';
import { containerOf, Namespace, type Pod } from './namespace.js';
import { tell } from './telling.js';
import { watchAll } from './watched.js';

export const GRACE_S = 30;
/**
 * What tidegate makes of that: a sixth is the app's, a tenth is kept in reserve, and the last quarter
 * of the rest is the window in which it says goodbye.
 */
export const HELD_MS_MIN = (GRACE_S - GRACE_S / 6 - GRACE_S / 10) * 0.75 * 1_000;
/** Until an old pod is gone for sure. */
const GONE_MS_MAX = (GRACE_S + 15) * 1_000;
const UP_MS_MAX = 20_000;
const { streams, webSockets } = ROLLOUT_PLAN;
/** How many are held at any time. */
export const SOCKETS = webSockets.plain + webSockets.deflate;
export const STREAMS = streams.lanes;
const BESIDE_PLAN = {
  getOnce: { lanes: 2, pauseMs: 50 },
  postOnce: { lanes: 1, pauseMs: 50 },
} as const satisfies Plan;

export interface Rollout extends Changes {
  readonly manifest: ManifestName;
  /** What the usual checklist adds to a pod. */
  readonly preStopSleepS?: number;
}

/** What a load saw of restarts. */
export interface Outcome {
  readonly report: Report;
  /**
   * The longest that an answer took beyond what it was asked to take, of the load, and of a client
   * of a pod beside it that nobody restarted: what the machine itself has kept waiting.
   */
  readonly slowestMs: number;
  readonly besideMs: number;
  /** From the first restart to the first WebSocket that was closed. */
  readonly heldMs: number;
  /** Connections that ended with a reset, as the kernel of the load's pod counts them. */
  readonly kernelResets: number;
}

/** The counter and its name are in the same place of two lines. */
const READ_RESETS = `
  import { readFileSync } from 'node:fs';
  const lines = readFileSync('/proc/net/snmp', 'utf8').split('\\n');
  const [names, counts] = lines.filter((line) => line.startsWith('Tcp:')).map((line) => line.split(' '));
  console.log(counts[names.indexOf('EstabResets')]);`;

/** Restarts the Deployment again and again while the load goes on. */
export async function restartedUnderLoad(
  t: Test,
  cluster: Cluster,
  restarts: number,
  rollout: Rollout,
): Promise<Outcome> {
  const namespace = await Namespace.create(t, cluster);
  await namespace.apply(...objectsOf(cluster, rollout));
  const beside = await namespace.load(t);
  await namespace.rolledOut('web');
  const { status } = await namespace.ready('bystander');
  await beside.start(`${status.podIP}:3000`, BESIDE_PLAN);
  const driver = await loadOfAllKinds(t, namespace);
  const watched = await watchAll(t, namespace, 'app=web');
  const { forMs } = await driver.report();
  for (let restart = 0; restart < restarts; restart++) await restartOnce(namespace);
  const kernelResets = Number(await namespace.node('load', 'load', READ_RESETS));
  const report = await driver.stop();
  const [slowestMs, besideMs] = [slowestOf(report), slowestOf(await beside.stop())];
  tell(t, report);
  for (const message of messagesOf(watched.states)) t.comment(message);
  t.comment(`slowest answer of a pod beside them: ${besideMs.toFixed(0)} ms`);
  const heldMs = (report.webSockets.firstCloseAtMs ?? Infinity) - forMs;
  return { report, slowestMs, besideMs, heldMs, kernelResets };
}

/** Asks the Service `web` for all that ROLLOUT_PLAN has; resolves once all of it is under way. */
export async function loadOfAllKinds(t: Test, namespace: Namespace): Promise<Driver> {
  const driver = await namespace.load(t);
  await driver.start(await namespace.serves('web'), ROLLOUT_PLAN);
  const isUnderWay = async (): Promise<boolean> => {
    const report = await driver.report();
    return areAnswered(report) && areHeld(report);
  };
  await until(isUnderWay, 'the load is under way', UP_MS_MAX);
  return driver;
}

/** What each tidegate has left in its pod's status. */
function messagesOf(states: readonly Pod[]): ReadonlySet<string> {
  const messages = states.map((pod) => containerOf(pod, 'tidegate')?.state.terminated?.message);
  return new Set(messages.filter((message) => message !== undefined).map((text) => text.trim()));
}

function objectsOf(cluster: Cluster, rollout: Rollout): readonly object[] {
  const made = manifest(cluster, rollout.manifest, { graceS: GRACE_S, ...rollout });
  const { service, deployment, app } = made;
  if (rollout.preStopSleepS !== undefined) {
    app.lifecycle = { preStop: { sleep: { seconds: rollout.preStopSleepS } } };
  }
  return [service, deployment, bystander(cluster)];
}

/** Until none of the old pods is left. */
export function restartOnce(namespace: Namespace): Promise<void> {
  return replaced(namespace, 'app=web', () => namespace.restart('web'));
}

/** Does what replaces these pods, and resolves once none of them is left. */
export async function replaced(
  namespace: Namespace,
  selector: string,
  replace: () => Promise<unknown>,
): Promise<void> {
  const old = await namespace.pods(selector);
  await replace();
  for (const { metadata } of old) {
    const isGone = (pod: unknown): boolean => pod === undefined;
    await namespace.podUntil(metadata.name, isGone, `${metadata.name} is gone`, GONE_MS_MAX);
  }
}

/** A pod of the app alone that goes on as it is. */
function bystander(cluster: Cluster): object {
  const { pod } = manifest(cluster, 'alone');
  return { kind: 'Pod', metadata: { name: 'bystander' }, spec: pod };
}

function slowestOf({ requests }: Report): number {
  return Math.max(...Object.values(requests).map(({ slowestExcessMs }) => slowestExcessMs));
}

function areAnswered({ requests }: Report): boolean {
  return Object.values(requests).every(({ ok }) => ok > 0);
}

function areHeld({ streams, webSockets: { plain, deflate } }: Report): boolean {
  return streams.open === STREAMS && plain.open + deflate.open === SOCKETS;
}

/** Of all lanes that ask and are answered. */
export function failedRequests({ requests }: Report): number {
  const counts = Object.values(requests).flatMap(({ failures }) => Object.values(failures));
  return counts.reduce((sum, count) => sum + count, 0);
}

export function closesOf({ webSockets: { plain, deflate } }: Report, code: number): number {
  return (plain.closes[code] ?? 0) + (deflate.closes[code] ?? 0);
}
