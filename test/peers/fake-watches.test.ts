/**
 * Watches of the cluster in memory tell what the real one tells.
 */
import t, { type Test } from 'tap';
import { type FakeCluster, startFakeCluster } from './fake-cluster.js';
import { until } from './until.js';

interface Line {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
  };
}

interface Watching {
  readonly lines: Line[];
  /** Of the answer, or of what cut it. */
  readonly over: Promise<string>;
}

async function watch(t: Test, fake: FakeCluster, query: string): Promise<Watching> {
  const path = '/api/v1/namespaces/web/pods?watch=true&';
  const leaving = new AbortController();
  t.teardown(() => leaving.abort());
  const response = await fetch(fake.url + path + query, { signal: leaving.signal });
  const lines: Line[] = [];
  const read = async (): Promise<string> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      lines.push(...whole.map((line) => JSON.parse(line) as Line));
    }
    return 'ended';
  };
  return { lines, over: read().catch(() => 'cut') };
}

const told = ({ lines }: Watching): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

function put(
  fake: FakeCluster,
  name: string,
  labels: Record<string, string> = {},
  namespace = 'web',
): void {
  const uid = fake.objects.find('Pod', namespace, name)?.metadata.uid;
  const metadata = { ...(uid === undefined ? {} : { uid }), name, namespace, labels };
  fake.objects.put({ kind: 'Pod', metadata });
}

t.test('a watch tells of what was since, and of what comes', async (t) => {
  const fake = await startFakeCluster(t);
  put(fake, 'before');
  const { resourceVersion } = fake.objects;
  put(fake, 'a');
  const watched = await watch(t, fake, `resourceVersion=${resourceVersion}`);
  put(fake, 'a', { x: 'y' });
  put(fake, 'a', {}, 'other');
  fake.objects.put({ kind: 'Service', metadata: { name: 'a', namespace: 'web' } });
  fake.objects.put({ kind: 'Pod', metadata: { name: 'a', namespace: 'web' } });
  fake.objects.remove('Pod', 'web', 'a');
  const all = ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a'];
  await until(() => watched.lines.length === all.length, 'all is told');
  t.same(told(watched), all);
  t.equal(watched.lines.at(-1)?.object.metadata.resourceVersion, fake.objects.resourceVersion);
  fake.watches.end();
  t.equal(await watched.over, 'ended');
});

t.test('what stops matching is deleted for whoever watches by label', async (t) => {
  const fake = await startFakeCluster(t);
  fake.watches.pieceBytes = 7;
  const query = 'resourceVersion=1000&labelSelector=x%3Dy';
  const watched = await watch(t, fake, query);
  put(fake, 'a');
  put(fake, 'a', { x: 'y' });
  put(fake, 'a', { x: 'y', z: 'z' });
  put(fake, 'a', { x: 'z' });
  fake.objects.remove('Pod', 'web', 'a');
  await until(() => watched.lines.length === 3, 'all is told');
  t.same(told(watched), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  fake.watches.cut();
  t.equal(await watched.over, 'cut');
});

t.test('bookmarks are for those who ask, and what is too old is refused', async (t) => {
  const fake = await startFakeCluster(t);
  const one = await watch(t, fake, 'resourceVersion=1000&allowWatchBookmarks=true');
  const other = await watch(t, fake, 'resourceVersion=1000');
  put(fake, 'a');
  fake.watches.bookmark();
  await until(() => one.lines.length + other.lines.length === 3, 'they are told');
  t.same(told(one), ['ADDED a', 'BOOKMARK']);
  t.same(told(other), ['ADDED a']);
  fake.objects.forget();
  const late = await watch(t, fake, 'resourceVersion=1000');
  t.equal(await late.over, 'ended');
  t.match(late.lines, [{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  fake.watches.outdate();
  t.equal(await one.over, 'ended');
  t.equal(one.lines.at(-1)?.type, 'ERROR');
  const brief = await watch(t, fake, 'resourceVersion=&timeoutSeconds=0');
  t.equal(await brief.over, 'ended');
  t.same(told(brief), ['ADDED a'], 'from no version on, all that there is');
  fake.denied.add('watch pods');
  t.equal((await fetch(`${fake.url}/api/v1/pods?watch=1`)).status, 403);
});
