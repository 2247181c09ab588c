/**
 * The words of this room: what is known of a rainbow group, what is wanted, and what is to be done
 * about it, and why. Data alone, so that facts, plan and sweep need not know one another. Moments
 * are the API server's time of day in milliseconds.
 */
import type { SafeToDelete, Status } from '../admin/contract.js';

/** Everything that is known of a group at one moment. */
export interface Facts {
  readonly namespace: string;
  readonly group: string;
  /** By the API server's clock: whoever runs this may have a wrong one. */
  readonly nowMs: number;
  /** The oldest first. */
  readonly colours: readonly ColourFacts[];
  /** Those of the namespace that select, route to or could be moved to a colour of this group. */
  readonly services: readonly ServiceFacts[];
  /** What does not fit together, as sentences: nothing is done while there is one. */
  readonly oddities: readonly string[];
}

/**
 * Gathers a group's facts anew. Of the pods only those of these colours are asked, of all if none are
 * named.
 */
export type Look = (colours?: readonly string[]) => Promise<Facts>;

/** A Service, and what it has to do with the group's colours. */
export interface ServiceFacts {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly selector: Readonly<Record<string, string>>;
  /** What its selector asks of the colour label; undefined: nothing, so that it cannot be moved. */
  readonly colour: string | undefined;
  /** The colours whose template or pods its selector matches. */
  readonly selects: readonly string[];
  /** The colours whose pods its EndpointSlices name, those that terminate left out. */
  readonly routesTo: readonly string[];
  /** Names of the pods that its EndpointSlices call ready. */
  readonly readyPods: readonly string[];
  /** Its annotation tidegate.dev/rainbow-pause: nothing is taken from any colour of the group. */
  readonly isPaused: boolean;
  readonly rivals: readonly Rival[];
}

/** One Deployment of the group. */
export interface ColourFacts {
  readonly colour: string;
  /** An oddity is about it: not even what it had is given back. */
  readonly isOdd: boolean;
  readonly deployment: DeploymentFacts;
  /** Those that have not ended, also where they terminate. */
  readonly pods: readonly PodFacts[];
}

export interface DeploymentFacts {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdMs: number;
  /** As wanted (spec.replicas). */
  readonly replicas: number;
  readonly isDeleting: boolean;
  /** Its controller has not caught up, or pods of more than one ReplicaSet are there. */
  readonly isRollingOut: boolean;
  /** Its annotation tidegate.dev/rainbow-pause: nothing is taken from this colour. */
  readonly isPaused: boolean;
  readonly state: State;
  readonly rivals: readonly Rival[];
}

/** What else would undo what is done: it scales, selects, or makes anew what was deleted. */
export interface Rival {
  readonly kind: 'hpa' | 'keda' | 'argo-rollouts' | 'argo-cd' | 'flux' | 'owner';
  /** Its own name, for people. */
  readonly name: string;
  readonly fights: readonly Fight[];
}

/** `shrink`: another count of replicas; `zero`: none of them; `select`: a Service's selector. */
export type Fight = 'shrink' | 'zero' | 'delete' | 'select';

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly createdMs: number;
  readonly isReady: boolean;
  /** When it became ready, or not; undefined if it never was anything. */
  readonly readySinceMs: number | undefined;
  readonly isTerminating: boolean;
  readonly phase: 'Pending' | 'Running' | 'Unknown';
  /** None of its containers has ever run, and nobody has answered in its place. */
  readonly neverStarted: boolean;
  readonly node: string | undefined;
  readonly restarts: number;
  /** controller.kubernetes.io/pod-deletion-cost; 0 if it has none. */
  readonly deletionCost: number;
  /** tidegate.dev/drain as it stands; undefined if it has none. */
  readonly drain: string | undefined;
  /** It is asked to drain, and by this room: its mark stands beside. */
  readonly isDrainOurs: boolean;
  /** A ReplicaSet of its colour's Deployment owns it; else somebody else made it. */
  readonly isOwned: boolean;
  /** Where its tidegate is to be asked for more; undefined where nobody needs it. */
  readonly admin?: { readonly address: string | undefined; readonly port: number };
  readonly answer: PodAnswer;
}

/** What its sidecar says of it, or why that is not known. */
export type PodAnswer = KnownAnswer | UnknownAnswer;

export interface KnownAnswer {
  readonly known: true;
  /** Each time it was asked. */
  readonly safe: boolean;
  readonly reason: SafeToDelete['reason'];
  readonly phase: Status['phase'];
  readonly active: number;
  readonly idle: number;
  readonly leases: number;
  /** Of what is open; null if nothing is. */
  readonly oldestSeconds: number | null;
}

/** Nothing of this is safe. */
export interface UnknownAnswer {
  readonly known: false;
  readonly reason: UnknownReason;
  /** What was seen, behind the pod's name: `does not answer within 5s`. */
  readonly words: string;
}

/** `not-asked`: nobody wanted to know. */
export const UNKNOWN_REASONS = [
  'unreachable',
  'unready',
  'stale',
  'unparsable',
  'not-asked',
] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/**
 * What is remembered between runs, in an annotation of the Deployment (state.ts). One that is not
 * there is not set: nothing is ever undefined in it.
 */
