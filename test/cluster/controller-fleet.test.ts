/** The controller over 200 pods; `npm run test:long` has a thousand, for longer. */
import { fleet } from './fleets.js';
import { testWithHelm } from './release.js';

testWithHelm(
  'a fleet of 200 pods is looked after',
  (t, cluster, helm) =>
    fleet(t, cluster, helm, { replicas: 5, steadyMs: 45_000, changesMs: 5_000 }),
  { kit: true },
);
