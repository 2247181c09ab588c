/**
 * Rolling restarts of three pods under load, one of each kind; more of them in rolling.long.ts.
 */
import { testRollings } from './rollings.js';

testRollings(1);
