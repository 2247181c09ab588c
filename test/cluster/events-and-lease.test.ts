/**
 * One of several leads, and what happens is seen on its object, at a real API server: with the rights
 * that are said to be enough, and as kubectl shows it to people.
 */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { bundleOf } from '../peers/load/bundle.js';
import { run } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { type Cluster, environment, testOnCluster } from './cluster.js';
import type { LeaseStory } from './lease-story.js';
import { Namespace } from './namespace.js';
import { accountWith } from './outside.js';

const STORY_MS_MAX = 90_000;
const PROGRAM = fileURLToPath(new URL('lease-story.ts', import.meta.url));
const RBAC = 'rbac.authorization.k8s.io';
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

testOnCluster('one leads, the next one takes over, and both are heard once', async (t, cluster) => {
  const namespace = await Namespace.create(t, cluster);
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [CONTAINER] } };
  const spec = { replicas: 0, selector: { matchLabels: { app: 'web' } }, template };
  await namespace.apply({ kind: 'Deployment', metadata: { name: 'web' }, spec });
  const story = await told(t, cluster, namespace);
  t.comment(`death to next ${story.deathToNextMs} ms, release ${story.releaseToNextMs} ms`);
  t.ok(story.deathToNextMs < 20_000, 'a leader that dies is followed within 20 s');
  t.ok(story.releaseToNextMs < 3_000, 'one that goes, within 3 s');
  t.match(story.leases, [
    { holderIdentity: 'first', acquireTime: MICRO_TIME, renewTime: MICRO_TIME },
    { leaseTransitions: 1, leaseDurationSeconds: 1 },
    { holderIdentity: 'third', leaseTransitions: 2, leaseDurationSeconds: 12 },
  ]);
  t.notOk((story.leases[1] as { readonly holderIdentity?: string }).holderIdentity);
  const known = Array<string>(10).fill('known');
  t.same(story.told, {
    first: [...Array<string>(10).fill('made'), 'counted'],
    second: [...known, 'counted'],
    gone: ['gone', 'gone'],
  });
  const account = `system:serviceaccount:${namespace.name}:stranger`;
  t.match(story.refused, [`does not let ${account} do that: it takes the verb get on leases`]);
  t.equal(story.refused.length, 1, 'said once');
  await isShown(t, namespace);
});

const CONTAINER = { name: 'app', image: 'none' };

/** Runs the story, beside a namespace that is about to be gone. */
async function told(t: Test, cluster: Cluster, namespace: Namespace): Promise<LeaseStory> {
  const ending = await endless(t, cluster);
  const account = await accountWith(t, namespace, 'teller', ['create', 'patch'], 'events');
  const metadata = { name: 'leader', namespace: namespace.name };
  const verbs = ['get', 'create', 'patch'];
  const rules = [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }];
  const subject = { kind: 'ServiceAccount', name: 'teller', namespace: namespace.name };
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: 'leader' };
  const apiVersion = `${RBAC}/v1`;
  await namespace.apply(
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, subjects: [subject], roleRef },
  );
  const stranger = await accountWith(t, namespace, 'stranger', []);
  const program = [NODE, await bundleOf(PROGRAM), namespace.name, ending, account, stranger];
  const [first, ...args] = cluster.reaching(...(program as [string, ...string[]]));
  const ran = await run(first, args, { env: environment(), timeoutMs: STORY_MS_MAX });
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as LeaseStory;
}

/** A namespace that is being terminated until the test is over. */
async function endless(t: Test, cluster: Cluster): Promise<string> {
  const namespace = await Namespace.create(t, cluster);
  const finalizers = ['tidegate.dev/test'];
  await namespace.apply({ kind: 'ConfigMap', metadata: { name: 'held', finalizers } });
  const patch = JSON.stringify({ metadata: { finalizers: null } });
  t.teardown(() => namespace.kubectl(['patch', 'configmap', 'held', '--type=merge', '-p', patch]));
  await namespace.kubectl(['delete', 'namespace', namespace.name, '--wait=false']);
  return namespace.name;
}

/** What people see of it. */
async function isShown(t: Test, namespace: Namespace): Promise<void> {
  const shown = await namespace.kubectl(['describe', 'deployment', 'web']);
  const events = shown.slice(shown.indexOf('Events:')).split('\n');
  const ours = events.filter((line) => /\bNormal +Drained .* tidegate-controller /.test(line));
  t.equal(ours.length, 11, shown);
  t.match(ours.join('\n'), /\(x4 over .*\) +tidegate-controller +\(combined from similar events\)/);
  const counted = ours.find((line) => line.includes('combined'));
  t.match(counted, /pod web-13 drained/, 'the last of them');
  const names = ['get', 'events', '-o', 'jsonpath={.items[*].involvedObject.uid}'];
  const uid = ['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.uid}'];
  const about = new Set((await namespace.kubectl(names)).split(' '));
  t.ok(about.has(await namespace.kubectl(uid)));
}
