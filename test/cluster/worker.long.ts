/**
 * Jobs under leases are finished in ten rolling restarts of ten.
 */
import { testOnCluster } from './cluster.js';
import { restartedAtWork } from './workers.js';

const RESTARTS = 10;

for (const sidecar of ['native', 'classic'] as const) {
  testOnCluster(`${RESTARTS} restarts: jobs under leases are finished (${sidecar})`, (t, cluster) =>
    restartedAtWork(t, cluster, sidecar, RESTARTS),
  );
}
