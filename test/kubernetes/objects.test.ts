/**
 * Objects by HTTP: which calls they are, in what pages, and what is said of each refusal.
 */
import t from 'tap';
import { AUTOSCALERS, DEPLOYMENTS, PODS, type Resource } from '../../src/kubernetes/api.js';
import {
  isAlreadyThere,
  isConflict,
  isForbidden,
  isNotFound,
  isUndecided,
} from '../../src/kubernetes/fault.js';
import { status } from '../peers/fake-calls.js';
import { faultOf, nameOf, putDeployment, start } from './fake-api.js';

t.test('a list is read page by page, in one namespace or all, on one connection', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  for (let at = 0; at < 600; at += 1) putDeployment(here, `d-${String(at).padStart(3, '0')}`);
  fake.objects.put({ kind: 'Deployment', metadata: { name: 'other', namespace: 'other' } });
  fake.now = () => Date.parse('2031-02-03T04:05:06Z');
  const { items, atMs } = await api.list(DEPLOYMENTS, { namespace: 'web' }, nameOf);
  t.equal(items.length, 600);
  t.equal(new Set(items).size, 600);
  t.equal(new Date(atMs).toISOString(), '2031-02-03T04:05:06.000Z', 'by the clock over there');
  t.same(
    fake.calls.map(({ query }) => query.get('limit')),
    ['250', '250', '250'],
  );
  const all = await api.list(DEPLOYMENTS, {}, nameOf);
  t.equal(all.items.length, 601);
  t.equal(fake.calls.at(-1)?.path.split('?')[0], '/apis/apps/v1/deployments');
  const labelSelector = 'app in (d-007, d-008),app!=d-007';
  const some = await api.list(DEPLOYMENTS, { namespace: 'web', labelSelector }, nameOf);
  t.same(some.items, ['d-008']);
  t.same((await api.list(PODS, { namespace: 'web' }, nameOf)).items, []);
  t.equal(fake.connections, 1);
});

t.test('a list that is too old to go on begins anew, once', async (t) => {
  const here = await start(t);
  for (let at = 0; at < 300; at += 1) putDeployment(here, `d-${at}`);
  here.fake.before = ({ query }) => {
    if (query.get('continue') !== null && here.fake.calls.length === 2) here.fake.expire();
    return undefined;
  };
  const { items } = await here.api.list(DEPLOYMENTS, { namespace: 'web' }, nameOf);
  t.equal(items.length, 300);
  t.equal(here.fake.calls.length, 4);
  here.fake.before = () => void here.fake.expire();
  t.match(await faultOf(here.api.list(DEPLOYMENTS, { namespace: 'web' }, nameOf)), {
    message: /answers 410 to list on deployments\.apps in namespace web: The provided continue/,
  });
});

t.test('250 pods of 20 KB are one page, and of larger ones pages become smaller', async (t) => {
  const { fake, api } = await start(t);
  const fill = (bytes: number): void => {
    for (let at = 0; at < 250; at += 1) {
      const metadata = { name: `p-${at}`, namespace: 'web' };
      fake.objects.put({ kind: 'Pod', metadata, status: { message: 'x'.repeat(bytes) } });
    }
  };
  fill(20_000);
  t.equal((await api.list(PODS, { namespace: 'web' }, nameOf)).items.length, 250);
  t.equal(fake.calls.length, 1);
  fill(100_000);
  const { items } = await api.list(PODS, { namespace: 'web' }, nameOf);
  t.equal(new Set(items).size, 250);
  t.same(
    fake.calls.slice(1).map(({ query }) => query.get('limit')),
    ['250', ...Array<string>(5).fill('50')],
  );
});

t.test('an object is read, made, changed and deleted', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  t.equal(await api.get(DEPLOYMENTS, 'web', 'a'), undefined);
  const made = { metadata: { name: 'a' }, spec: { replicas: 1 } };
  t.match(await api.create(DEPLOYMENTS, 'web', made, { dryRun: true }), made);
  t.equal(fake.objects.find('Deployment', 'web', 'a'), undefined, 'only tried');
  t.match(await api.create(DEPLOYMENTS, 'web', made), made);
  const { uid, resourceVersion } = fake.objects.get('Deployment', 'web', 'a').metadata;
  const merge = { metadata: { uid, resourceVersion }, spec: { replicas: 0 } };
  t.match(await api.patch(DEPLOYMENTS, 'web', 'a', merge, { dryRun: true }), merge);
  t.match(await api.get(DEPLOYMENTS, 'web', 'a'), made, 'only tried');
  t.match(await api.patch(DEPLOYMENTS, 'web', 'a', merge), { spec: { replicas: 0 } });
  const stale = { uid, resourceVersion };
  t.ok(isConflict(await faultOf(api.remove(DEPLOYMENTS, 'web', 'a', stale))));
  const now = fake.objects.get('Deployment', 'web', 'a').metadata;
  await api.remove(DEPLOYMENTS, 'web', 'a', now, { dryRun: true });
  t.ok(fake.objects.find('Deployment', 'web', 'a'), 'only tried');
  await api.remove(DEPLOYMENTS, 'web', 'a', now);
  t.equal(fake.objects.find('Deployment', 'web', 'a'), undefined);
  t.match(JSON.parse(fake.calls.at(-1)?.body ?? ''), {
    propagationPolicy: 'Background',
    preconditions: { uid, resourceVersion: now.resourceVersion },
  });
  t.equal(fake.calls.at(-1)?.query.size, 0);
  t.equal(fake.connections, 1);
});

