/**
 * When a drain makes the pod count as not ready: by hand at once, at its end only if that is set.
 */
import t from 'tap';
import { Readiness } from '../../src/drain/readiness.js';
import { StagedDrain } from '../peers/drain.js';

t.test('a pod that terminates is ready to its end, or as long as is said', (t) => {
  for (const [unreadyAfterMs, reasons] of [
    [Infinity, [undefined, undefined, undefined]],
    [5_000, [undefined, undefined, 'terminating']],
    [0, ['terminating', 'terminating', 'terminating']],
  ] as const) {
    const { drain, clock } = new StagedDrain();
    const readiness = new Readiness(drain, clock, unreadyAfterMs);
    t.equal(readiness.reason, undefined);
    drain.terminate('preStop');
    const seen = [readiness.reason];
    clock.advance(4_999);
    drain.terminate('again');
    seen.push(readiness.reason);
    clock.advance(1);
    seen.push(readiness.reason);
    t.same(seen, reasons, String(unreadyAfterMs));
  }
  t.end();
});

t.test(
  'a drain by hand is unready at once, unless it is asked to keep it, until taken back',
  (t) => {
    const { drain, clock } = new StagedDrain();
    const readiness = new Readiness(drain, clock, Infinity);
    drain.ask('by hand');
    t.equal(readiness.reason, undefined);
    drain.ask('by hand', true);
    t.equal(readiness.reason, 'draining');
    drain.recall();
    t.equal(readiness.reason, undefined);
    drain.ask('by hand', true);
    drain.terminate('preStop');
    t.equal(readiness.reason, 'draining', 'its end does not make it ready again');
    t.end();
  },
);
