/**
 * Rolling restarts of three pods under load, one after the other: what is lost once in a hundred
 * times shows here, and so does what is left over from the restart before.
 */
import { testAlone, testBehindTidegate, testChecklist } from './rollings.js';

const RESTARTS = 5;

testAlone(RESTARTS);
for (const name of ['native', 'classic'] as const) {
  for (const manner of ['exits', 'closes'] as const) testBehindTidegate(RESTARTS, name, manner);
}
testChecklist(RESTARTS);
