/**
 * The example's release under load with either helm, three upgrades one after the other: what is left over
 * from the one before shows in the next.
 */
import { testFailedUpgrade, testUpgrades } from './chart-upgrades.js';

testUpgrades({ helm: 3, upgrades: 3, replicas: 3, graceS: 30 });
testUpgrades({ helm: 4, upgrades: 3, replicas: 3, graceS: 30, manner: 'closes' });
testFailedUpgrade({ helm: 3, replicas: 2, graceS: 20 });
testFailedUpgrade({ helm: 4, replicas: 2, graceS: 20 });
