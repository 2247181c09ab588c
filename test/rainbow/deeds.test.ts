/**
 * Cleanups that something crosses at the worst moment: a Service that is moved behind their back, a
 * controller that hears late, another cleanup, a promote. What is live is whole when all is over.
 */
import t, { type Test } from 'tap';
import type { Timer } from '../../src/clock.js';
import { DRAIN_ANNOTATION, RAINBOW_DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import { planPromote } from '../../src/rainbow/switch.js';
import { doSwitch } from '../../src/rainbow/switching.js';
import type { Outcome } from '../../src/rainbow/sweep.js';
import { type Call, status } from '../peers/fake-calls.js';
import { HurriedClock } from '../peers/hurried-clock.js';
import { HOUR_MS, NOW_MS, type RainbowGroup } from '../peers/rainbow-group.js';
import { busy, GROUP, NAMESPACE, quiet } from '../peers/rainbow-stage.js';
import { DUE, everyAction, isDone, lost, nothingWrong, withLive } from './sweep-faults.js';

const of = (outcomes: readonly Outcome[], colour: string): Outcome | undefined =>
  outcomes.find(({ step }) => step.colour === colour);

const drains = (group: RainbowGroup, colour: string): string[] =>
  group.annotationsOf(colour, DRAIN_ANNOTATION).filter((value) => value !== undefined);

/** At the first such call, and not at those that are made by what is done then. */
function atFirst(
  group: RainbowGroup,
  isMeant: (call: Call) => boolean,
  act: () => void | Promise<void>,
): void {
  let isDue = true;
  group.fake.before = async (call) => {
    if (isDue && isMeant(call)) {
      isDue = false;
      await act();
    }
    return undefined;
  };
}

/** Where somebody acts whenever a run waits. */
class BusyClock extends HurriedClock {
  private readonly whileWaiting: () => void;

  constructor(whileWaiting: () => void) {
    super(Infinity);
    this.whileWaiting = whileWaiting;
  }

  override after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    this.whileWaiting();
    return super.after(ms, act, arg);
  }
}

/** Of each that takes something away: a colour that it is due with. */
const TAKING: Readonly<Record<string, (group: RainbowGroup) => void>> = {
  zero: (group) => void group.old('aaa', 90, DUE.zero.state, { replicas: 2 }),
  shrink: (group) => {
    group.old('aaa', 90, lost(5), { replicas: 2 });
    group.says.set('shop-aaa-1-0', busy(1));
  },
  drain: (group) => {
    group.old('aaa', 90, lost(49), { replicas: 2 });
    for (const at of [0, 1]) group.says.set(`shop-aaa-1-${at}`, busy(1));
  },
};

for (const [kind, put] of Object.entries(TAKING)) {
  t.test(`a Service that is moved in the moment of a ${kind} gets its pods back`, async (t) => {
    const group = await withLive(t);
    put(group);
    group.fake.after = ({ verb, name }) => {
      if (verb === 'patch' && name === `${GROUP}-aaa`) group.select('web', 'aaa');
      return undefined;
    };
    const outcome = of(await group.sweep(), 'aaa');
    t.match(outcome, { step: { action: { kind } }, result: 'stopped' });
    t.match(outcome, {
      words: 'Service web selects it again: what was taken from it is given back',
    });
    t.equal(group.replicas('aaa'), 2);
    t.same(drains(group, 'aaa'), []);
    t.equal(group.state('aaa').lostTrafficMs, undefined);
  });
}

t.test('a deed whose look after it fails says that it was done', async (t) => {
  const group = await withLive(t);
  TAKING['zero'](group);
  group.fake.after = ({ verb, name }) => {
    if (verb === 'patch' && name === `${GROUP}-aaa`) group.fake.denied.add('list services');
    return undefined;
  };
  t.match(of(await group.sweep(), 'aaa'), {
    result: 'failed',
    words: /^it was done, but not looked at after that: .* list on services/,
  });
  t.equal(group.replicas('aaa'), 0);
});

