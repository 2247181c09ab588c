/**
 * The cluster in memory does what the real one does, as far as anything here leans on it.
 */
import t, { type Test } from 'tap';
import { type Call, status } from './fake-calls.js';
import { type FakeCluster, startFakeCluster } from './fake-cluster.js';

const PATH = '/apis/apps/v1/namespaces/web/deployments';

interface Spoken {
  readonly status: number;
  readonly body: {
    readonly reason?: string;
    readonly message?: string;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly items?: readonly { readonly metadata: { readonly name: string } }[];
    readonly spec?: unknown;
  };
}

async function speak(
  fake: FakeCluster,
  method: string,
  path: string,
  body?: object,
): Promise<Spoken> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(fake.url + path, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Spoken['body'] };
}

const named = (name: string, labels = {}): { kind: string; metadata: { name: string } } => ({
  kind: 'Deployment',
  metadata: { name, ...{ namespace: 'web', labels } },
});

async function start(t: Test): Promise<FakeCluster> {
  const fake = await startFakeCluster(t);
  for (const name of ['a', 'b', 'c']) fake.objects.put(named(name, { app: name, all: 'yes' }));
  return fake;
}

const namesOf = ({ body }: Spoken): unknown => body.items?.map(({ metadata }) => metadata.name);

t.test('lists go by label and by page, and a page that is too old is refused', async (t) => {
  const fake = await start(t);
  fake.objects.put({ kind: 'Deployment', metadata: { name: 'a', namespace: 'other' } });
  t.same(namesOf(await speak(fake, 'GET', '/apis/apps/v1/deployments')), ['a', 'a', 'b', 'c']);
  const by = async (selector: string): Promise<unknown> =>
    namesOf(await speak(fake, 'GET', `${PATH}?labelSelector=${encodeURIComponent(selector)}`));
  t.same(await by('app=a'), ['a']);
  t.same(await by('app in (a, c),all'), ['a', 'c']);
  t.same(await by('app notin (a),all!=no'), ['b', 'c']);
  t.same(await by('!app'), []);
  const first = await speak(fake, 'GET', `${PATH}?limit=2`);
  t.same(namesOf(first), ['a', 'b']);
  t.equal(first.body.metadata['remainingItemCount'], 1);
  const next = `${PATH}?limit=2&continue=${String(first.body.metadata['continue'])}`;
  t.same(namesOf(await speak(fake, 'GET', next)), ['c']);
  fake.expire();
  t.match(await speak(fake, 'GET', next), { status: 410, body: { reason: 'Expired' } });
});

t.test('a patch and a delete are refused where the object is another one by now', async (t) => {
  const fake = await start(t);
  const { uid, resourceVersion } = fake.objects.get('Deployment', 'web', 'a').metadata;
  const patch = (metadata: object, query = ''): Promise<Spoken> =>
    speak(fake, 'PATCH', `${PATH}/a${query}`, { metadata, spec: { replicas: 2 } });
  t.match(await patch({ uid: 'x' }), { status: 422, body: { reason: 'Invalid' } });
  t.match(await patch({ resourceVersion }, '?dryRun=All'), { body: { spec: { replicas: 2 } } });
  t.equal(fake.objects.get('Deployment', 'web', 'a')['spec'], undefined);
  t.match(await patch({ uid, resourceVersion }), { status: 200, body: { spec: { replicas: 2 } } });
  t.match(await patch({ resourceVersion }), { status: 409 });
  const remove = (preconditions: object): Promise<Spoken> =>
    speak(fake, 'DELETE', `${PATH}/a`, { preconditions });
  t.match(await remove({ uid, resourceVersion }), { status: 409 });
  t.match(await remove({ uid: 'x' }), { status: 409 });
  fake.objects.put({
    kind: 'ReplicaSet',
    metadata: { name: 'a-1', namespace: 'web', ownerReferences: [{ kind: 'x', name: 'a', uid }] },
  });
  t.match(await remove({ uid }), { status: 200 });
  t.match(await speak(fake, 'GET', `${PATH}/a`), { status: 404, body: { reason: 'NotFound' } });
  t.equal(fake.objects.find('ReplicaSet', 'web', 'a-1'), undefined, 'what it owned goes with it');
});

t.test('a test may answer in its place, take rights away, and read what was asked', async (t) => {
  const fake = await start(t);
  fake.before = ({ verb }: Call) => (verb === 'create' ? status(503, 'x', 'y') : undefined);
  t.match(await speak(fake, 'POST', PATH, named('d')), { status: 503 });
  fake.before = () => undefined;
  t.match(await speak(fake, 'POST', PATH, named('a')), { body: { reason: 'AlreadyExists' } });
  t.match(await speak(fake, 'POST', PATH, named('d')), { status: 201 });
  fake.denied.add('list deployments.apps');
  t.match(await speak(fake, 'GET', PATH), {
    body: {
      message:
        'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" in the namespace "web"',
    },
  });
  fake.after = () => 'kill';
  await t.rejects(speak(fake, 'DELETE', `${PATH}/d`));
  t.equal(fake.objects.find('Deployment', 'web', 'd'), undefined, 'done, and nobody told');
  t.same(fake.asked, [
    ...['create', 'create', 'create', 'list', 'delete'].map((verb) => `${verb} deployments.apps`),
  ]);
});

t.test('pods answer through the proxy, and those that do not are refused there', async (t) => {
  const fake = await startFakeCluster(t);
  fake.objects.put({ kind: 'Pod', metadata: { name: 'p', namespace: 'web' } });
  const path = '/api/v1/namespaces/web/pods/p:9180/proxy/status?x=1';
  t.match(await speak(fake, 'GET', path), { status: 503, body: { message: /refused$/ } });
  fake.answering = ({ metadata }, at) => ({ status: 200, body: { name: metadata.name, at } });
  t.match((await speak(fake, 'GET', path)).body, { name: 'p', at: '/status?x=1' });
  t.match(await speak(fake, 'GET', path.replace('/p:', '/q:')), { status: 404 });
  t.equal(fake.asked.at(-1), 'get pods/proxy');
});
