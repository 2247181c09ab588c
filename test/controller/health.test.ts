/**
 * Whether a replica turns: it is stuck only where there is somebody to be asked, and nobody asks.
 */
import t from 'tap';
import type { WatchedPod } from '../../src/controller/contract.js';
import { Health } from '../../src/controller/health.js';
import { DEPLOYMENTS, PODS } from '../../src/kubernetes/api.js';
import { HandClock } from '../peers/clock.js';

interface Stage {
  readonly clock: HandClock;
  readonly health: Health;
  pods: { readonly address: string | undefined }[];
}

function stageFor(lookEveryMs = 20_000): Stage {
  const clock = new HandClock();
  const stores = {
    watchedPods: () => stage.pods.map((pod) => ({ pod }) as WatchedPod).values(),
    unknown: () => [
      { resource: PODS, namespace: 'web' },
      { resource: DEPLOYMENTS, namespace: undefined },
    ],
  };
  const health = new Health(clock, lookEveryMs, stores as never);
  const stage: Stage = { clock, health, pods: [] };
  return stage;
}

t.test('where nobody is to be asked nothing is stuck', (t) => {
  const stage = stageFor();
  stage.pods = [{ address: undefined }];
  stage.clock.advance(3_600_000);
  t.same(stage.health.stuck(), []);
  stage.pods = [{ address: '1.2.3.4' }];
  t.same(stage.health.stuck(), [], 'it has just come');
  t.end();
});

t.test('it is stuck when pods are there and none has been asked for minutes', (t) => {
  const { health, clock, pods } = stageFor();
  pods.push({ address: '1.2.3.4' });
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
  const { health, clock, pods } = stageFor(60_000);
  pods.push({ address: '1.2.3.4' });
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
  ]);
  t.end();
});