t.test('what is live gets back what it needs before anything else, and in any case', async (t) => {
  const group = await withLive(t);
  for (const colour of ['aaa', 'bbb', 'ccc']) group.old(colour, 90, DUE.zero.state);
  group.old('zzz', 20, { ...lost(5), replicas: 3 }, { replicas: 1 });
  const metadata = { annotations: { [DRAIN_ANNOTATION]: 'true' } };
  group.fake.objects.patch('Pod', NAMESPACE, 'shop-zzz-1-0', { metadata });
  group.select('internal', 'zzz');
  const outcomes = await group.sweep();
  t.match(of(outcomes, 'zzz'), { result: 'done', step: { action: { kind: 'restore' } } });
  t.equal(group.writes[0], `patch deployments.apps/${GROUP}-zzz`, 'new pods take longest');
  t.equal(group.writes[1], 'patch pods/shop-zzz-1-0');
  t.equal(group.replicas('zzz'), 3);
});

t.test('what is live gets it also where its Deployment changes all the time', async (t) => {
  const group = await withLive(t);
  group.old('zzz', 20, { ...lost(5), replicas: 3 }, { replicas: 1 });
  group.select('internal', 'zzz');
  let touches = 0;
  group.fake.before = ({ verb, name }) => {
    if (verb === 'patch' && name === `${GROUP}-zzz` && touches++ < 2) {
      const metadata = { annotations: { touched: String(touches) } };
      group.fake.objects.patch('Deployment', NAMESPACE, name, { metadata });
    }
    return undefined;
  };
  t.match(of(await group.sweep(), 'zzz'), { result: 'done' });
  t.equal(group.replicas('zzz'), 3);
});

t.test('it shrinks only when the costs are known to whoever removes the pods', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, lost(5), { replicas: 4 });
  group.says.set('shop-aaa-1-0', busy(3));
  group.controllers.isLate = true;
  group.clock = new BusyClock(() => group.controllers.catchUp());
  t.match(of(await group.sweep(), 'aaa'), { result: 'done', step: { action: { kind: 'shrink' } } });
  t.same(
    group.podsOf('aaa').map(({ metadata }) => metadata.name),
    ['shop-aaa-1-0'],
  );
});

t.test('a pod that becomes idle while costs get known goes with the next run', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, lost(5), { replicas: 4 });
  for (const at of [0, 1, 2]) group.says.set(`shop-aaa-1-${at}`, busy(3));
  group.clock = new BusyClock(() => group.says.delete('shop-aaa-1-0'));
  t.match(of(await group.sweep(), 'aaa'), { result: 'done' });
  t.equal(group.replicas('aaa'), 3);
  t.match(of(await group.sweep(), 'aaa'), { result: 'done' });
  t.equal(group.replicas('aaa'), 2);
});

t.test('one that is at work again by then loses its mark, and nothing shrinks', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, lost(5), { replicas: 4 });
  group.says.set('shop-aaa-1-0', busy(3));
  group.clock = new BusyClock(() => group.says.set('shop-aaa-1-1', busy(1)));
  t.match(of(await group.sweep(), 'aaa'), { result: 'stopped', words: /at work again/ });
  t.equal(group.replicas('aaa'), 4);
});

t.test('a busy API server is not asked again to take something away', async (t) => {
  const group = await withLive(t);
  TAKING['zero'](group);
  group.fake.before = ({ verb }) =>
    verb === 'patch'
      ? status(429, 'TooManyRequests', 'slow down', { 'retry-after': '1' })
      : undefined;
  t.match(of(await group.sweep(), 'aaa'), { result: 'failed', words: /; the next run does it$/ });
  t.equal(group.writes.length, 1);
});

t.test('nor to mark one to go first, as what it was seen to be may be over', async (t) => {
  const group = await withLive(t);
  TAKING['shrink'](group);
  group.fake.before = ({ verb, resource }) =>
    verb === 'patch' && resource === 'pods'
      ? status(429, 'TooManyRequests', 'slow down', { 'retry-after': '1' })
      : undefined;
  t.match(of(await group.sweep(), 'aaa'), { result: 'failed' });
  const pods = group.fake.calls.filter(
    ({ verb, resource }) => `${verb} ${resource}` === 'patch pods',
  );
  t.equal(pods.length, new Set(pods.map(({ name }) => name)).size, 'each was tried once');
});

