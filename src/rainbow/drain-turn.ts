/**
 * Whose turn it is when pods of a colour are to be asked to drain: few at once, so that those who
 * reconnect come as a trickle, and those first who have the least to lose. Pure.
 */
import type { ColourFacts, Facts, PodFacts, PodName, ServiceFacts } from './contract.js';
import { isAskedToDrain, isSafe, nameOf, workIn } from './work.js';

/** One in so many. */
const AT_ONCE = 10;
/** An annotation takes a minute or two to get into a pod: the kubelet writes such files in rounds. */
const HEEDED_MS = 180_000;

/** Those that were asked to drain and are not safe yet, but have not come to their end either. */
export interface Drainers {
  readonly draining: readonly PodFacts[];
  /** They serve as before: nothing tells them of their annotations. */
  readonly unheeding: readonly PodFacts[];
}

export function drainersOf({ pods, deployment }: ColourFacts, nowMs: number): Drainers {
  const { drainAskedMs = -Infinity } = deployment.state;
  const asked = pods.filter((pod) => isAskedToDrain(pod) && !isSafe(pod));
  const serves = ({ answer }: PodFacts): boolean => answer.known && answer.phase === 'serving';
  const hasEnded = ({ answer }: PodFacts): boolean => answer.known && answer.phase === 'drained';
  const isLate = nowMs - drainAskedMs >= HEEDED_MS;
  return {
    draining: asked.filter((pod) => !hasEnded(pod) && !(isLate && serves(pod))),
    unheeding: asked.filter((pod) => isLate && serves(pod)),
  };
}

export interface DrainTurn {
  readonly pods: readonly PodName[];
  /** One that would have been asked, but is all that a Service has left. */
  readonly last: { readonly pod: string; readonly service: string } | undefined;
}

/** `force`: also the last ready pod of a Service. */
export function drainTurn(
  colour: ColourFacts,
  { services, nowMs }: Pick<Facts, 'services' | 'nowMs'>,
  force: boolean,
): DrainTurn {
  const { pods } = colour;
  const { draining } = drainersOf(colour, nowMs);
  const room = Math.max(1, Math.floor(pods.length / AT_ONCE)) - draining.length;
  const asked: PodFacts[] = [];
  const gone = new Set(draining.map(({ name }) => name));
  let last: DrainTurn['last'];
  for (const pod of pods.filter(canBeAsked).sort(byWork)) {
    if (asked.length >= room) break;
    const service = force ? undefined : services.find((one) => isLastOf(one, pod, gone));
    if (service !== undefined) {
      last ??= { pod: pod.name, service: service.name };
      continue;
    }
    asked.push(pod);
    gone.add(pod.name);
  }
  return { pods: asked.map(nameOf), last: asked.length === 0 ? last : undefined };
}

/** What somebody else made is not ours to end. */
function canBeAsked(pod: PodFacts): boolean {
  const { answer, isOwned, isTerminating } = pod;
  return answer.known && isOwned && !isTerminating && !isSafe(pod) && !isAskedToDrain(pod);
}

function byWork(one: PodFacts, other: PodFacts): number {
  return (workIn(one) ?? 0) - (workIn(other) ?? 0) || (one.name < other.name ? -1 : 1);
}

function isLastOf({ readyPods }: ServiceFacts, { name }: PodFacts, gone: Set<string>): boolean {
  return readyPods.includes(name) && readyPods.every((one) => one === name || gone.has(one));
}
