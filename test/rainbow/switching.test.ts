/**
 * Services moved from colour to colour on a cluster made up: what the colour gets back first, what is
 * waited for, what is refused, and where traffic is when something goes wrong.
 */
import t from 'tap';
import { DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import { Unfinished } from '../../src/rainbow/refusal.js';
import { switchSentences } from '../../src/rainbow/switch.js';
import { status } from '../peers/fake-calls.js';
import { HOUR_MS, NOW_MS } from '../peers/rainbow-group.js';
import { GROUP, NAMESPACE, quiet } from '../peers/rainbow-stage.js';
import { refused, Switched, two } from './switched.js';

t.test('promote moves the selector, and both colours are remembered for it', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  const wanted = await stage.promote('new');
  t.same(switchSentences(wanted), ['Service web: old to new']);
  await stage.do(wanted);
  t.equal(group.selected('web'), 'new');
  t.match(group.state('new'), { wasLive: true, liveSinceMs: NOW_MS, lostTrafficMs: undefined });
  t.match(group.state('old'), { wasLive: true, liveSinceMs: undefined, lostTrafficMs: NOW_MS });
  t.same(stage.told, ['Service web selects new']);
});

t.test(
  'rollback goes to the colour that lost its traffic last, and resets its timers',
  async (t) => {
    const { group, ...rest } = await two(t);
    const stage = new Switched(group);
    t.ok(rest);
    group.old('older', 50, { wasLive: true, lostTrafficMs: NOW_MS - 40 * HOUR_MS });
    await stage.do(await stage.promote('new'));
    group.nowMs += 50 * HOUR_MS;
    const drain = { annotations: { [DRAIN_ANNOTATION]: 'true' } };
    group.fake.objects.patch('Pod', NAMESPACE, 'shop-old-1-0', { metadata: drain });
    group.remember('old', {
      ...group.state('old'),
      drainAskedMs: NOW_MS + 49 * HOUR_MS,
      replicas: 4,
    });
    const wanted = await stage.rollback();
    t.same(switchSentences(wanted), [
      'Deployment shop-old: 2 to 4 replicas',
      'pod shop-old-1-0 of old: drain taken back',
      'Service web: new to old',
    ]);
    await stage.do(wanted);
    t.equal(group.selected('web'), 'old');
    t.equal(group.replicas('old'), 4);
    t.same(group.annotationsOf('old', DRAIN_ANNOTATION).filter(Boolean), []);
    t.same(group.state('old'), {
      ...{ wasLive: true, liveSinceMs: group.nowMs, peak: 0, samples: [] },
    });
    t.equal(group.state('new').lostTrafficMs, group.nowMs);
  },
);

t.test(
  'a colour that is promoted already has nothing moved, and is remembered as live',
  async (t) => {
    const stage = await two(t);
    const wanted = await stage.promote('old');
    t.same(switchSentences(wanted), []);
    await stage.do(wanted);
    t.match(stage.group.state('old'), { wasLive: true, liveSinceMs: NOW_MS });
  },
);

t.test('no selector moves before all wanted pods are ready', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  group.controllers.setReady('shop-new-1-1', false);
  await refused(
    t,
    stage.do(await stage.promote('new')),
    /not within 60s: 1 of 2 pods of new are ready; no selector was moved/,
  );
  t.equal(group.selected('web'), 'old');
  t.same(stage.told, ['waiting: 1 of 2 pods of new are ready']);
});

t.test('nor before its pods have taken their drain back', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  group.says.set('shop-new-1-0', quiet({ phase: 'draining' }));
  await refused(t, stage.do(await stage.promote('new')), /pod shop-new-1-0 .* still in a drain/);
  t.equal(group.selected('web'), 'old');
});

t.test('a Service that is moved by somebody else meanwhile stays where that put it', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  group.old('third', 2);
  const wanted = await stage.promote('new');
  group.select('web', 'third');
  await refused(t, stage.do(wanted), /not as it was when this was planned/);
  t.equal(group.selected('web'), 'third');
});