t.test('two cleanups at once do no more than one', async (t) => {
  const group = await everyAction(t);
  const both = await Promise.all([group.sweep(), group.sweep()]);
  t.same(
    both.flat().filter(({ result }) => result === 'failed'),
    [],
  );
  nothingWrong(t, group, 'two at once');
  await group.sweep();
  nothingWrong(t, group, 'and again');
  t.ok(isDone(group));
});

async function promote(group: RainbowGroup, colour: string): Promise<void> {
  const { api, look } = group;
  const wanted = planPromote(colour, await look([]), { services: [], force: false });
  const around = { api, look, clock: new HurriedClock(Infinity), timeoutMs: 60_000 };
  await doSwitch(wanted, { ...around, dryRun: false, tell: () => undefined });
}

/** In its second wave: two of its pods have drained. */
async function secondWave(t: Test): Promise<RainbowGroup> {
  const group = await withLive(t);
  group.old('aaa', 90, { ...lost(49), drainAskedMs: NOW_MS - HOUR_MS }, { replicas: 20 });
  for (let at = 2; at < 20; at++) group.says.set(`shop-aaa-1-${at}`, busy(1));
  const annotations = { [DRAIN_ANNOTATION]: 'true', [RAINBOW_DRAIN_ANNOTATION]: GROUP };
  for (const at of [0, 1]) {
    const metadata = { annotations };
    group.fake.objects.patch('Pod', NAMESPACE, `shop-aaa-1-${at}`, { metadata });
  }
  return group;
}

t.test('what is asked to drain carries the mark of who asked', async (t) => {
  const group = await secondWave(t);
  t.match(of(await group.sweep(), 'aaa'), { result: 'done', step: { action: { kind: 'drain' } } });
  t.equal(drains(group, 'aaa').length, 4);
  t.same(group.annotationsOf('aaa', RAINBOW_DRAIN_ANNOTATION).filter(Boolean), [
    ...[GROUP, GROUP, GROUP, GROUP],
  ]);
});

t.test('a promote before the second wave of a drain stops that', async (t) => {
  const group = await secondWave(t);
  const isDeed = ({ verb, name }: Call): boolean => verb === 'patch' && name === `${GROUP}-aaa`;
  atFirst(group, isDeed, () => promote(group, 'aaa'));
  t.match(of(await group.sweep(), 'aaa'), { result: 'stopped', words: /changed it meanwhile/ });
  t.same(drains(group, 'aaa'), []);
});

t.test('a promote between the pods of a wave leaves none of them in a drain', async (t) => {
  const group = await secondWave(t);
  const isDeed = ({ verb, resource }: Call): boolean => verb === 'patch' && resource === 'pods';
  atFirst(group, isDeed, () => promote(group, 'aaa'));
  t.match(of(await group.sweep(), 'aaa'), { result: 'stopped' });
  t.equal(group.selected('web'), 'aaa');
  t.same(drains(group, 'aaa'), []);
});

t.test('pods that are asked to drain while a promote waits for them are asked back', async (t) => {
  const group = await secondWave(t);
  const metadata = {
    annotations: { [DRAIN_ANNOTATION]: 'true', [RAINBOW_DRAIN_ANNOTATION]: GROUP },
  };
  const pod = 'shop-aaa-1-5';
  group.fake.after = ({ verb, name, body }) => {
    if (verb === 'patch' && name === `${GROUP}-aaa` && group.selected('web') === 'live') {
      group.fake.objects.patch('Pod', NAMESPACE, pod, { metadata });
      group.says.set(pod, quiet({ phase: 'draining' }));
    }
    if (verb === 'patch' && name === pod && body.includes('null')) group.says.delete(pod);
    return undefined;
  };
  await promote(group, 'aaa');
  t.equal(group.selected('web'), 'aaa');
  t.same(drains(group, 'aaa'), []);
});
