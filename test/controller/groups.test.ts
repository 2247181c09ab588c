/**
 * Groups are looked after on a cluster in memory: what is due is done, by itself and soon after a
 * change, and nothing that a clean-up would not do.
 */
import t from 'tap';
import { HOUR_MS, MINUTE_MS, NOW_MS } from '../peers/rainbow-group.js';
import { type GroupTown, groupTown } from './group-town.js';

/** It lost its traffic so many hours ago. */
const lost = (hours: number): { wasLive: true; lostTrafficMs: number } => ({
  wasLive: true,
  lostTrafficMs: NOW_MS - hours * HOUR_MS,
});

function withLive(t: Parameters<typeof groupTown>[0]): GroupTown {
  const town = groupTown(t);
  town.old('live', 30, { wasLive: true, liveSinceMs: NOW_MS - 30 * HOUR_MS });
  town.select('web', 'live');
  return town;
}

t.test('a colour that is drained for long enough is scaled to zero, and told of', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, { ...lost(5), drainedSinceMs: NOW_MS - 11 * MINUTE_MS }, { replicas: 3 });
  town.start();
  await town.pass(1_000);
  t.equal(town.replicas('aaa'), 0);
  t.same(town.events, [
    'RainbowScaledToZero: Colour aaa of group shop: scale to zero from 3: all its pods have been safe for 11m',
  ]);
  t.match(town.told[0].regarding, { kind: 'Deployment', namespace: 'web', name: 'shop-aaa' });
  t.match(town.deeds, [{ group: 'shop', colour: 'aaa', action: 'zero', result: 'done' }]);
});
