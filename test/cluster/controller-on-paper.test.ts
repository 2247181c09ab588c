/**
 * The controller over pods on paper, which take next to nothing: three stories side by side, since each waits
 * most of its time. One replica is killed and one frozen; rights are taken away; 200 pods are looked after
 * (`npm run test:long` has a thousand, for longer).
 */
import t from 'tap';
import { testOnCluster } from './cluster.js';
import { fleet } from './fleets.js';
import { leadersFail } from './leaders.js';
import { testWithHelm } from './release.js';
import { rightsAreTaken } from './taken-rights.js';

const SIZE = { replicas: 5, steadyMs: 45_000, changesMs: 5_000, rests: false };
const KIT = { kit: true };

t.jobs = 3;
testWithHelm(
  'who leads is killed, or stands still: the other one goes on',
  (t, cluster, helm) => leadersFail(t, cluster, helm[4]),
  KIT,
);
testOnCluster('each right is missed, and all that needs it not goes on', rightsAreTaken, KIT);
testWithHelm(
  'a fleet of 200 pods is looked after',
  (t, cluster, helm) => fleet(t, cluster, helm, SIZE),
  KIT,
);
