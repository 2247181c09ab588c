/**
 * Rolling restarts of three pods under load, one after the other: what is lost once in a hundred
 * times shows here, and so does what is left over from the restart before.
 */
import { testChecklist, testRollings } from './rollings.js';

testRollings(5);
testChecklist(5);
