/** An API server that is killed under the controller, and starts again. */
import { survivesRestarts } from './api-server-restarts.js';
import { testWithHelm } from './release.js';

testWithHelm(
  'an API server that is killed, and comes again',
  (t, cluster, helm) => survivesRestarts(t, cluster, helm[4], [0]),
  { own: true },
);
