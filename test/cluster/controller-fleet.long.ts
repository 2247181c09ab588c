/** The controller over a thousand pods, with its own settings: what the project promises. */
import { fleet } from './fleets.js';
import { testWithHelm } from './release.js';

testWithHelm(
  'a fleet of a thousand pods is looked after',
  (t, cluster, helm) =>
    fleet(t, cluster, helm, { replicas: 25, steadyMs: 180_000, changesMs: 20_000, rests: true }),
  { kit: true },
);
