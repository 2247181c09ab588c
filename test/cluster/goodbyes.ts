/**
 * What a load's report has to say where everybody had a goodbye: nothing failed and nobody was reset,
 * every WebSocket was closed with 1001 and every event stream ended whole, and no more.
 */
import type { Test } from 'tap';
import { type Plan, type Report, WEB_SOCKET_LANES } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import { until } from '../peers/until.js';
import type { Namespace } from './namespace.js';

const CARRIED_MS_MAX = 30_000;
/** What one pod carries; whoever has had its end does not come again. */
const CARRIED_PLAN = {
  streams: { lanes: 10, everyMs: 500 },
  webSockets: { plain: 20, deflate: 20, everyMs: 1_000 },
  reopens: false,
} as const satisfies Plan;

/** How many of them there are at least. */
export interface Held {
  readonly webSockets: number;
  readonly streams: number;
}

/** What a pod carries by `carry`. */
export const CARRIED: Held = {
  webSockets: CARRIED_PLAN.webSockets.plain + CARRIED_PLAN.webSockets.deflate,
  streams: CARRIED_PLAN.streams.lanes,
};

/** Opens WebSockets and event streams to `target` (HOST:PORT), which stay until they are ended. */
export async function carry(t: Test, namespace: Namespace, target: string): Promise<Driver> {
  const driver = await namespace.load(t);
  await driver.start(target, CARRIED_PLAN);
  const areOpen = async (): Promise<boolean> => {
    const { streams, webSockets } = await driver.report();
    const open = webSockets.plain.open + webSockets.deflate.open;
    return streams.open === CARRIED.streams && open === CARRIED.webSockets;
  };
  await until(areOpen, `all are open at ${target}`, CARRIED_MS_MAX);
  return driver;
}

export function isNothingLost(t: Test, report: Report): void {
  t.equal(report.failed, 0, 'nothing failed');
  t.equal(resetsOf(report), 0, 'nothing was reset');
  const unasked = Object.values(report.requests).reduce((sum, lane) => sum + lane.unasked, 0);
  t.equal(unasked, 0, 'nothing came that nobody had asked for');
  const { gaps, duplicates } = report.streams;
  t.same([gaps, duplicates], [0, 0], 'no event is lost, and none comes twice');
  for (const lane of WEB_SOCKET_LANES) {
    const { lost, wrong, outOfOrder } = report.webSockets[lane];
    t.same([lost, wrong, outOfOrder], [0, 0, 0], `${lane}: no echo is lost but across a Close`);
  }
}

/** Everybody that was held had its own protocol's goodbye. */
export function hasEverybodyAGoodbye(t: Test, report: Report, held: Held): void {
  const { brokenEvents, cutByFin, cutByReset, endedWhole } = report.streams;
  t.same([cutByFin, cutByReset, brokenEvents], [0, 0, 0], 'every event stream ended whole');
  t.ok(endedWhole >= held.streams, `${endedWhole} event streams`);
  let closed = 0;
  for (const lane of WEB_SOCKET_LANES) {
    const { closes } = report.webSockets[lane];
    t.same(Object.keys(closes), ['1001'], `${lane}: all closed with 1001`);
    closed += closes['1001'] ?? 0;
  }
  t.ok(closed >= held.webSockets, `${closed} WebSockets`);
}

/** And took it. */
export function isEveryEndClean(t: Test, report: Report, held: Held): void {
  hasEverybodyAGoodbye(t, report, held);
  for (const lane of WEB_SOCKET_LANES) {
    t.equal(report.webSockets[lane].unclean, 0, `${lane}: with both Close frames`);
  }
}

/** Connections of all lanes that were reset. */
function resetsOf({ requests, streams, webSockets }: Report): number {
  const lanes = [...Object.values(requests), ...WEB_SOCKET_LANES.map((lane) => webSockets[lane])];
  return lanes.reduce((sum, { resets }) => sum + resets, streams.resets);
}
