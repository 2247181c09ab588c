/**
 * How fields of an object are read that somebody else wrote: what has another form counts as not
 * there, and what has no name is no object.
 */
import t from 'tap';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import {
  fieldsAt,
  labelsAt,
  listAt,
  metadataOf,
  momentAt,
  numberAt,
  textAt,
  textsAt,
} from '../../src/rainbow/objects.js';

const NAMED = { name: 'a', uid: 'u', resourceVersion: '1' };

t.test('what has another form is not there', (t) => {
  for (const odd of [undefined, null, 7, 'text', ['list']]) {
    t.same(fieldsAt({ spec: odd }, 'spec', 'template'), {});
    t.same(labelsAt({ labels: odd }, 'labels'), {});
  }
  t.equal(textAt({ a: 1 }, 'a'), undefined);
  t.equal(numberAt({ a: '1' }, 'a'), undefined);
  t.same(listAt({ a: [{ b: 1 }, null, 'c'] }, 'a'), [{ b: 1 }]);
  t.same(listAt({ a: null }, 'a'), []);
  t.same(textsAt({ a: ['b', 1, null] }, 'a'), ['b']);
  t.same(labelsAt({ a: { b: 'c', d: 1 } }, 'a'), { b: 'c' });
  t.equal(momentAt({ a: 'soon' }, 'a'), undefined);
  t.equal(momentAt({ a: '2026-01-01T00:00:00Z' }, 'a'), Date.UTC(2026, 0, 1));
  t.end();
});

t.test('an object has a name, a uid and a version', (t) => {
  t.match(metadataOf({ metadata: NAMED }), { ...NAMED, labels: {}, isDeleting: false });
  for (const key of Object.keys(NAMED)) {
    const metadata = { ...NAMED, [key]: undefined };
    t.throws(
      () => metadataOf({ metadata }),
      new KubernetesError(`the API server answers with an object without metadata.${key}`),
    );
  }
  t.end();
});

t.test('of several owners the one that controls it is meant', (t) => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'x' };
  const node = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'y', controller: true };
  const of = (...ownerReferences: readonly object[]): unknown =>
    metadataOf({ metadata: { ...NAMED, ownerReferences } }).controller;
  t.equal(of(owner), undefined);
  t.same(of(owner, node), { group: '', version: 'v1', kind: 'Node', name: 'n', uid: 'y' });
  const set = { group: 'apps', version: 'v1', kind: 'ReplicaSet' };
  t.match(of({ ...owner, controller: true }), set);
  t.end();
});
