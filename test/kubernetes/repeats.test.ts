/**
 * What is asked again, after how long, and what never.
 */
import t from 'tap';
import { DEPLOYMENTS, PODS } from '../../src/kubernetes/api.js';
import { isUndecided } from '../../src/kubernetes/fault.js';
import { status } from '../peers/fake-calls.js';
import { faultOf, nameOf, putDeployment, start, wrong } from './fake-api.js';

const ONE_SECOND = { 'retry-after': '1' };

t.test('a read that goes wrong in passing is asked again, three times', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  const read = (): Promise<unknown> => api.list(PODS, { namespace: 'web' }, nameOf);
  for (const said of [
    status(429, 'TooManyRequests', 'slow down', ONE_SECOND),
    status(500, 'InternalError', 'etcd'),
    status(503, 'ServiceUnavailable', 'not yet'),
    { status: 502, body: '<html>' },
    'kill',
    'hang',
  ] as const) {
    const times = said === 'hang' ? 1 : 3;
    const first = fake.calls.length;
    fake.before = () => (fake.calls.length - first <= times ? wrong(here, said) : undefined);
    t.match(await read(), { items: [] });
    t.equal(fake.calls.length - first, times + 1);
    fake.before = () => wrong(here, said);
    t.equal((await faultOf(read())).passing, true);
  }
  const first = fake.calls.length;
  for (const refusal of [status(400, 'BadRequest', 'no'), status(401, 'Unauthorized', 'no')]) {
    fake.before = () => refusal;
    await faultOf(read());
  }
  fake.before = () => status(429, 'TooManyRequests', 'no', { 'retry-after': '60' });
  await faultOf(read());
  t.equal(fake.calls.length - first, 3, 'what would be the same, or takes too long, is not');
});

t.test('it waits as long as it is told to, and else longer each time', async (t) => {
  const { fake, api, clock } = await start(t);
  const waited = async (headers: Readonly<Record<string, string>>): Promise<number[]> => {
    clock.waits.length = 0;
    fake.before = () => status(503, 'x', 'y', headers);
    await faultOf(api.get(PODS, 'web', 'p'));
    return [...clock.waits];
  };
  t.same(await waited({}), [500, 1_000, 2_000]);
  t.same(await waited({ 'retry-after': '3' }), [3_000, 3_000, 3_000]);
  t.same(await waited({ 'retry-after': '7' }), [7_000, 7_000], 'not for long in all');
  t.same(await waited({ 'retry-after': 'soon' }), [500, 1_000, 2_000]);
});

t.test('what was written is not written again, unless it was not let in', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  putDeployment(here, 'a');
  const write = (): Promise<unknown> =>
    api.patch(DEPLOYMENTS, 'web', 'a', { spec: { replicas: 1 } });
  const isTriedOnce = async (): Promise<void> => {
    const first = fake.calls.length;
    const fault = await faultOf(write());
    t.ok(isUndecided(fault));
    t.match(fault.message, /; it may have been done all the same$/);
    t.equal(fake.calls.length - first, 1);
  };
  for (const said of [status(500, 'InternalError', 'etcd'), 'hang', 'kill'] as const) {
    fake.before = () => wrong(here, said);
    await isTriedOnce();
  }
  const dry = api.patch(DEPLOYMENTS, 'web', 'a', {}, { dryRun: true });
  t.match((await faultOf(dry)).message, /without an answer$/, 'what is only tried is not done');
  fake.before = () => undefined;
  fake.after = () => 'kill';
  await isTriedOnce();
  t.match(fake.objects.get('Deployment', 'web', 'a'), { spec: { replicas: 1 } });
  fake.after = () => undefined;
  const first = fake.calls.length;
  const busy = status(429, 'TooManyRequests', 'slow down', ONE_SECOND);
  fake.before = () => (fake.calls.length - first <= 2 ? busy : undefined);
  t.match(await write(), { spec: { replicas: 1 } });
  t.equal(fake.calls.length - first, 3);
});

t.test('what may be wrong a moment later is written once, and no more', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  putDeployment(here, 'a');
  fake.before = () => status(429, 'TooManyRequests', 'slow down', ONE_SECOND);
  const only = { uid: '1', resourceVersion: '1' };
  await faultOf(api.patch(DEPLOYMENTS, 'web', 'a', {}, { isOnce: true }));
  await faultOf(api.remove(DEPLOYMENTS, 'web', 'a', only, { isOnce: true }));
  t.equal(fake.calls.length, 2);
});
