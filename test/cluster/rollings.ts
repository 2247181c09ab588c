/**
 * The cases of a rolling restart. Without tidegate, as the counter-examples: an app that exits on
 * SIGTERM, and, apart, one that follows the usual checklist. With it, native and classic, and apps of both
 * manners: no request fails and none waits without a cause, nobody is reset, every WebSocket is closed
 * with 1001, every event stream ends whole.
 */
import type { Test } from 'tap';
import { testOnCluster } from './cluster.js';
import { isEveryEndClean, isNothingLost } from './goodbyes.js';
import {
  closesOf,
  failedRequests,
  HELD_MS_MIN,
  type Outcome,
  restartedUnderLoad,
  SOCKETS,
  STREAMS,
} from './rollout.js';

/** An answer takes milliseconds; one of the pod beside may be late as well, if the machine is. */
const ANSWER_MS_MAX = 1_000;
const BESIDE_TIMES = 3;
/** An app that closes may reset a request which crosses that. */
const CROSSED_MAX = 5;
/** Between the load's clock and the cluster's. */
const SLACK_MS = 1_000;

/** An app that is alone, with so many restarts. */
export function testAlone(restarts: number): void {
  const title = `${timesOf(restarts)}: an app that exits on SIGTERM loses all it holds`;
  testOnCluster(title, async (t, c) => {
    const rollout = { manifest: 'alone', manner: 'exits' } as const;
    const { report } = await restartedUnderLoad(t, c, restarts, rollout);
    const { streams } = report;
    t.ok(failedRequests(report) > 0, `${failedRequests(report)} requests failed`);
    t.ok(closesOf(report, 1006) >= restarts * SOCKETS, 'every WebSocket was lost, each time');
    t.ok(streams.cutByFin + streams.cutByReset >= restarts * STREAMS, 'and every event stream');
  });
}

export function testBehindTidegate(
  restarts: number,
  name: 'native' | 'classic',
  manner: 'exits' | 'closes',
): void {
  const title = `${timesOf(restarts)}: behind tidegate, ${name}, an app that ${manner} loses nothing`;
  testOnCluster(title, async (t, c) => {
    const outcome = await restartedUnderLoad(t, c, restarts, { manifest: name, manner });
    const { report, heldMs, kernelResets } = outcome;
    isNothingLost(t, report);
    t.equal(kernelResets, 0, "nor as the clients' kernel counts it");
    isEveryEndClean(t, report, { webSockets: restarts * SOCKETS, streams: restarts * STREAMS });
    areAnswersInTime(t, outcome);
    const held = `what is held is held until the window: ${heldMs.toFixed(0)} ms`;
    t.ok(heldMs >= HELD_MS_MIN - SLACK_MS, held);
  });
}

const timesOf = (restarts: number): string =>
  `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;

function areAnswersInTime(t: Test, { slowestMs, besideMs }: Outcome): void {
  const slowest = `the slowest answer took ${slowestMs.toFixed(0)} ms`;
  t.ok(slowestMs <= Math.max(ANSWER_MS_MAX, BESIDE_TIMES * besideMs), slowest);
}

/** What everybody is told to do: it keeps requests, and loses all that lasts. */
export function testChecklist(restarts: number): void {
  const times = timesOf(restarts);
  testOnCluster(`${times}: the usual checklist saves requests and no more`, async (t, c) => {
    const rollout = { manifest: 'alone', manner: 'closes', preStopSleepS: 10 } as const;
    const { report } = await restartedUnderLoad(t, c, restarts, rollout);
    const { streams } = report;
    const failed = failedRequests(report);
    t.ok(failed <= CROSSED_MAX * restarts, `${failed} requests failed`);
    t.ok(closesOf(report, 1006) >= restarts * SOCKETS, 'every WebSocket was lost, each time');
    t.ok(streams.cutByFin + streams.cutByReset >= restarts * STREAMS, 'and every event stream');
  });
}
