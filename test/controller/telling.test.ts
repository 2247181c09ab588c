/** What stands against a plan for long is told once: who would undo it, and what a group stands still for. */
import t from 'tap';
import { MINUTE_MS } from '../peers/rainbow-group.js';
import { NAMESPACE } from '../peers/rainbow-stage.js';
import { lost, ZERO_DUE, withLive } from './group-town.js';

t.test(
  'a rival is told of once for each Deployment, and what it guards is left alone',
  async (t) => {
    const town = withLive(t);
    const annotations = (name: string) => ({
      annotations: { 'argocd.argoproj.io/tracking-id': `shop:apps/Deployment:web/shop-${name}` },
    });
    for (const name of ['aaa', 'bbb']) {
      town.old(name, 60, ZERO_DUE);
      town.fake.objects.patch('Deployment', NAMESPACE, `shop-${name}`, {
        metadata: annotations(name),
      });
    }
    town.old('ccc', 60, lost(5), { replicas: 3 });
    town.says.set('shop-ccc-1-0', undefined);
    const scaleTargetRef = { kind: 'Deployment', name: 'shop-ccc' };
    const metadata = { name: 'scaler', namespace: NAMESPACE };
    town.fake.objects.put({ kind: 'HorizontalPodAutoscaler', metadata, spec: { scaleTargetRef } });
    town.start();
    await town.pass(10 * MINUTE_MS);
    t.same(town.events.sort(), [
      "RainbowRival: Colour aaa of group shop: Argo CD's application shop would undo a scale to zero: change it in its source, or take it out there",
      "RainbowRival: Colour bbb of group shop: Argo CD's application shop would undo a scale to zero: change it in its source, or take it out there",
      'RainbowRival: Colour ccc of group shop: HorizontalPodAutoscaler scaler would undo fewer replicas: delete it, or wait for zero, where it stands still',
    ]);
    t.equal(town.said.length, 3);
    t.match(town.said.sort()[0], /^rival of shop-aaa: /);
    t.same(
      ['aaa', 'bbb', 'ccc'].map((colour) => town.replicas(colour)),
      [2, 2, 3],
    );
  },
);

t.test(
  'a group that stands still is told of after a minute, once, and when it goes on',
  async (t) => {
    const town = withLive(t);
    town.old('aaa', 60, ZERO_DUE);
    const ready = (isReady: boolean): void => {
      for (const at of [0, 1]) town.controllers.setReady(`shop-live-1-${at}`, isReady);
    };
    ready(false);
    town.start();
    await town.pass(50_000);
    t.same(town.said, []);
    await town.pass(20_000);
    const words = 'no pod of a live colour is ready: nothing is taken away';
    t.same(town.said, [`standstill of shop: ${words}`]);
    t.match(town.told, [{ reason: 'RainbowStandstill', type: 'Warning' }]);
    await town.pass(10 * MINUTE_MS);
    t.equal(town.told.length, 1);
    ready(true);
    await town.pass(40_000);
    t.same(town.said.slice(1), ['shop goes on']);
    ready(false);
    await town.pass(40_000);
    ready(true);
    await town.pass(10 * MINUTE_MS);
    t.equal(town.said.length, 2, "a moment of it is nobody's concern");
  },
);

t.test('what is odd is told on the colour that it is about', async (t) => {
  const town = withLive(t);
  town.old('aaa', 60, ZERO_DUE);
  town.old('aaa', 50, ZERO_DUE, { name: 'again' });
  town.start();
  await town.pass(2 * MINUTE_MS);
  t.match(town.events, [/RainbowStandstill: .* nothing is taken away .*both of colour aaa/]);
  t.equal(town.told[0].regarding.name, 'shop-aaa');
});

t.test('a group without a live colour is told so', async (t) => {
  const town = withLive(t);
  town.fake.objects.remove('Service', NAMESPACE, 'web');
  town.start();
  await town.pass(2 * MINUTE_MS);
  t.match(town.said, [/standstill of shop: no Service selects a colour of this group/]);
});
