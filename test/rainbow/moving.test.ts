/**
 * Services that are moved together: what is tried again, what is said once some have moved and others
 * have not, and with how many pods a colour gets traffic.
 */
import t, { type Test } from 'tap';
import type { Timer } from '../../src/clock.js';
import { Unfinished } from '../../src/rainbow/refusal.js';
import { switchSentences } from '../../src/rainbow/switch.js';
import { status } from '../peers/fake-calls.js';
import { HurriedClock } from '../peers/hurried-clock.js';
import { HOUR_MS, NOW_MS, type RainbowGroup } from '../peers/rainbow-group.js';
import { GROUP, NAMESPACE } from '../peers/rainbow-stage.js';
import type { Switched } from './switched.js';
import { refused, two } from './switched.js';

/** Where something is done before each wait is over. */
class SweepingClock extends HurriedClock {
  private readonly meanwhile: () => Promise<unknown> | undefined;

  constructor(meanwhile: () => Promise<unknown> | undefined) {
    super(Infinity);
    this.meanwhile = meanwhile;
  }

  override after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    const done = Promise.resolve(this.meanwhile());
    return super.after(ms, () => void done.then(() => act(arg as A)));
  }
}

/** With a second Service beside it. */
async function pair(t: Test): Promise<Switched> {
  const stage = await two(t);
  stage.group.select('web-internal', 'old');
  return stage;
}

/** As who gives it an address: `times` just before it is moved. */
function touching(group: RainbowGroup, service: string, times: number): void {
  let touches = 0;
  group.fake.before = ({ verb, resource, name }) => {
    if (verb === 'patch' && resource === 'services' && name === service && touches++ < times) {
      const metadata = { annotations: { touched: String(touches) } };
      group.fake.objects.patch('Service', NAMESPACE, service, { metadata });
    }
    return undefined;
  };
}

t.test('a Service that changes in the very moment is looked at and moved again', async (t) => {
  const stage = await pair(t);
  touching(stage.group, 'web-internal', 2);
  await stage.do(await stage.promote('new'));
  t.equal(stage.group.selected('web'), 'new');
  t.equal(stage.group.selected('web-internal'), 'new');
});

t.test('a move whose answer is lost was done, and the others follow', async (t) => {
  const stage = await pair(t);
  let kills = 0;
  stage.group.fake.after = ({ verb, resource }) =>
    verb === 'patch' && resource === 'services' && kills++ === 0 ? 'kill' : undefined;
  await stage.do(await stage.promote('new'));
  t.equal(stage.group.selected('web'), 'new');
  t.equal(stage.group.selected('web-internal'), 'new');
});

t.test(
  'once one has moved and another cannot, it says who is where and what to type',
  async (t) => {
    for (const fault of ['conflicts', 'forbidden'] as const) {
      const stage = await pair(t);
      const { group } = stage;
      if (fault === 'conflicts') touching(group, 'web-internal', Infinity);
      else {
        group.fake.before = ({ verb, name }) =>
          verb === 'patch' && name === 'web-internal' ? status(403, 'Forbidden', 'no') : undefined;
      }
      const error = await stage.do(await stage.promote('new')).catch((thrown: unknown) => thrown);
      t.ok(error instanceof Unfinished, String(error));
      t.match(
        String(error),
        /; now Service web is on new and Service web-internal is on old: `tidegate rainbow promote shop new -n web` moves the rest/,
      );
      t.match(group.state('new'), { wasLive: true, liveSinceMs: NOW_MS }, 'and it is remembered');
      group.fake.before = () => undefined;
      await stage.do(await stage.promote('new'));
      t.equal(group.selected('web-internal'), 'new');
    }
  },
);

t.test('a refusal says what it has left behind', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  group.old('aaa', 50, { wasLive: true, lostTrafficMs: NOW_MS - 40 * HOUR_MS }, { replicas: 0 });
  group.controllers.makesReady = false;
  const wanted = await stage.promote('aaa');
  await refused(
    t,
    stage.do(wanted),
    /0 of 2 pods of aaa are ready; no selector was moved; Deployment shop-aaa was scaled from 0 to 2 and stays so until a cleanup$/,
  );
});

t.test('pods that are ready but not yet available get no traffic', async (t) => {
  const stage = await two(t);
  stage.group.controllers.isWaiting = true;
  stage.group.controllers.reconcile();
  const deed = stage.do(await stage.promote('new'));
  await refused(t, deed, /0 of 2 pods of new have been ready for minReadySeconds/);
  t.equal(stage.group.selected('web'), 'old');
});

t.test('a colour that was live gets what it had then, and what serves now', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  const lostTrafficMs = NOW_MS - HOUR_MS;
  group.old('aaa', 50, { wasLive: true, lostTrafficMs, liveReplicas: 6 }, { replicas: 1 });
  t.match(switchSentences(await stage.promote('aaa')), ['Deployment shop-aaa: 1 to 6 replicas']);
  group.old('bbb', 50, { wasLive: true, lostTrafficMs }, { replicas: 1 });
  await stage.do(await stage.promote('bbb'));
  t.equal(group.replicas('bbb'), 2);
});

t.test(
  'a colour that has fewer pods than what serves is told of, before and meanwhile',
  async (t) => {
    const stage = await two(t);
    stage.group.old('few', 1, {}, { replicas: 1 });
    const wanted = await stage.promote('few');
    const few = 'few has only 1 of what old serves with: 2 ready pods';
    t.same(switchSentences(wanted), ['Service web: old to few', few]);
    await stage.do(wanted);
    t.same(stage.told, [few, 'Service web selects few']);
    const scaled = {
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'keda',
        namespace: NAMESPACE,
        labels: { 'scaledobject.keda.sh/name': 'few' },
      },
      spec: { scaleTargetRef: { kind: 'Deployment', name: `${GROUP}-old` } },
    };
    stage.group.fake.objects.put(scaled);
    t.ok(await stage.promote('old'), 'also where somebody else keeps its count');
  },
);

t.test(
  'a cleanup while a promote waits takes nothing from what there is to go back to',
  async (t) => {
    const stage = await two(t);
    const { group } = stage;
    group.policy = { keep: '1' };
    const lost = (hours: number): object => ({
      wasLive: true,
      lostTrafficMs: NOW_MS - hours * HOUR_MS,
      drainedSinceMs: NOW_MS - HOUR_MS,
    });
    group.old('aaa', 50, lost(40), { replicas: 0 });
    group.old('bbb', 40, lost(20));
    group.controllers.makesReady = false;
    let sweeps = 0;
    stage.clock = new SweepingClock(() => (++sweeps % 20 === 1 ? group.sweep() : undefined));
    await refused(t, stage.do(await stage.promote('aaa')), /0 of 2 pods of aaa are ready/);
    t.ok(sweeps > 20);
    t.equal(group.replicas('bbb'), 2, 'meanwhile');
    await group.sweep();
    t.equal(group.replicas('bbb'), 2, 'and afterwards');
    t.equal((await stage.rollback()).to.colour, 'bbb');
  },
);
