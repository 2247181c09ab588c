/**
 * The labels and annotations that tidegate reads and writes on Kubernetes' objects, and nothing
 * else: the one file of this room that the sidecar may import.
 */

/** On a pod: `true` drains it, `keep` drains it and leaves it ready. */
export const DRAIN_ANNOTATION = 'tidegate.dev/drain';
