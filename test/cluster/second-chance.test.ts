/**
 * Apps without a hook that exit at once, restarted and killed under load, once; more of that in
 * second-chance.long.ts.
 */
import { testWithoutSecondChance } from './second-chances.js';

testWithoutSecondChance();