export interface State {
  /** Since when a Service has selected it; undefined while none does. */
  readonly liveSinceMs?: number;
  /** It has been live at some time. */
  readonly wasLive: boolean;
  readonly lostTrafficMs?: number;
  /** Somebody began to give it traffic again; whether it ever came to that is another matter. */
  readonly claimedMs?: number;
  /** The most that was at work in it, live or old, when somebody looked. */
  readonly peak: number;
  readonly lightlyUsedSinceMs?: number;
  /** When pods of it were last asked to. */
  readonly drainAskedMs?: number;
  readonly drainedSinceMs?: number;
  readonly scaledToZeroMs?: number;
  /** What it had before it was shrunk. */
  readonly replicas?: number;
  /** What it had when a Service selected it last. */
  readonly liveReplicas?: number;
  /** What was at work since it lost traffic; the oldest first, a bounded number. */
  readonly samples: readonly Sample[];
}

/** What was at work from a moment on: until the next sample nothing else was seen. */
export interface Sample {
  readonly atMs: number;
  readonly active: number;
}

/** What is wanted: the flags of `cleanup`, the values of its chart. */
export interface Policy {
  /**
   * So many colours that were live before are left as they are; where fewer are known to have been
   * live, the newest of the others.
   */
  readonly keep: number;
  /** Nothing is done to a colour before it has been without traffic for so long. */
  readonly minAgeMs: number;
  /** Drained for so long it is scaled to zero. */
  readonly drainedForMs: number;
  /** At zero for so long it is deleted. */
  readonly deleteAfterMs: number;
  /** Without traffic for so long its pods are asked to drain; undefined: never. */
  readonly maxAgeMs: number | undefined;
  /** The same, earlier, for one that hardly anybody uses any more; undefined: never. */
  readonly lightlyUsed: LightlyUsed | undefined;
  /** Also what takes the last ready pod from a Service, or a pod whose app was never there. */
  readonly force: boolean;
}

export interface LightlyUsed {
  /** Of its own peak, 0 to 1; one for each pod is as good. */
  readonly share: number;
  readonly forMs: number;
}

/** What is to be done with a group: one step for each colour, in the order of the facts. */
export interface Plan {
  readonly namespace: string;
  readonly group: string;
  readonly nowMs: number;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly colour: string;
  readonly deployment: string;
  readonly action: Action;
  readonly reason: Reason;
  /** What is to be remembered; undefined: what is remembered already. */
  readonly state: State | undefined;
}

export type Action =
  | { readonly kind: 'keep' }
  /**
   * Selected again: replicas are what they were, drains are taken back. What a run does not come to,
   * the next one knows by the marks on the pods.
   */
  | {
      readonly kind: 'restore';
      readonly replicas: number | undefined;
      readonly recall: readonly PodName[];
      readonly uncost: readonly PodName[];
    }
  /** Idle pods go; they get the costs first that make them the ones. */
  | {
      readonly kind: 'shrink';
      readonly from: number;
      readonly to: number;
      readonly costs: readonly (PodName & { readonly cost: number })[];
    }
  | { readonly kind: 'drain'; readonly pods: readonly PodName[] }
  | { readonly kind: 'zero'; readonly from: number }
  | { readonly kind: 'delete' };

export type ActionKind = Action['kind'];

export interface PodName {
  readonly name: string;
  readonly uid: string;
}

/** Why: for keeping, what stands against more; else what it is done for. Words are sentences.ts'. */
export type Reason =
  | { readonly code: 'live' | 're-selected'; readonly services: readonly string[] }
  | { readonly code: 'routed'; readonly services: readonly string[] }
  /** Something about the whole group: nothing of it is touched. */
  | { readonly code: 'odd'; readonly oddity: string }
  | { readonly code: 'no-live-colour' | 'live-not-ready' }
  /** `by`: whose annotation says so, `Service web`. */
  | { readonly code: 'paused'; readonly by: string }
  | { readonly code: 'deleting' | 'rolling-out' | 'not-promoted' | 'emptying' }
  | { readonly code: 'too-young' | 'drained' | 'at-zero'; readonly untilMs: number }
  /** It never was live; or a switch to it has begun, and may be under way. */
  | { readonly code: 'passed-over' | 'claimed'; readonly untilMs: number }
  /** `place`: 1 is the colour that was live last. */
  | { readonly code: 'kept'; readonly place: number; readonly of: number }
  | { readonly code: 'rival'; readonly rival: Rival; readonly fight: Fight }
  /** Some pods said no, or nothing. */
  | {
      readonly code: 'not-safe';
      readonly pods: number;
      readonly of: number;
      readonly first: Unsafe;
    }
  /** Pods are wanted, and none is there to say anything. */
  | { readonly code: 'no-pods'; readonly wanted: number }
  /** `unheeded`: they were asked to drain, and serve as before. */
  | { readonly code: 'draining' | 'unheeded'; readonly pods: number; readonly of: number }
  | { readonly code: 'last-ready-pod'; readonly pod: string; readonly service: string }
  | { readonly code: 'idle-pods'; readonly pods: number; readonly of: number }
  | {
      readonly code: 'drained-long-enough' | 'zero-long-enough' | 'too-old';
      readonly sinceMs: number;
    }
  | {
      readonly code: 'lightly-used';
      readonly sinceMs: number;
      readonly active: number;
      readonly peak: number;
    };

export interface Unsafe {
  readonly pod: string;
  readonly answer: PodAnswer;
}
