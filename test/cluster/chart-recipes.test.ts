/**
 * A Job with tidegate completes by itself: it waits for nothing that a drain waits for. How soon that is
 * on a machine without other work is in chart-recipes.long.ts.
 */
import { completeBeside } from './jobs.js';
import { testWithHelm } from './release.js';

/** A drain settles for 10 s at least; what a busy machine adds is less. */
const LATER_MS_MAX = 8_000;

testWithHelm('a Job with tidegate completes by itself', async (t, cluster, helm) => {
  const { sidecarMs, completeMs } = await completeBeside(t, cluster, helm[3]);
  t.ok(
    sidecarMs <= LATER_MS_MAX,
    `its sidecar ends ${sidecarMs} ms later than one that does nothing`,
  );
  t.ok(completeMs <= LATER_MS_MAX, `it is complete ${completeMs} ms later`);
});
