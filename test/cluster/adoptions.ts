/**
 * An app that is alone gets the native sidecar by a `helm upgrade` under load, and loses it by another:
 * by the chart that README's lines make of a plain one. What is told is what failed on the way.
 */
import type { Test } from 'tap';
import { adoptedChart } from '../charts/walkthrough.js';
import type { Plan, Report } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import { until } from '../peers/until.js';
import type { Cluster } from './cluster.js';
import { NODE, PROGRAMS_MAP } from './manifest.js';
import { Namespace } from './namespace.js';
import { imageValues } from './example.js';
import { Release } from './release.js';
import { replaced } from './rollout.js';
import { tell } from './telling.js';

const GRACE_S = 20;
const UP_MS_MAX = 30_000;
/** What the usual checklist has for an app that is alone: balancers hear of an end before it does. */
const PRE_STOP_SLEEP_S = 10;
const PODS = 'app=web';
/** Of each kind, until it is plain what an upgrade has done. */
const MORE = 40;

/** Kept connections live for 2 to 4 s: none is left when its pod goes. */
export const COMING_AND_GOING = {
  getKept: { lanes: 4, pauseMs: 100, requestsMax: 20 },
  postKept: { lanes: 2, pauseMs: 100, requestsMax: 20 },
  getOnce: { lanes: 4, pauseMs: 100 },
  postOnce: { lanes: 2, pauseMs: 100 },
} as const satisfies Plan;
const LANES = [
  'getKept',
  'postKept',
  'getOnce',
  'postOnce',
] as const satisfies (keyof typeof COMING_AND_GOING)[];

/** What an upgrade leads to. */
export interface Side {
  /** With tidegate. */
  readonly enabled: boolean;
  /** Where the Service sends to: a port's name, or a number. */
  readonly targetPort: string | number;
  /** Whole seconds: 20. */
  readonly graceS?: number;
}

/** From the first side to the others, one upgrade each; the report behind each, and of all at the end. */
export async function upgradedUnderLoad(
  t: Test,
  cluster: Cluster,
  helm: string,
  [first, ...others]: readonly Side[],
  chart = adoptedChart(t),
): Promise<readonly Report[]> {
  const namespace = await Namespace.create(t, cluster);
  const release = new Release(namespace, helm, chart);
  await release.install(valuesOf(cluster, first));
  const driver = await underLoad(t, namespace);
  const reports: Report[] = [];
  let before = first;
  for (const side of others) {
    const upgrade = (): Promise<unknown> => release.upgrade(valuesOf(cluster, side));
    // Pods are replaced where they change; a Service that sends elsewhere does so at once.
    if (side.enabled === before.enabled) await upgrade();
    else await replaced(namespace, PODS, upgrade);
    reports.push(await reportBehind(driver));
    before = side;
  }
  const report = await driver.stop();
  tell(t, report);
  return [...reports, report];
}

function valuesOf(
  { image }: Cluster,
  { enabled, targetPort, graceS = GRACE_S }: Side,
): Record<string, unknown> {
  const appPreStop = { sleep: { seconds: PRE_STOP_SLEEP_S } };
  return {
    image,
    command: [NODE, '/config/app.mjs'],
    args: [],
    env: [{ name: 'MANNER', value: 'closes' }],
    config: PROGRAMS_MAP,
    targetPort,
    tidegate: {
      enabled,
      image: imageValues(image),
      gracePeriod: graceS,
      ...(enabled ? {} : { appPreStop }),
    },
  };
}

async function underLoad(t: Test, namespace: Namespace): Promise<Driver> {
  const driver = await namespace.load(t);
  await driver.start(await namespace.serves('web'), COMING_AND_GOING);
  await goesOn(driver);
  return driver;
}

/** Behind an upgrade: what it has done is seen by requests that came after it. */
async function reportBehind(driver: Driver): Promise<Report> {
  await goesOn(driver);
  return driver.report();
}

/** Each lane asks so many times more. */
async function goesOn(driver: Driver): Promise<void> {
  const from = await driver.report();
  const has = async (): Promise<boolean> => {
    const { requests } = await driver.report();
    return LANES.every((lane) => requests[lane].sent >= from.requests[lane].sent + MORE);
  };
  await until(has, 'the load goes on', UP_MS_MAX);
}
