/**
 * The cases of a rolling restart. Without tidegate, as the counter-example: an app that exits on
 * SIGTERM, and one that follows the usual checklist. With it, native and classic, and apps of both
 * manners: no request fails, and none waits without a cause.
 */
import { testOnCluster } from './cluster.js';
import {
  BUDGET_MS,
  closesOf,
  failedRequests,
  restartedUnderLoad,
  SOCKETS,
  STREAMS,
} from './rollout.js';

/** An answer takes milliseconds; one of the pod beside may be late as well, if the machine is. */
const ANSWER_MS_MAX = 1_000;
const BESIDE_TIMES = 3;
/** An app that closes may reset a request which crosses that. */
const CROSSED_MAX = 5;
/** Of tidegate's budget, the last second is for clocks that differ. */
const HELD_MS_MIN = BUDGET_MS - 1_000;
/** A reset client may come back to the pod that it came from, and be reset there once more. */
const CUT_TIMES_MAX = 1.1;

/** Each with so many restarts, one after the other. */
export function testRollings(restarts: number): void {
  const times = `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
  testOnCluster(`${times}: an app that exits on SIGTERM loses all it holds`, async (t, c) => {
    const rollout = { manifest: 'alone', manner: 'exits' } as const;
    const { requests, held } = await restartedUnderLoad(t, c, restarts, rollout);
    const { streams } = held;
    t.ok(failedRequests(requests) > 0, `${failedRequests(requests)} requests failed`);
    t.ok(closesOf(held, 1006) >= restarts * SOCKETS, 'every WebSocket was lost, each time');
    t.ok(streams.cutByFin + streams.cutByReset >= restarts * STREAMS, 'and every event stream');
  });

  testOnCluster(`${times}: the usual checklist saves requests and no more`, async (t, c) => {
    const rollout = { manifest: 'alone', manner: 'closes', preStopSleepS: 10 } as const;
    const { requests, held } = await restartedUnderLoad(t, c, restarts, rollout);
    const { streams } = held;
    const failed = failedRequests(requests);
    t.ok(failed <= CROSSED_MAX * restarts, `${failed} requests failed`);
    t.ok(closesOf(held, 1006) >= restarts * SOCKETS, 'every WebSocket was lost, each time');
    t.ok(streams.cutByFin + streams.cutByReset >= restarts * STREAMS, 'and every event stream');
  });

  for (const name of ['native', 'classic'] as const) {
    for (const manner of ['exits', 'closes'] as const) {
      const title = `${times}: behind tidegate, ${name}, an app that ${manner} loses no request`;
      testOnCluster(title, async (t, c) => {
        const rollout = { manifest: name, manner };
        const outcome = await restartedUnderLoad(t, c, restarts, rollout);
        const { slowestMs, besideMs } = outcome;
        t.equal(failedRequests(outcome.requests), 0, 'no request failed');
        const slowest = `the slowest answer took ${slowestMs.toFixed(0)} ms`;
        t.ok(slowestMs <= Math.max(ANSWER_MS_MAX, BESIDE_TIMES * besideMs), slowest);
        const { heldMs, held } = outcome;
        t.ok(heldMs >= HELD_MS_MIN, `what is held is held for the budget: ${heldMs.toFixed(0)} ms`);
        const closed = closesOf(held, 1006);
        t.ok(closed <= restarts * SOCKETS * CUT_TIMES_MAX, `${closed} sockets were cut, once each`);
      });
    }
  }
}
