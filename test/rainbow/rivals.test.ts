/**
 * Who would undo what is done: told by the marks that each leaves, and not by those that were copied
 * from another object.
 */
import t from 'tap';
import type { Rival } from '../../src/rainbow/contract.js';
import { metadataOf } from '../../src/rainbow/objects.js';
import {
  type Autoscaler,
  deploymentRivals,
  readAutoscaler,
  serviceRivals,
} from '../../src/rainbow/rivals.js';

const NAMED = { name: 'shop-aaa', namespace: 'web', uid: 'u', resourceVersion: '1' };
const ALL = ['shrink', 'zero', 'delete'];

function ofDeployment(more: object, autoscalers: readonly Autoscaler[] = []): readonly Rival[] {
  return deploymentRivals(metadataOf({ metadata: { ...NAMED, ...more } }), autoscalers);
}

function ofService(
  more: object,
  selector: Readonly<Record<string, string>> = {},
): readonly Rival[] {
  return serviceRivals(metadataOf({ metadata: { ...NAMED, name: 'shop', ...more } }), selector);
}

function autoscaler(more: object = {}, target: object = {}): Autoscaler | undefined {
  return readAutoscaler({
    metadata: { ...NAMED, name: 'scaler', ...more },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop-aaa', ...target },
    },
  });
}

t.test('an autoscaler fights over replicas, and stands still at none', (t) => {
  const scaler = autoscaler() as Autoscaler;
  const hpa = { kind: 'hpa', name: 'scaler', fights: ['shrink'] };
  t.same(ofDeployment({}, [scaler]), [hpa]);
  t.same(ofDeployment({ name: 'shop-bbb' }, [scaler]), []);
  t.equal(autoscaler({}, { kind: 'StatefulSet' }), undefined);
  t.end();
});

t.test('one that KEDA has made starts from none, too', (t) => {
  const keda = { kind: 'keda', name: 'queue', fights: ['shrink', 'zero'] };
  const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'queue', uid: 'k' };
  for (const more of [
    { labels: { 'scaledobject.keda.sh/name': 'queue' } },
    { ownerReferences: [{ ...owner, controller: true }] },
  ]) {
    t.same(ofDeployment({}, [autoscaler(more) as Autoscaler]), [keda]);
  }
  t.end();
});

t.test('Argo CD is known by the annotation that names this very object, or by its label', (t) => {
  const tracked = (id: string): object => ({
    annotations: { 'argocd.argoproj.io/tracking-id': id },
  });
  const argo = { kind: 'argo-cd', name: 'store', fights: ALL };
  t.same(ofDeployment(tracked('store:apps/Deployment:web/shop-aaa')), [argo]);
  t.same(ofDeployment(tracked('store:apps/Deployment:web/shop-bbb')), []);
  t.same(ofDeployment({ labels: { 'argocd.argoproj.io/instance': 'store' } }), [argo]);
  t.same(ofService(tracked('store:/Service:web/shop')), [{ ...argo, fights: ['select'] }]);
  t.same(ofService(tracked('store:/Service:web/blog')), []);
  t.end();
});

t.test('whoever marks with a label that others use is known by what it has written', (t) => {
  const labels = { 'app.kubernetes.io/instance': 'store' };
  const written = (...managers: readonly string[]): object => ({
    labels,
    managedFields: managers.map((manager) => ({ manager, operation: 'Update' })),
  });
  const argo = { kind: 'argo-cd', name: 'store', fights: ALL };
  t.same(ofDeployment(written('kubectl-scale', 'argocd-controller')), [argo]);
  t.same(ofDeployment(written('argocd-application-controller')), [argo]);
  t.same(ofService(written('argocd-controller')), [{ ...argo, fights: ['select'] }]);
  t.same(ofDeployment(written('helm-controller')), [{ ...argo, kind: 'flux' }]);
  t.same(ofDeployment(written('helm', 'kubectl-edit')), []);
  t.same(ofDeployment({ ...written('argocd-controller'), labels: {} }), []);
  t.end();
});

t.test('Flux is known by its labels, and told to let be it only makes anew', (t) => {
  const labels = {
    'kustomize.toolkit.fluxcd.io/name': 'apps',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  };
  const flux = { kind: 'flux', name: 'flux-system/apps', fights: ALL };
  t.same(ofDeployment({ labels }), [flux]);
  t.same(ofService({ labels }), [{ ...flux, fights: ['select'] }]);
  t.same(ofDeployment({ labels: { 'helm.toolkit.fluxcd.io/name': 'apps' } }), [
    { ...flux, name: 'apps' },
  ]);
  const annotations = { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' };
  t.same(ofDeployment({ labels, annotations }), [{ ...flux, fights: ['delete'] }]);
  t.same(ofService({ labels, annotations }), []);
  t.end();
});

t.test('a controller that owns it keeps it as it is', (t) => {
  const owner = { apiVersion: 'example.org/v1', kind: 'Shop', name: 'main', uid: 'o' };
  const owned = (more: object): object => ({ ownerReferences: [{ ...owner, ...more }] });
  const found = { kind: 'owner', name: 'Shop main', fights: ALL };
  t.same(ofDeployment(owned({ controller: true })), [found]);
  t.same(ofDeployment(owned({})), []);
  t.same(ofService(owned({ controller: true })), [{ ...found, fights: ['select'] }]);
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', controller: true };
  t.same(ofDeployment(owned(rollout)), [{ kind: 'argo-rollouts', name: 'main', fights: ALL }]);
  t.end();
});

t.test('a Service that Argo Rollouts moves is known by its mark and by its selector', (t) => {
  const annotations = { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'store' };
  const rollouts = { kind: 'argo-rollouts', name: 'store', fights: ['select'] };
  t.same(ofService({ annotations }), [rollouts]);
  t.same(ofService({}, { 'rollouts-pod-template-hash': 'abc' }), [{ ...rollouts, name: 'shop' }]);
  t.end();
});

t.test('Helm is no rival', (t) => {
  const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'shop' };
  const annotations = { 'meta.helm.sh/release-name': 'shop' };
  t.same(ofDeployment({ labels, annotations }), []);
  t.same(ofService({ labels, annotations }), []);
  t.end();
});
