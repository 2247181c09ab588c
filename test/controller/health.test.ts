/**
 * Whether a replica turns: it is stuck only where there is somebody to be asked, and nobody asks.
 */
import t from 'tap';
import { Health } from '../../src/controller/health.js';
import { Looks } from '../../src/controller/looks.js';
import { DEPLOYMENTS, PODS } from '../../src/kubernetes/api.js';
import { HandClock } from '../peers/clock.js';
import { type PodObjectGiven, watchedPod } from '../peers/pod-objects.js';

interface Stage {
  readonly clock: HandClock;
  readonly health: Health;
  readonly see: (given?: PodObjectGiven) => void;
}

function stageFor(lookEveryMs = 20_000): Stage {
  const clock = new HandClock();
  const stores = {
    unknown: () => [
      { resource: PODS, namespace: 'web' },
      { resource: DEPLOYMENTS, namespace: undefined },
    ],
    silent: (ms: number) => (ms === 300_000 ? [{ resource: PODS, namespace: 'shop' }] : []),
  };
  const ask = (): Promise<never> => new Promise(() => undefined);
  const looks = new Looks({ clock, everyMs: lookEveryMs, by: 'pod', ask });
  const health = new Health(clock, lookEveryMs, stores, () => looks);
  return { clock, health, see: (given) => looks.see(watchedPod('one', given)) };
}

t.test('where nobody is to be asked nothing is stuck', (t) => {
  const { health, clock, see } = stageFor();
  see({ podIP: undefined });
  t.same(health.stuck(), []);
  clock.advance(3_600_000);
  t.same(health.stuck(), []);
  see();
  t.same(health.stuck(), [], 'it has just come');
  t.end();
});

t.test('a pod that is pending is nobody to be asked, though it has an address', (t) => {
  const { health, clock, see } = stageFor();
  see({ phase: 'Pending' });
  t.same(health.stuck(), []);
  clock.advance(600_000);
  t.same(health.stuck(), []);
  t.end();
});

t.test('it is stuck when pods are there and none has been asked for minutes', (t) => {
  const { health, clock, see } = stageFor();
  see();
  t.same(health.stuck(), []);
  clock.advance(180_000);
  t.same(health.stuck(), []);
  clock.advance(1);
  t.same(health.stuck(), ['no pod has been asked for minutes']);
  health.looked();
  t.same(health.stuck(), []);
  t.end();
});

t.test('who asks rarely has more time', (t) => {
  const { health, clock, see } = stageFor(60_000);
  see();
  health.stuck();
  clock.advance(360_000);
  t.same(health.stuck(), []);
  clock.advance(1);
  t.equal(health.stuck().length, 1);
  t.end();
});

t.test('it tells when it did what, and what it does not know', (t) => {
  const { health, clock } = stageFor();
  t.same(health.last, { lookMs: undefined, sweepMs: undefined });
  clock.advance(5);
  health.looked();
  clock.advance(2);
  health.swept();
  t.same(health.last, { lookMs: 5, sweepMs: 7 });
  t.same(health.unknown(), [
    'pods of namespace web are not listed yet',
    'deployments.apps of all namespaces are not listed yet',
    'nothing was heard of pods of namespace shop for minutes',
  ]);
  t.end();
});