t.test('one that changes in the very moment is not moved', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  const wanted = await stage.promote('new');
  group.fake.before = ({ verb, resource }) => {
    const metadata = { annotations: { touched: String(group.fake.calls.length) } };
    if (verb === 'patch' && resource === 'services') {
      group.fake.objects.patch('Service', NAMESPACE, 'web', { metadata });
    }
    return undefined;
  };
  await refused(t, stage.do(wanted), /Service web was changed meanwhile/);
  t.equal(group.selected('web'), 'old');
});

t.test('EndpointSlices that do not follow are told of, and where traffic is', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  const wanted = await stage.promote('new');
  group.fake.before = ({ verb, resource }) => {
    if (verb === 'patch' && resource === 'services') group.controllers.isHeld = true;
    return undefined;
  };
  const error = await stage.do(wanted).catch((thrown: unknown) => thrown);
  t.ok(error instanceof Unfinished);
  t.match(String(error), /selector was moved, but not within 60s: Service web still routes to/);
});

t.test('what must not be switched is refused with a sentence', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  await refused(t, stage.promote('none'), /has no colour none: it has old and new/);
  await refused(t, stage.rollback(), /nobody knows which colour .* was live before/);
  const other = { services: ['other'], force: false };
  await refused(t, stage.promote('new', other), /Service other cannot be moved .* those .* web/);
  group.old('third', 2);
  group.select('preview', 'third');
  await refused(t, stage.promote('new'), /web on old|preview on third/);
  const named = await stage.promote('new', { services: ['web'], force: false });
  t.same(switchSentences(named), ['Service web: old to new']);
  const argo = { labels: { 'argocd.argoproj.io/instance': 'app' } };
  group.fake.objects.patch('Service', NAMESPACE, 'web', { metadata: argo });
  const web = { services: ['web'], force: false };
  await refused(t, stage.promote('new', web), /Argo CD.* app .*--force/);
  t.ok(await stage.promote('new', { ...web, force: true }));
});

t.test('a Service that would select nothing is not moved', async (t) => {
  const stage = await two(t);
  const { group } = stage;
  const spec = { selector: { tier: 'front' } };
  group.fake.objects.patch('Service', NAMESPACE, 'web', { spec });
  const template = { metadata: { labels: { tier: 'front' } } };
  group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-old`, { spec: { template } });
  const deed = stage.do(await stage.promote('new'));
  await refused(t, deed, /would select no pod of new: it asks for tier=front/);
  t.equal(group.selected('web'), 'old');
});

t.test('a dry run at the server moves nothing', async (t) => {
  const stage = await two(t);
  const before = stage.group.fake.objects.resourceVersion;
  await stage.do(await stage.promote('new'), true);
  t.equal(stage.group.fake.objects.resourceVersion, before);
  t.ok(stage.group.writes.includes('patch services/web'));
});

t.test('a fault at any call leaves traffic on one colour, and again finishes it', async (t) => {
  const faultAt = async (n: number): Promise<boolean> => {
    const stage = await two(t);
    const { group } = stage;
    const wanted = await stage.promote('new');
    let calls = 0;
    const fault = n % 2 === 0 ? status(403, 'Forbidden', 'no') : status(500, 'InternalError', 'no');
    group.fake.before = () => (++calls === n ? fault : undefined);
    await stage.do(wanted).catch(() => undefined);
    if (calls < n) return false;
    group.fake.before = () => undefined;
    t.ok(['old', 'new'].includes(group.selected('web') ?? ''), `call ${n}`);
    await stage.do(await stage.promote('new'));
    t.equal(group.selected('web'), 'new', `call ${n}`);
    t.equal(group.state('new').wasLive, true, `call ${n}`);
    return true;
  };
  let n = 1;
  while (await faultAt(n)) n++;
  t.ok(n > 20, `there were ${n} calls`);
});
