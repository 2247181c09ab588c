/**
 * The example's release under load, with one helm; with both, and for longer, in chart-upgrade.long.ts.
 */
import { testUpgrades } from './chart-upgrades.js';

testUpgrades({ helm: 4, upgrades: 1, replicas: 2, graceS: 20 });
