/**
 * Waiting for a colour on a cluster made up: until all its pods are safe, gone, or it is too late.
 */
import t, { type Test } from 'tap';
import { COLOUR_LABEL } from '../../src/kubernetes/keys.js';
import { Refusal } from '../../src/rainbow/refusal.js';
import { trafficOf, type Waited, waitForColour } from '../../src/rainbow/wait.js';
import { status } from '../peers/fake-calls.js';
import { HurriedClock } from '../peers/hurried-clock.js';
import { type RainbowGroup, startRainbowGroup } from '../peers/rainbow-group.js';
import { busy, GROUP, NAMESPACE } from '../peers/rainbow-stage.js';

/** At its third look something happens. */
async function waited(t: Test, act: (group: RainbowGroup) => void): Promise<Waited> {
  const group = await startRainbowGroup(t);
  group.old('aaa', 30);
  group.says.set('shop-aaa-1-1', busy(2));
  let looks = 0;
  return waitForColour('aaa', {
    look: async (colours) => {
      if (++looks === 3) act(group);
      return group.look(colours);
    },
    clock: new HurriedClock(Infinity),
    timeoutMs: 60_000,
    seen: () => undefined,
    failed: () => undefined,
  });
}

t.test('a colour is waited for until all its pods are safe', async (t) => {
  t.equal(await waited(t, ({ says }) => says.clear()), 'safe');
});

t.test('a colour that a Service selects or sends to is in use, however idle it is', async (t) => {
  const group = await startRainbowGroup(t);
  group.old('aaa', 30);
  group.old('bbb', 20);
  group.service(GROUP, { app: GROUP, [COLOUR_LABEL]: 'aaa' });
  let looks = 0;
  const whys: unknown[] = [];
  const outcome = await waitForColour('aaa', {
    look: async (colours) => {
      if (++looks === 3) {
        group.controllers.isHeld = true;
        group.service(GROUP, { app: GROUP, [COLOUR_LABEL]: 'bbb' });
      }
      if (looks === 5) group.controllers.release();
      return group.look(colours);
    },
    clock: new HurriedClock(Infinity),
    timeoutMs: 60_000,
    seen: (colour, facts) => whys.push(trafficOf(colour, facts)?.code),
    failed: () => undefined,
  });
  t.equal(outcome, 'safe');
  t.same(whys, ['live', 'live', 'routed', 'routed', undefined]);
});

t.test('one that is deleted meanwhile has nothing to be waited for', async (t) => {
  const drop = ({ fake: { objects } }: RainbowGroup): void =>
    objects.remove('Deployment', NAMESPACE, `${GROUP}-aaa`);
  t.equal(await waited(t, drop), 'gone');
});

t.test('it does not wait for ever', async (t) => {
  t.equal(await waited(t, () => undefined), 'late');
});

t.test('an API server that fails for a while is forgiven', async (t) => {
  const outcome = waited(t, ({ fake, says }) => {
    says.clear();
    let calls = 0;
    fake.before = () => (++calls <= 6 ? status(500, 'InternalError', 'no') : undefined);
  });
  t.equal(await outcome, 'safe');
});

t.test('a colour that was never there is refused', async (t) => {
  const { look } = await startRainbowGroup(t);
  const clock = new HurriedClock(Infinity);
  const [seen, failed] = [(): void => undefined, (): void => undefined];
  const deed = waitForColour('aaa', { look, clock, timeoutMs: undefined, seen, failed });
  await t.rejects(deed, new Refusal('group shop in namespace web has no colour aaa: it has none'));
});
