/**
 * Pods as the API server has them: what is read of each, and which Deployment's they are. What
 * their tidegates say is asked elsewhere.
 */
import {
  DELETION_COST_ANNOTATION,
  DRAIN_ANNOTATION,
  RAINBOW_DRAIN_ANNOTATION,
} from '../kubernetes/keys.js';
import type { Labels } from '../kubernetes/labels.js';
import type { PodFacts } from './contract.js';
import {
  type Fields,
  fieldsAt,
  listAt,
  metadataOf,
  momentAt,
  numberAt,
  type Owner,
  textAt,
} from './objects.js';

export interface Pod {
  readonly facts: Omit<PodFacts, 'answer' | 'isOwned'>;
  readonly labels: Labels;
  /** Where it answers; undefined as long as it has no address. */
  readonly address: string | undefined;
  /** All that it has, one of each family. */
  readonly addresses: readonly string[];
  /** Its tidegate's admin port. */
  readonly adminPort: number;
  /** The uid of the ReplicaSet, or whatever else it is of. */
  readonly owner: string | undefined;
}

/** Of the setting admin, where no container says otherwise. */
const ADMIN_PORT = 9180;
/** Of the container port; the charts name it so. */
const ADMIN_PORT_NAME = 'tidegate';
/** As the ReplicaSet controller reads it: no plus, no leading zeros, 32 bits. */
const COST = /^(?:0|-?[1-9]\d*)$/;
const COST_MAX = 2 ** 31 - 1;

/** Undefined if it has ended: nothing runs in it any more. */
export function readPod(object: unknown): Pod | undefined {
  const [spec, status] = [fieldsAt(object, 'spec'), fieldsAt(object, 'status')];
  const phase = textAt(status, 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  const { name, uid, createdMs, isDeleting, labels, annotations, controller } = metadataOf(object);
  const [address, adminPort] = [addressOf(status), adminPortOf(spec)];
  const ready = listAt(status, 'conditions').find(({ type }) => type === 'Ready');
  return {
    facts: {
      name,
      uid,
      createdMs,
      isReady: ready?.['status'] === 'True',
      readySinceMs: ready === undefined ? undefined : momentAt(ready, 'lastTransitionTime'),
      isTerminating: isDeleting,
      phase: phase === 'Running' || phase === 'Unknown' ? phase : 'Pending',
      neverStarted: phase === 'Pending' && !containersIn(status).some(hasRun),
      node: textAt(spec, 'nodeName'),
      restarts: restartsOf(status),
      deletionCost: costOf(annotations[DELETION_COST_ANNOTATION]),
      ...drainIn(annotations),
      admin: { address, port: adminPort },
    },
    labels,
    address,
    addresses: addressesOf(status),
    adminPort,
    owner: controller?.uid,
  };
}

function addressOf(status: Fields): string | undefined {
  const address = textAt(status, 'podIP');
  return address === '' ? undefined : address;
}

function addressesOf(status: Fields): readonly string[] {
  const all = listAt(status, 'podIPs').map((one) => textAt(one, 'ip'));
  return [textAt(status, 'podIP'), ...all].flatMap((one = '') => (one === '' ? [] : [one]));
}

function drainIn(annotations: Labels): Pick<PodFacts, 'drain' | 'isDrainOurs'> {
  const drain = annotations[DRAIN_ANNOTATION];
  const isDrainOurs = drain !== undefined && annotations[RAINBOW_DRAIN_ANNOTATION] !== undefined;
  return { drain, isDrainOurs };
}

/** Also those that run before the others, and those that somebody added. */
const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'];

function containersIn(status: Fields): readonly Fields[] {
  return STATUSES.flatMap((key) => listAt(status, key));
}

/** What only waits, and has done so from the beginning, has not. */
function hasRun(container: Fields): boolean {
  const { running, terminated } = fieldsAt(container, 'state');
  const before = Object.keys(fieldsAt(container, 'lastState')).length;
  const restarts = numberAt(container, 'restartCount') ?? 0;
  return running !== undefined || terminated !== undefined || before > 0 || restarts > 0;
}

/** Of the container that has started most often, as the ReplicaSet controller counts. */
function restartsOf(status: Fields): number {
  const counts = listAt(status, 'containerStatuses').map((one) => numberAt(one, 'restartCount'));
  return Math.max(0, ...counts.map((count) => count ?? 0));
}

function costOf(text = ''): number {
  const cost = COST.test(text) ? Number(text) : 0;
  return cost > COST_MAX || cost < -COST_MAX - 1 ? 0 : cost;
}

function adminPortOf(spec: Fields): number {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const ports = containers.flatMap((container) => listAt(container, 'ports'));
  const port = ports.find(({ name }) => name === ADMIN_PORT_NAME);
  return port === undefined ? ADMIN_PORT : (numberAt(port, 'containerPort') ?? ADMIN_PORT);
}

/** Of a ReplicaSet. */
export interface ReplicaSet {
  readonly uid: string;
  readonly name: string;
  /** Of its Deployment; undefined if it has none. */
  readonly owner: string | undefined;
  /** That Deployment, or whatever else keeps it: a Rollout. */
  readonly controller: Owner | undefined;
  readonly replicas: number;
}

export function readReplicaSet(object: unknown): ReplicaSet {
  const { uid, name, controller } = metadataOf(object);
  const owner = controller?.kind === 'Deployment' ? controller.uid : undefined;
  const replicas = numberAt(fieldsAt(object, 'spec'), 'replicas') ?? 1;
  return { uid, name, owner, controller, replicas };
}
