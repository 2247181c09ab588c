/**
 * Apps without a hook that exit at once, restarted and killed under load, once; more of that in
 * second-chance.long.ts.
 */
import { testWithoutSecondChance, testWithSecondChance } from './second-chances.js';

/**
 * On a busy machine a first byte may cross the end of an app that has its connection already, and a
 * native sidecar has been seen to take its SIGTERM for an end at once, which costs about six; without
 * second chance it is that of every pod.
 */
const CROSSED_MAX = 14;

testWithSecondChance(1, CROSSED_MAX);
testWithoutSecondChance();
