/**
 * Plans are done on a cluster made up: each action's writes and what they hold for, what stops one,
 * and what is left behind by faults at every call.
 */
import t from 'tap';
import { DELETION_COST_ANNOTATION, DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import type { Outcome } from '../../src/rainbow/sweep.js';
import { hasGivenUp, sweep, wasTried, worstOf } from '../../src/rainbow/sweep.js';
import { HOUR_MS, MINUTE_MS, NOW_MS, type RainbowGroup } from '../peers/rainbow-group.js';
import { status } from '../peers/fake-calls.js';
import { busy, GROUP, NAMESPACE } from '../peers/rainbow-stage.js';
import {
  DUE,
  everyAction,
  FAULTS,
  isDone,
  lost,
  nothingWrong,
  withFaultAt,
  withLive,
} from './sweep-faults.js';

const of = (outcomes: readonly Outcome[], colour: string): Outcome | undefined =>
  outcomes.find(({ step }) => step.colour === colour);

t.test('a colour at zero for long enough is deleted, as it was seen', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, { ...lost(40), scaledToZeroMs: NOW_MS - 25 * HOUR_MS }, { replicas: 0 });
  const { uid, resourceVersion } = group.deployment('aaa')?.metadata ?? {};
  const outcomes = await group.sweep();
  t.match(of(outcomes, 'aaa'), { result: 'done', step: { action: { kind: 'delete' } } });
  t.equal(group.deployment('aaa'), undefined);
  const call = group.fake.calls.find(({ verb }) => verb === 'delete');
  t.match(JSON.parse(call?.body ?? ''), { preconditions: { uid, resourceVersion } });
  t.equal(worstOf(outcomes), 'done');
});

t.test(
  'a colour drained for long enough is scaled to zero, and its count remembered',
  async (t) => {
    const group = await withLive(t);
    group.old('aaa', 60, { ...lost(5), drainedSinceMs: NOW_MS - 11 * MINUTE_MS }, { replicas: 3 });
    t.match(of(await group.sweep(), 'aaa'), { result: 'done', step: { action: { kind: 'zero' } } });
    t.equal(group.replicas('aaa'), 0);
    t.match(group.state('aaa'), { replicas: 3, wasLive: true });
    t.same(group.podsOf('aaa'), []);
    const patches = group.writes.filter((write) => write.endsWith(`/${GROUP}-aaa`));
    t.equal(patches.length, 1, 'in one patch');
  },
);

t.test('idle pods are given the least cost and go; the busy ones stay', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, lost(5), { replicas: 4 });
  group.says.set('shop-aaa-1-0', busy(3));
  group.says.set('shop-aaa-1-2', busy(1));
  t.match(of(await group.sweep(), 'aaa'), { result: 'done', step: { action: { kind: 'shrink' } } });
  t.equal(group.replicas('aaa'), 2);
  t.same(
    group.podsOf('aaa').map(({ metadata }) => metadata.name),
    ['shop-aaa-1-0', 'shop-aaa-1-2'],
  );
  t.equal(group.state('aaa').replicas, 4);
});

t.test('a colour that is too old is asked to drain, a few pods at a time', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, lost(49), { replicas: 3 });
  for (const at of [0, 1, 2]) group.says.set(`shop-aaa-1-${at}`, busy(5 - at));
  t.match(of(await group.sweep(), 'aaa'), { result: 'done', step: { action: { kind: 'drain' } } });
  t.same(group.annotationsOf('aaa', DRAIN_ANNOTATION), [undefined, undefined, 'true']);
  t.equal(group.state('aaa').drainAskedMs, NOW_MS);
});

t.test('a colour that is selected again gets back what it had', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, { ...lost(49), drainAskedMs: NOW_MS - HOUR_MS, replicas: 3 });
  const metadata = {
    annotations: { [DRAIN_ANNOTATION]: 'true', [DELETION_COST_ANNOTATION]: '-2147483647' },
  };
  group.fake.objects.patch('Pod', NAMESPACE, 'shop-aaa-1-0', { metadata });
  group.select('web', 'aaa');
  const outcomes = await group.sweep();
  t.match(of(outcomes, 'aaa'), { result: 'done', step: { action: { kind: 'restore' } } });
  t.equal(group.replicas('aaa'), 3);
  t.same(group.annotationsOf('aaa', DRAIN_ANNOTATION), [undefined, undefined, undefined]);
  t.same(group.annotationsOf('aaa', DELETION_COST_ANNOTATION), [undefined, undefined, undefined]);
  t.same(group.state('aaa'), { wasLive: true, liveSinceMs: NOW_MS, peak: 0, samples: [] });
  t.match(of(outcomes, 'live'), { result: 'kept' });
  t.equal(group.state('live').lostTrafficMs, NOW_MS);
});

t.test('what is only remembered is written on the Deployment alone', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 60, lost(5));
  t.match(of(await group.sweep(), 'aaa'), { result: 'kept' });
  t.equal(group.state('aaa').drainedSinceMs, NOW_MS);
  group.fake.calls.length = 0;
  await group.sweep();
  t.same(group.writes, [], 'and not again');
});

