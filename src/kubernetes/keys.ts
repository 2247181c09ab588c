/**
 * The labels and annotations that tidegate reads and writes on Kubernetes' objects, and nothing
 * else: the one file of this room that the sidecar may import.
 */

/** On a pod: `true` drains it, `keep` drains it and leaves it ready. */
export const DRAIN_ANNOTATION = 'tidegate.dev/drain';

/** On a pod: `true` where the charts have put tidegate into it. Scrapes and policies select on it. */
export const SIDECAR_LABEL = 'tidegate.dev/sidecar';

/** On a pod: which Deployment of a rainbow group it is of. */
export const COLOUR_LABEL = 'tidegate.dev/colour';
