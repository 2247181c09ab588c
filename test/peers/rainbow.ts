/**
 * Rainbow groups that are made up: a live colour, old ones, and pods that say what a test wants
 * them to. Every field has a plain value until a test gives another.
 */
import type {
  ColourFacts,
  DeploymentFacts,
  Facts,
  KnownAnswer,
  PodAnswer,
  PodFacts,
  ServiceFacts,
  State,
} from '../../src/rainbow/contract.js';
import { NO_STATE } from '../../src/rainbow/state.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** The moment at which all of them are looked at. */
export const NOW = Date.parse('2026-11-22T12:00:00Z');

const ANSWER: KnownAnswer = {
  known: true,
  safe: true,
  reason: undefined,
  phase: 'serving',
  active: 0,
  idle: 0,
  leases: 0,
  oldestSeconds: null,
};

export const SAFE: PodAnswer = ANSWER;
export const SILENT: PodAnswer = {
  known: false,
  reason: 'unreachable',
  words: 'does not answer within 5s',
};

export function busy(active: number, leases = 0): PodAnswer {
  return { ...ANSWER, safe: false, reason: 'active', active, leases };
}

/** One that is ready, says that it is safe, and is known by its name in everything. */
export function podOf(name: string, given: Partial<PodFacts> = {}): PodFacts {
  return {
    name,
    uid: `uid-${name}`,
    createdMs: NOW - 9 * HOUR,
    isReady: true,
    readySinceMs: NOW - 9 * HOUR,
    isTerminating: false,
    phase: 'Running',
    neverStarted: false,
    node: 'node',
    restarts: 0,
    deletionCost: 0,
    drain: undefined,
    isDrainOurs: false,
    isOwned: true,
    answer: SAFE,
    ...given,
  };
}

/** Pods with these answers: `p0`, `p1` and so on. */
export function podsOf(...answers: readonly PodAnswer[]): PodFacts[] {
  return answers.map((answer, at) => podOf(`p${at}`, { answer }));
}

export function colourOf(
  colour: string,
  pods: readonly PodFacts[],
  given: Partial<DeploymentFacts> = {},
): ColourFacts {
  const deployment: DeploymentFacts = {
    name: `web-${colour}`,
    uid: `uid-${colour}`,
    resourceVersion: '1',
    createdMs: NOW - 20 * HOUR,
    replicas: pods.length,
    isDeleting: false,
    isRollingOut: false,
    isPaused: false,
    state: NO_STATE,
    rivals: [],
    ...given,
  };
  return { colour, isOdd: false, deployment, pods };
}

/** One that was live and lost its traffic so long ago. */
export function oldState(lostForMs: number, given: Partial<State> = {}): State {
  return { wasLive: true, lostTrafficMs: NOW - lostForMs, peak: 0, samples: [], ...given };
}

export function serviceOf(
  name: string,
  selects: readonly string[],
  given: Partial<ServiceFacts> = {},
): ServiceFacts {
  return {
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    selector: {},
    colour: selects[0],
    selects,
    routesTo: selects,
    readyPods: [],
    isPaused: false,
    rivals: [],
    ...given,
  };
}

export function groupOf(
  colours: readonly ColourFacts[],
  services: readonly ServiceFacts[],
  given: Partial<Facts> = {},
): Facts {
  return {
    namespace: 'shop',
    group: 'web',
    nowMs: NOW,
    colours,
    services,
    oddities: [],
    ...given,
  };
}
