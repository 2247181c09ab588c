/**
 * Apps without a hook that exit at once, restarted and killed under load, again and again.
 */
import { testWithSecondChance } from './second-chances.js';

testWithSecondChance(5, 0);
