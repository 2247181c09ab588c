/**
 * Apps without a hook that exit at once, restarted and killed under load, once; more of that in
 * second-chance.long.ts.
 */
import { testWithoutSecondChance, testWithSecondChance } from './second-chances.js';

/** On a busy machine a first byte may cross the end of an app that has its connection already. */
const CROSSED_MAX = 3;

testWithSecondChance(1, CROSSED_MAX);
testWithoutSecondChance();
