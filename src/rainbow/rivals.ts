/**
 * Who else would undo what is done to a Deployment or a Service, told by its labels, annotations
 * and owners, and by the autoscalers that aim at it. Helm alone is none: it acts when somebody
 * calls it.
 */
import type { Labels } from '../kubernetes/labels.js';
import type { Fight, Rival } from './contract.js';
import { fieldsAt, type Metadata, metadataOf, textAt } from './objects.js';

/** An autoscaler, and the Deployment it scales. */
export interface Autoscaler {
  readonly deployment: string;
  readonly rival: Rival;
}

type Part = 'Deployment' | 'Service';

const ALL: readonly Fight[] = ['shrink', 'zero', 'delete'];
/** Which of them there are to be had. */
const FIGHTS: Readonly<Record<Part, readonly Fight[]>> = { Deployment: ALL, Service: ['select'] };

const KEDA_LABEL = 'scaledobject.keda.sh/name';
const ROLLOUTS_ANNOTATION = 'argo-rollouts.argoproj.io/managed-by-rollouts';
const ROLLOUTS_KEY = 'rollouts-pod-template-hash';
const ARGO_CD_ANNOTATION = 'argocd.argoproj.io/tracking-id';
const ARGO_CD_LABEL = 'argocd.argoproj.io/instance';
/** How the names begin under which it writes. */
const ARGO_CD_WRITERS = ['argocd-'];
/** By default Argo CD marks with it what it keeps, up to its version 2; but so do Helm's charts. */
const INSTANCE_LABEL = 'app.kubernetes.io/instance';
/** Of a Kustomization and of a HelmRelease. */
const FLUX_TOOLKITS = ['kustomize.toolkit.fluxcd.io', 'helm.toolkit.fluxcd.io'];
const FLUX_WRITERS = ['kustomize-controller', 'helm-controller'];
const FLUX_PAUSE = 'kustomize.toolkit.fluxcd.io/reconcile';

/** Undefined if it scales something else. */
export function readAutoscaler(object: unknown): Autoscaler | undefined {
  const target = fieldsAt(object, 'spec', 'scaleTargetRef');
  const deployment = textAt(target, 'name');
  if (textAt(target, 'kind') !== 'Deployment' || deployment === undefined) return undefined;
  const { name, labels, controller } = metadataOf(object);
  const scaled =
    labels[KEDA_LABEL] ?? (controller?.kind === 'ScaledObject' ? controller.name : undefined);
  // At zero an autoscaler stands still; what made it from a ScaledObject does not.
  return scaled === undefined
    ? { deployment, rival: { kind: 'hpa', name, fights: ['shrink'] } }
    : { deployment, rival: { kind: 'keda', name: scaled, fights: ['shrink', 'zero'] } };
}

export function deploymentRivals(
  metadata: Metadata,
  autoscalers: readonly Autoscaler[],
): readonly Rival[] {
  const scaled = autoscalers.filter(({ deployment }) => deployment === metadata.name);
  return [...scaled.map(({ rival }) => rival), ...appliers(metadata, 'Deployment')];
}

export function serviceRivals(metadata: Metadata, selector: Labels): readonly Rival[] {
  const rollout =
    metadata.annotations[ROLLOUTS_ANNOTATION] ??
    (ROLLOUTS_KEY in selector ? metadata.name : undefined);
  const rollouts: readonly Rival[] =
    rollout === undefined ? [] : [{ kind: 'argo-rollouts', name: rollout, fights: ['select'] }];
  return [...rollouts, ...appliers(metadata, 'Service')];
}

/** Those who make the object what they want it to be. */
function appliers(metadata: Metadata, part: Part): readonly Rival[] {
  const found = [ownerRival(metadata, part), argoRival(metadata, part), fluxRival(metadata, part)];
  return found.filter((rival) => rival !== undefined);
}

function ownerRival({ controller }: Metadata, part: Part): Rival | undefined {
  if (controller === undefined) return undefined;
  const isRollout = controller.group === 'argoproj.io' && controller.kind === 'Rollout';
  return {
    kind: isRollout ? 'argo-rollouts' : 'owner',
    name: isRollout ? controller.name : `${controller.kind} ${controller.name}`,
    fights: FIGHTS[part],
  };
}

/** `APP:GROUP/KIND:NAMESPACE/NAME`; one that names another object was copied from it. */
function argoRival(metadata: Metadata, part: Part): Rival | undefined {
  const { annotations, labels, namespace, name } = metadata;
  const group = part === 'Deployment' ? 'apps' : '';
  const [own, tracking] = [
    `:${group}/${part}:${namespace}/${name}`,
    annotations[ARGO_CD_ANNOTATION],
  ];
  const tracked = tracking?.endsWith(own) === true ? tracking.slice(0, -own.length) : undefined;
  const app = tracked ?? labels[ARGO_CD_LABEL] ?? instanceOf(metadata, ARGO_CD_WRITERS);
  return app === undefined ? undefined : { kind: 'argo-cd', name: app, fights: FIGHTS[part] };
}

/** The label alone says nothing; who has written the object does not say for whom. */
function instanceOf({ labels, writers }: Metadata, of: readonly string[]): string | undefined {
  return writers.some((one) => of.some((start) => one.startsWith(start)))
    ? labels[INSTANCE_LABEL]
    : undefined;
}

function fluxRival(metadata: Metadata, part: Part): Rival | undefined {
  const { labels, annotations } = metadata;
  const toolkit = FLUX_TOOLKITS.find((one) => labels[`${one}/name`] !== undefined);
  const name =
    toolkit === undefined ? instanceOf(metadata, FLUX_WRITERS) : labels[`${toolkit}/name`];
  if (name === undefined) return undefined;
  const namespace = toolkit === undefined ? undefined : labels[`${toolkit}/namespace`];
  // Told to let the object be, it still makes one anew that is gone.
  const isPaused = (annotations[FLUX_PAUSE] ?? labels[FLUX_PAUSE]) === 'disabled';
  const fights = FIGHTS[part].filter((fight) => !isPaused || fight === 'delete');
  if (fights.length === 0) return undefined;
  return { kind: 'flux', name: namespace === undefined ? name : `${namespace}/${name}`, fights };
}
