/** What is remembered of a colour that Services are moved to or from: it ages from that moment on. */
import t from 'tap';
import { NO_STATE } from '../../src/rainbow/state.js';
import { claimed, freed, given } from '../../src/rainbow/switch-state.js';
import { HOUR, MINUTE, NOW, oldState } from '../peers/rainbow.js';

const OLD = oldState(60 * HOUR, {
  peak: 9,
  drainedSinceMs: NOW - HOUR,
  drainAskedMs: NOW - 2 * HOUR,
  replicas: 3,
  samples: [{ atMs: NOW - HOUR, active: 2 }],
});

t.test('a colour that is claimed forgets its timers, and not when it was live', (t) => {
  t.same(claimed({ ...OLD, liveReplicas: 20 }, NOW), {
    wasLive: true,
    lostTrafficMs: NOW - 60 * HOUR,
    claimedMs: NOW,
    peak: 9,
    liveReplicas: 20,
    samples: [],
  });
  t.same(claimed(NO_STATE, NOW), { ...NO_STATE, claimedMs: NOW });
  t.end();
});

t.test('a colour that gets a Service is live since then', (t) => {
  t.same(given(OLD, NOW), { liveSinceMs: NOW, wasLive: true, peak: 9, samples: [] });
  t.same(given(claimed(OLD, NOW), NOW), given(OLD, NOW));
  t.equal(given({ ...given(OLD, NOW - HOUR) }, NOW).liveSinceMs, NOW - HOUR);
  t.end();
});

t.test('a colour that loses its Service ages from then on, and what it had is known', (t) => {
  const state = given(OLD, NOW - HOUR);
  const old = { lostTrafficMs: NOW, wasLive: true, peak: 9, samples: [] };
  t.same(freed({ state, replicas: 20 }, NOW), { ...old, liveReplicas: 20 });
  t.same(freed({ state, replicas: 0 }, NOW), old);
  t.end();
});

t.test('a colour that was selected again without being seen ages from now on, too', (t) => {
  t.same(freed({ state: claimed(OLD, NOW - HOUR), replicas: 3 }, NOW), {
    lostTrafficMs: NOW,
    wasLive: true,
    peak: 9,
    liveReplicas: 3,
    samples: [],
  });
  const state = given(OLD, NOW - MINUTE);
  t.equal(freed({ state, replicas: 1 }, NOW).lostTrafficMs, NOW);
  t.end();
});
