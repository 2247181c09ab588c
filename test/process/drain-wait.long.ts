/**
 * As the test beside it, for as long as a kubelet may really be held: longer than every limit of
 * time that the admin port has for its other askers.
 */
import t from 'tap';
import { holdWaits } from './crowd/held-waits.js';

const HELD_MS = 150_000;

t.test('waits are held for 150 s, asked for twice, cut and asked for again', (t) => {
  t.setTimeout(HELD_MS + 60_000);
  return holdWaits(t, HELD_MS);
});