t.test(
  'what is only remembered is written a second time if its Deployment has changed',
  async (t) => {
    const group = await withLive(t);
    group.old('aaa', 60, lost(5));
    once(group, 'patch deployments.apps', () => touch(group, 'aaa'));
    t.match(of(await group.sweep(), 'aaa'), { result: 'kept' });
    t.equal(group.state('aaa').drainedSinceMs, NOW_MS);
  },
);

t.test('a dry run at the server changes nothing', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, { ...lost(40), scaledToZeroMs: NOW_MS - 25 * HOUR_MS }, { replicas: 0 });
  group.old('bbb', 80, { ...lost(30), drainedSinceMs: NOW_MS - HOUR_MS });
  group.old('ccc', 70, lost(20), { replicas: 3 });
  group.says.set('shop-ccc-1-0', busy(3));
  const before = group.fake.objects.resourceVersion;
  const outcomes = await group.sweep(true);
  t.same(
    outcomes.map(({ result, step }) => `${step.action.kind} ${result}`),
    ['delete done', 'zero done', 'shrink done', 'keep kept'],
  );
  t.equal(group.fake.objects.resourceVersion, before);
});

/** Between plan and act: at the first such call somebody does something. */
function once(group: RainbowGroup, verbAndResource: string, act: () => void): void {
  let isDone = false;
  group.fake.before = ({ verb, resource }) => {
    if (!isDone && `${verb} ${resource}` === verbAndResource) {
      isDone = true;
      act();
    }
    return undefined;
  };
}

function touch(group: RainbowGroup, colour: string): void {
  const metadata = { annotations: { touched: String(group.fake.calls.length) } };
  group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-${colour}`, { metadata });
}

/** At the second look's first call, so that the plan was made without it. */
function meanwhile(group: RainbowGroup, act: () => void): void {
  let lists = 0;
  group.fake.before = ({ verb, resource }) => {
    if (`${verb} ${resource}` === 'list deployments.apps' && ++lists === 2) act();
    return undefined;
  };
}

for (const [kind, { state, replicas }] of Object.entries(DUE)) {
  t.test(`a selector that is moved back between plan and ${kind} stops it`, async (t) => {
    const group = await withLive(t);
    group.old('aaa', 90, state, { replicas });
    meanwhile(group, () => group.select('web', 'aaa'));
    const outcomes = await group.sweep();
    t.match(of(outcomes, 'aaa'), {
      result: 'stopped',
      words: 'not as planned any more: Service web selects it again',
    });
    t.equal(worstOf(outcomes), 'stopped');
    t.equal(group.replicas('aaa'), replicas);
  });

  t.test(`a Deployment that is changed between its look and the ${kind} is left`, async (t) => {
    const group = await withLive(t);
    group.old('aaa', 90, state, { replicas });
    const verb = kind === 'delete' ? 'delete' : 'patch';
    once(group, `${verb} deployments.apps`, () => touch(group, 'aaa'));
    t.match(of(await group.sweep(), 'aaa'), { result: 'stopped', words: /changed it meanwhile/ });
    t.equal(group.replicas('aaa'), replicas);
  });

  t.test(`one that is made anew under its name is not the one to ${kind}`, async (t) => {
    const group = await withLive(t);
    group.old('aaa', 90, state, { replicas });
    meanwhile(group, () => {
      group.fake.objects.remove('Deployment', NAMESPACE, `${GROUP}-aaa`);
      group.old('aaa', 0, state, { replicas });
    });
    t.match(of(await group.sweep(), 'aaa'), { result: 'stopped', words: /another one by now/ });
    t.equal(group.replicas('aaa'), replicas);
  });
}

t.test('a pod that begins to work between plan and zero stops it', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, DUE.zero.state, { replicas: 1 });
  meanwhile(group, () => group.says.set('shop-aaa-1-0', busy(1)));
  t.match(of(await group.sweep(), 'aaa'), {
    result: 'stopped',
    words: /not as planned any more: 1 of 1 pod is not safe: shop-aaa-1-0 has 1 connection at work/,
  });
  t.equal(group.replicas('aaa'), 1);
});

t.test('a pause between plan and zero stops it', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, DUE.zero.state, { replicas: 2 });
  meanwhile(group, () => {
    const metadata = { annotations: { 'tidegate.dev/rainbow-pause': 'true' } };
    group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-aaa`, { metadata });
  });
  t.match(of(await group.sweep(), 'aaa'), {
    result: 'stopped',
    words:
      'not as planned any more: Deployment shop-aaa is annotated tidegate.dev/rainbow-pause: nothing is taken away',
  });
  t.equal(group.replicas('aaa'), 2);
});

