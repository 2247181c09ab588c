/** An API server that is gone for less and for longer than a Lease lasts, under the controller. */
import { survivesRestarts } from './api-server-restarts.js';
import { testWithHelm } from './release.js';

testWithHelm(
  'an API server that is killed, and comes again after a while',
  (t, cluster, helm) => survivesRestarts(t, cluster, helm[4], [0, 6, 15]),
  { own: true },
);
