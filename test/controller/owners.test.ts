/** On which object a pod's end is told: the one that people know it by. */
import t from 'tap';
import { type FindReplicaSet, Owners } from '../../src/controller/owners.js';
import type { Owner } from '../../src/rainbow/objects.js';
import { REPLICA_SET, watchedPod } from '../peers/watched-pods.js';

const WEB: Owner = { group: 'apps', version: 'v1', kind: 'Deployment', name: 'web', uid: 'd' };

function ownerOf(owner: Owner | undefined, find: FindReplicaSet = () => undefined): object {
  return new Owners(find).of(watchedPod({ owner }));
}

t.test("a Deployment's pod is told of on the Deployment", (t) => {
  t.same(
    ownerOf(REPLICA_SET, (uid) => (uid === 'set' ? { controller: WEB } : undefined)),
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'd' },
  );
  t.end();
});

t.test('whoever else keeps the ReplicaSet is as good', (t) => {
  const rollout = { ...WEB, group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout' };
  t.match(
    ownerOf(REPLICA_SET, () => ({ controller: rollout })),
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web' },
  );
  t.end();
});

t.test('a ReplicaSet that is not known, or nobody keeps, is told of itself', (t) => {
  const set = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', uid: 'set' };
  t.same(ownerOf(REPLICA_SET), { ...set, name: 'web-7d4b9' });
  t.match(
    ownerOf(REPLICA_SET, () => ({ controller: undefined })),
    set,
  );
  t.end();
});

t.test('another owner is told of itself, and a pod that has none, too', (t) => {
  for (const kind of ['StatefulSet', 'DaemonSet', 'Job']) {
    t.match(ownerOf({ ...WEB, kind }), { kind, name: 'web', uid: 'd' });
  }
  t.match(ownerOf({ ...WEB, group: '', version: 'v1', kind: 'Node' }), { apiVersion: 'v1' });
  t.same(ownerOf(undefined), {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-7d4b9-x2x7q',
    uid: 'u',
  });
  t.end();
});

t.test('what was known of a ReplicaSet outlives it, for as many as there may be', (t) => {
  let isThere = true;
  const owners = new Owners(() => (isThere ? { controller: WEB } : undefined));
  const kindFor = (uid: string): string =>
    owners.of(watchedPod({ owner: { ...REPLICA_SET, uid } })).kind;
  kindFor('set');
  isThere = false;
  t.equal(kindFor('set'), 'Deployment');
  t.equal(kindFor('other'), 'ReplicaSet');
  isThere = true;
  for (let at = 0; at < 5_000; at++) kindFor(`set${at}`);
  isThere = false;
  t.same([kindFor('set'), kindFor('set0')], ['ReplicaSet', 'Deployment']);
  t.end();
});