t.test('one that was scaled between plan and zero is left as it was scaled', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, DUE.zero.state, { replicas: 2 });
  meanwhile(group, () => {
    const spec = { replicas: 3 };
    group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-aaa`, { spec });
  });
  t.match(of(await group.sweep(), 'aaa'), { result: 'stopped', words: /scaled it meanwhile/ });
  t.equal(group.replicas('aaa'), 3);
});

t.test('no more pods go than were planned to, however many are idle by then', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, lost(5), { replicas: 4 });
  for (const at of [0, 1, 2]) group.says.set(`shop-aaa-1-${at}`, busy(1));
  meanwhile(group, () => group.says.delete('shop-aaa-1-1'));
  t.match(of(await group.sweep(), 'aaa'), { result: 'done' });
  t.equal(group.replicas('aaa'), 3);
});

t.test('a pod that goes before it has its cost stops the shrinking', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, lost(5), { replicas: 3 });
  group.says.set('shop-aaa-1-0', busy(1));
  once(group, 'patch pods', () => {
    group.controllers.isHeld = true;
    group.fake.objects.remove('Pod', NAMESPACE, 'shop-aaa-1-1');
    group.fake.objects.remove('Pod', NAMESPACE, 'shop-aaa-1-2');
  });
  t.match(of(await group.sweep(), 'aaa'), { result: 'stopped' });
  t.equal(group.replicas('aaa'), 3);
});

t.test('a right that is missing fails its colour, and the sentence names it', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, DUE.delete.state, { replicas: 0 });
  group.old('bbb', 80, DUE.zero.state);
  group.fake.denied.add('delete deployments.apps');
  const outcomes = await group.sweep();
  t.match(of(outcomes, 'aaa'), {
    result: 'failed',
    words: /it takes the verb delete on deployments.apps in namespace web/,
  });
  t.match(of(outcomes, 'bbb'), { result: 'done' }, 'the others go on');
  t.equal(worstOf(outcomes), 'failed');
  t.equal(hasGivenUp(outcomes), false);
});

t.test('three failures in a row end the run', async (t) => {
  const group = await withLive(t);
  for (const colour of ['aaa', 'bbb', 'ccc', 'ddd']) group.old(colour, 90, DUE.zero.state);
  group.fake.before = ({ resource, verb }) =>
    verb === 'patch' && resource === 'deployments.apps' ? 'kill' : undefined;
  const outcomes = await group.sweep();
  t.same(
    outcomes.map(({ result }) => result),
    ['failed', 'failed', 'failed', 'stopped', 'kept'],
  );
  t.match(of(outcomes, 'ddd'), { words: 'not tried: 3 failures in a row' });
  t.equal(hasGivenUp(outcomes), true);
  t.equal(group.writes.length, 3);
});

t.test('a sweep that is broken off still gives back, and takes no more', async (t) => {
  const group = await withLive(t);
  group.old('aaa', 90, { ...lost(5), replicas: 4 });
  group.old('bbb', 80, DUE.zero.state);
  group.old('ccc', 70, DUE.zero.state);
  group.select('beta', 'aaa');
  const { api, look, plan, clock } = group;
  const facts = await look();
  const doing = { api, look, plan, clock, dryRun: false, tell: () => undefined };
  const goesOn = (): boolean => group.replicas('bbb') !== 0;
  const outcomes = await sweep(facts, plan(facts), { ...doing, goesOn });
  t.same([group.replicas('aaa'), group.replicas('bbb'), group.replicas('ccc')], [4, 0, 2]);
  t.match(of(outcomes, 'ccc'), { result: 'stopped', words: /^not tried: the group has changed/ });
  t.same(outcomes.map(wasTried), [true, true, false, true]);
  t.equal(hasGivenUp(outcomes), false);
});

t.test('what colours are refused for themselves ends nothing for the others', async (t) => {
  const group = await withLive(t);
  for (const colour of ['aaa', 'bbb', 'ccc', 'ddd']) group.old(colour, 90, DUE.zero.state);
  group.fake.before = ({ verb, name }) =>
    verb === 'patch' && name !== `${GROUP}-ddd`
      ? status(422, 'Invalid', 'a policy of this cluster forbids that')
      : undefined;
  const outcomes = await group.sweep();
  t.same(
    outcomes.map(({ result }) => result),
    ['failed', 'failed', 'failed', 'done', 'kept'],
  );
  t.equal(hasGivenUp(outcomes), false);
});

t.test('a fault at any call does nothing wrong, and the next run does the rest', async (t) => {
  const faults = Object.entries(FAULTS);
  let n = 1;
  for (;;) {
    const [name, fault] = faults[n % faults.length];
    if (!(await withFaultAt(t, n, name, fault))) break;
    n++;
  }
  t.ok(n > 40, `there were ${n} calls`);
});

t.test('a write whose answer is lost was done, and the next run sees it', async (t) => {
  const lostAt = async (n: number): Promise<boolean> => {
    const group = await everyAction(t);
    let writes = 0;
    group.fake.after = ({ verb }) =>
      verb !== 'list' && verb !== 'get' && ++writes === n ? 'kill' : undefined;
    await group.sweep();
    if (writes < n) return false;
    nothingWrong(t, group, `write ${n}`);
    group.fake.after = () => undefined;
    await group.sweep();
    nothingWrong(t, group, `write ${n}, and again`);
    t.ok(isDone(group), `write ${n}: the next run does the rest`);
    return true;
  };
  let n = 1;
  while (await lostAt(n)) n++;
  t.ok(n > 5, `there were ${n} writes`);
});
