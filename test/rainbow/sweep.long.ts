/**
 * Every fault at every call of a sweep, one after the other: it does nothing wrong, and the next run
 * does the rest. The tests beside it take a few of them.
 */
import t from 'tap';
import { FAULTS, withFaultAt } from './sweep-faults.js';

for (const [name, fault] of Object.entries(FAULTS)) {
  t.test(`${name} at any call does nothing wrong, and the next run does the rest`, async (t) => {
    let n = 1;
    while (await withFaultAt(t, n, name, fault)) n++;
    t.ok(n > 40, `there were ${n} calls`);
  });
}
