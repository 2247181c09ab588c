/**
 * Whoever uses a rainbow group while its colours come and go: requests through the Service, WebSockets and
 * event streams of the live colour, which stay from when they came to the end, and notice nothing.
 */
import type { Test } from 'tap';
import type { Plan, Report } from '../peers/load/contract.js';
import type { Driver } from '../peers/load/driver.js';
import { until } from '../peers/until.js';
import { isNothingLost } from './goodbyes.js';
import type { Namespace } from './namespace.js';
import { tell } from './telling.js';

const OPEN_MS_MAX = 30_000;
export const THROUGH_PLAN = { getOnce: { lanes: 3, pauseMs: 200 } } as const satisfies Plan;
const LIVE_PLAN = {
  webSockets: { plain: 10, deflate: 10, everyMs: 500 },
  streams: { lanes: 4, everyMs: 500 },
} as const satisfies Plan;
const LIVE = LIVE_PLAN.webSockets.plain + LIVE_PLAN.webSockets.deflate + LIVE_PLAN.streams.lanes;

/** Of all that the Service, at HOST:PORT, has now; they stay to the end. */
export async function clientsOfTheLive(
  t: Test,
  namespace: Namespace,
  target: string,
): Promise<Driver> {
  const driver = await namespace.load(t);
  await driver.start(target, LIVE_PLAN);
  const areOpen = async (): Promise<boolean> => open(await driver.report()) === LIVE;
  await until(areOpen, 'the clients of the live colour are there', OPEN_MS_MAX);
  return driver;
}

function open({ streams, webSockets: { plain, deflate } }: Report): number {
  return streams.open + plain.open + deflate.open;
}

export function noticedNothing(t: Test, through: Report, live: Report): void {
  tell(t, through);
  tell(t, live);
  isNothingLost(t, through);
  isNothingLost(t, live);
  t.equal(open(live), LIVE, 'every client of the live colour is still there');
  const { plain, deflate } = live.webSockets;
  t.same([plain.closes, deflate.closes], [{}, {}], 'no WebSocket of it was closed');
  t.same([plain.opened + deflate.opened, live.streams.opened], [20, 4], 'nor opened again');
}
