/**
 * Rolling restarts of three pods under load: what is lost without tidegate, and nothing with it. The
 * other pairs of sidecar and app, and more restarts, are in rolling.long.ts.
 */
import { testAlone, testBehindTidegate } from './rollings.js';

testAlone(1);
testBehindTidegate(1, 'native', 'closes');
testBehindTidegate(1, 'classic', 'exits');
