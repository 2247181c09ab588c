/**
 * The words of this room: what is known of a pod, what is marked on it, what has happened, and how
 * the parts speak of it. Data and interfaces alone, so that the parts need not know one another.
 */
import type { Labels } from '../kubernetes/labels.js';
import type { PodAnswer } from '../rainbow/contract.js';
import type { Owner } from '../rainbow/objects.js';
import type { Pod } from '../rainbow/pods.js';

export type { Regarding } from '../kubernetes/events.js';

/** A pod that has a tidegate, as the API server has it. */
export interface WatchedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  /** As the room rainbow reads it; undefined once it has ended. */
  readonly pod: Pod | undefined;
  /** The one that controls it: a ReplicaSet, a StatefulSet, ... */
  readonly owner: Owner | undefined;
  readonly isTerminating: boolean;
  /** What its containers request of their node; a limit where there is no request. */
  readonly memoryBytes: number;
  readonly marks: Marks;
  /** Its tidegate's container; undefined if nothing is told of it yet. */
  readonly sidecar: SidecarState | undefined;
}

/** What stands on a pod of what the controller may write; undefined where there is nothing. */
export interface Marks {
  /** Label tidegate.dev/safe-to-delete. */
  readonly safe: string | undefined;
  /** Annotation tidegate.dev/verdict. */
  readonly verdict: string | undefined;
  /** controller.kubernetes.io/pod-deletion-cost. */
  readonly cost: string | undefined;
  /** cluster-autoscaler.kubernetes.io/safe-to-evict. */
  readonly evict: string | undefined;
}

export interface SidecarState {
  readonly container: string;
  readonly isRunning: boolean;
  readonly restarts: number;
  /** How it ended, if it has and is not started again. */
  readonly ended: SidecarEnd | undefined;
  /** How it ended before it was started again. */
  readonly endedBefore: SidecarEnd | undefined;
}

export interface SidecarEnd {
  readonly exitCode: number;
  /** The kubelet's word: `Completed`, `Error`, `OOMKilled`. */
  readonly reason: string;
  /** Its termination message. */
  readonly message: string;
  readonly containerId: string;
  readonly finishedMs: number | undefined;
}

/** What a pod said when it was asked last. */
export interface Looked {
  readonly answer: PodAnswer;
  /** The clock's `now()`. */
  readonly atMs: number;
}

/** Of the pods' work: from nothing at all to very much. */
export const LEVELS = ['idle', 'few', 'some', 'many', 'crowd'] as const;
export type Level = (typeof LEVELS)[number];

/** Whether this replica may change anything at this moment: it leads, and is no dry run. */
export type May = () => boolean;

export const ACTIONS = ['mark', 'restore', 'shrink', 'drain', 'zero', 'delete', 'event'] as const;
export type ActionName = (typeof ACTIONS)[number];
/** `planned`: a dry run would have done it. */
export const RESULTS = ['done', 'planned', 'stopped', 'failed'] as const;
export type ActionResult = (typeof RESULTS)[number];

/** `silent`: it is gone, and nobody has seen its tidegate say goodbye. */
export const GOODBYES = ['drained', 'cut', 'silent'] as const;
export type Goodbye = (typeof GOODBYES)[number];

/** How a colour stands, for the metrics; each has exactly one. */
export const COLOUR_STATES = [
  'live',
  'waiting', // not promoted yet
  'kept',
  'burning', // old, with work in it or too young
  'drained', // every pod is safe
  'zero',
  'held', // paused, odd, or a rival stands against what is due
] as const;
export type ColourState = (typeof COLOUR_STATES)[number];
