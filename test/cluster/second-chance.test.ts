/**
 * Apps without a hook that exit at once, restarted and killed under load, once; more of that in
 * second-chance.long.ts.
 */
import { testWithoutSecondChance, testWithSecondChance } from './second-chances.js';

testWithSecondChance(1);
testWithoutSecondChance();
