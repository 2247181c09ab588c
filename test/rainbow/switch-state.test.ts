/** What is remembered of a colour that Services are moved to or from: it ages from that moment on. */
import t from 'tap';
import { claimed, freed, given } from '../../src/rainbow/switch-state.js';
import { HOUR, MINUTE, NOW, oldState } from '../peers/rainbow.js';

const OLD = oldState(60 * HOUR, {
  peak: 9,
  drainedSinceMs: NOW - HOUR,
  drainAskedMs: NOW - 2 * HOUR,
  replicas: 3,
  samples: [{ atMs: NOW - HOUR, active: 2 }],
});

t.test('a colour that is claimed forgets its old age', (t) => {
  t.same(claimed(OLD), { wasLive: true, peak: 9, samples: [] });
  t.end();
});

t.test('a colour that gets a Service is live since then', (t) => {
  t.same(given(OLD, NOW), { liveSinceMs: NOW, wasLive: true, peak: 9, samples: [] });
  t.equal(given({ ...given(OLD, NOW - HOUR) }, NOW).liveSinceMs, NOW - HOUR);
  t.end();
});

t.test('a colour that loses its Service ages from then on', (t) => {
  const live = given(OLD, NOW - HOUR);
  t.same(freed(live, NOW), { lostTrafficMs: NOW, wasLive: true, peak: 9, samples: [] });
  t.end();
});

t.test('a colour that was selected again without being seen ages from now on, too', (t) => {
  t.same(freed(OLD, NOW), {
    lostTrafficMs: NOW,
    wasLive: true,
    peak: 9,
    drainAskedMs: NOW - 2 * HOUR,
    replicas: 3,
    samples: [],
  });
  t.equal(freed(given(OLD, NOW - MINUTE), NOW).lostTrafficMs, NOW);
  t.end();
});