t.test('each refusal is told from the others, and says what it is about', async (t) => {
  const here = await start(t);
  const { fake, api } = here;
  const { metadata } = putDeployment(here, 'a');
  const at = `the API server at 127.0.0.1:${fake.port}`;
  const again = await faultOf(api.create(DEPLOYMENTS, 'web', { metadata: { name: 'a' } }));
  t.ok(isAlreadyThere(again) && !isConflict(again));
  t.equal(
    again.message,
    `${at} answers 409 to create on deployments.apps in namespace web: deployments.apps "a" already exists`,
  );
  const other = { uid: 'x', resourceVersion: metadata.resourceVersion };
  const conflict = await faultOf(api.patch(DEPLOYMENTS, 'web', 'a', { metadata: other }));
  t.ok(isConflict(conflict) && !isUndecided(conflict));
  t.equal(conflict.message, 'a, deployments.apps in namespace web, is another one by now');
  const changed = { ...metadata, resourceVersion: '1' };
  const later = await faultOf(api.patch(DEPLOYMENTS, 'web', 'a', { metadata: changed }));
  t.ok(isConflict(later));
  t.match(later.message, `${at} answers 409 to patch of a, deployments.apps in namespace web: `);
  t.ok(isNotFound(await faultOf(api.remove(DEPLOYMENTS, 'web', 'b', other))));
  t.ok(isNotFound(await faultOf(api.patch(DEPLOYMENTS, 'web', 'b', {}))));
  const kind: Resource = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts' };
  const unknown = await faultOf(api.list(kind, { namespace: 'web' }, nameOf));
  t.notOk(isNotFound(unknown));
  t.equal(
    unknown.message,
    `${at} does not know rollouts.argoproj.io in namespace web (argoproj.io/v1alpha1)`,
  );
  t.equal((await faultOf(api.get(kind, 'web', 'a'))).message, unknown.message);
});

t.test('a right that is missing is named, and nothing else is taken for one', async (t) => {
  const { fake, api } = await start(t);
  const who = `the API server at 127.0.0.1:${fake.port} does not let jane do that: it takes the verb`;
  fake.denied.add('list horizontalpodautoscalers.autoscaling').add('patch pods').add('get pods');
  const said = async (call: Promise<unknown>): Promise<string> => {
    const fault = await faultOf(call);
    t.ok(isForbidden(fault));
    t.equal(fault.passing, false);
    return fault.message;
  };
  t.equal(
    await said(api.list(AUTOSCALERS, { namespace: 'web' }, nameOf)),
    `${who} list on horizontalpodautoscalers.autoscaling in namespace web`,
  );
  t.equal(
    await said(api.list(AUTOSCALERS, {}, nameOf)),
    `${who} list on horizontalpodautoscalers.autoscaling in all namespaces`,
  );
  t.equal(await said(api.patch(PODS, 'web', 'p', {})), `${who} patch on pods in namespace web`);
  t.equal(await said(api.get(PODS, 'web', 'p')), `${who} get on pods in namespace web`);
  const why = 'deployments.apps "a" is forbidden: exceeded quota: q';
  fake.before = () => status(403, 'Forbidden', why);
  t.match(
    await said(api.create(DEPLOYMENTS, 'web', {})),
    /answers 403 to create on .* exceeded quota/,
  );
});

t.test('what comes from something else than an API server is told', async (t) => {
  const { fake, api } = await start(t);
  const said = async (body: string | object): Promise<string> => {
    fake.before = () => ({ status: 200, body });
    return (await faultOf(api.list(PODS, { namespace: 'web' }, nameOf))).message;
  };
  const at = `the API server at 127.0.0.1:${fake.port}`;
  t.equal(await said('<html>'), `${at} answers with something else than JSON`);
  t.equal(await said([]), `${at} answers with something else than an object`);
  t.equal(await said({ kind: 'PodList' }), `${at} answers with a list without items`);
  fake.before = () => ({ status: 200, body: { items: [] }, headers: { date: 'today' } });
  const fault = await faultOf(api.list(PODS, { namespace: 'web' }, nameOf));
  t.equal(fault.message, `${at} answers with no Date, by which ages are counted`);
});

t.test('names stay names, whatever is in them', async (t) => {
  const { fake, api } = await start(t);
  await api.get(PODS, 'web', '../../nodes?x=#').catch(() => undefined);
  t.equal(fake.calls[0].path, '/api/v1/namespaces/web/pods/..%2F..%2Fnodes%3Fx%3D%23');
});
