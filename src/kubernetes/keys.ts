/**
 * The labels and annotations that tidegate reads and writes on Kubernetes' objects, and nothing
 * else: the one file of this room that the sidecar may import.
 */

/** On a pod: `true` drains it, `keep` drains it and leaves it ready. */
export const DRAIN_ANNOTATION = 'tidegate.dev/drain';

/** On a pod, beside `drain`: a cleanup of the group it names asked for that, and may take it back. */
export const RAINBOW_DRAIN_ANNOTATION = 'tidegate.dev/rainbow-drain';

/** On a pod: `true` where the charts have put tidegate into it. Scrapes and policies select on it. */
export const SIDECAR_LABEL = 'tidegate.dev/sidecar';

/** On a pod: which Deployment of a rainbow group it is of. */
export const COLOUR_LABEL = 'tidegate.dev/colour';

/** On a Deployment: the group of colours that it is one of. */
export const RAINBOW_LABEL = 'tidegate.dev/rainbow';

/** On a Deployment of a rainbow group: what is remembered of it between runs, as JSON. */
export const RAINBOW_STATE_ANNOTATION = 'tidegate.dev/rainbow-state';

/** On a pod: those with less go first when its ReplicaSet shrinks. Kubernetes' own. */
export const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';

/** On a pod, `false` keeps the cluster autoscaler from taking its node away. That one's own. */
export const SAFE_TO_EVICT_ANNOTATION = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

/** A label of pods, `true` or `false`: the verdict, as the controller saw it last. */
export const SAFE_TO_DELETE_LABEL = 'tidegate.dev/safe-to-delete';

/** On a pod: why, and how much it holds, as JSON; also which of Kubernetes' own marks are ours. */
export const VERDICT_ANNOTATION = 'tidegate.dev/verdict';

/**
 * `true` on a Deployment of a rainbow group: nothing is taken from this colour; on a Service that
 * selects one of them: nothing is taken from the group.
 */
export const PAUSE_ANNOTATION = 'tidegate.dev/rainbow-pause';
