/**
 * A pod that has a tidegate, as the API server has it: read once for each version of it, and
 * nothing of the object is kept beyond what this room asks for, since there are thousands.
 */
import {
  DELETION_COST_ANNOTATION,
  SAFE_TO_DELETE_LABEL,
  SAFE_TO_EVICT_ANNOTATION,
  VERDICT_ANNOTATION,
} from '../kubernetes/keys.js';
import {
  type Fields,
  fieldsAt,
  listAt,
  metadataOf,
  momentAt,
  numberAt,
  textAt,
} from '../rainbow/objects.js';
import { readPod } from '../rainbow/pods.js';
import type { SidecarEnd, SidecarState, WatchedPod } from './contract.js';
import { memoryOf } from './memory.js';

/** Of the container port, and of the container: the charts name both so. */
const SIDECAR_NAME = 'tidegate';

/** Throws a KubernetesError if that is no object. */
export function readWatchedPod(object: unknown): WatchedPod {
  const [spec, status] = [fieldsAt(object, 'spec'), fieldsAt(object, 'status')];
  const { namespace, name, uid, isDeleting, annotations, controller, ...own } = metadataOf(object);
  const pod = readPod(object);
  // Twice the same text, and kept once.
  const labels = pod?.labels ?? own.labels;
  return {
    namespace,
    name,
    uid,
    labels,
    pod,
    owner: controller,
    isTerminating: isDeleting,
    memoryBytes: memoryOf(spec),
    marks: {
      safe: labels[SAFE_TO_DELETE_LABEL],
      verdict: annotations[VERDICT_ANNOTATION],
      cost: annotations[DELETION_COST_ANNOTATION],
      evict: annotations[SAFE_TO_EVICT_ANNOTATION],
    },
    sidecar: sidecarIn(spec, status),
  };
}

/** Whether there is anybody in this pod who can be asked. */
export function hasTidegate(object: unknown): boolean {
  return containerIn(fieldsAt(object, 'spec')) !== undefined;
}

/** As a container beside the app's, or as a native sidecar among those that run before it. */
function sidecarIn(spec: Fields, status: Fields): SidecarState | undefined {
  const container = containerIn(spec);
  if (container === undefined) return undefined;
  const told = [...listAt(status, 'containerStatuses'), ...listAt(status, 'initContainerStatuses')];
  const own = told.find(({ name }) => name === container);
  return own === undefined ? undefined : stateOf(container, own);
}

/** Its name; undefined if there is none. */
function containerIn(spec: Fields): string | undefined {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const found =
    containers.find((one) => listAt(one, 'ports').some(({ name }) => name === SIDECAR_NAME)) ??
    containers.find(({ name }) => name === SIDECAR_NAME);
  return found === undefined ? undefined : textAt(found, 'name');
}

function stateOf(container: string, status: Fields): SidecarState {
  const state = fieldsAt(status, 'state');
  return {
    container,
    isRunning: state['running'] !== undefined,
    restarts: numberAt(status, 'restartCount') ?? 0,
    ended: endIn(state),
    endedBefore: endIn(fieldsAt(status, 'lastState')),
  };
}

function endIn(state: Fields): SidecarEnd | undefined {
  if (state['terminated'] === undefined) return undefined;
  const terminated = fieldsAt(state, 'terminated');
  return {
    exitCode: numberAt(terminated, 'exitCode') ?? 0,
    reason: textAt(terminated, 'reason') ?? '',
    message: textAt(terminated, 'message') ?? '',
    containerId: textAt(terminated, 'containerID') ?? '',
    finishedMs: momentAt(terminated, 'finishedAt'),
  };
}
