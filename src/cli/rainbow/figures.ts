/**
 * What the pods of a colour come to, and which Services it is live by. Pure: what is not known is
 * counted as such, and never as nothing.
 */
import type { ColourFacts, Facts, KnownAnswer, PodFacts } from '../../rainbow/contract.js';
import { span } from '../sentences.js';

export interface Figures {
  readonly pods: number;
  /** Of those that its Deployment has and means to keep. */
  readonly ready: number;
  readonly safe: number;
  /** How many have said nothing that counts. */
  readonly unknown: number;
  /** The rest is of those that have. */
  readonly active: number;
  readonly idle: number;
  readonly leases: number;
  /** Null if nothing is open. */
  readonly oldestSeconds: number | null;
}

export function figuresOf(pods: readonly PodFacts[]): Figures {
  const known = pods.map(({ answer }) => answer).filter((answer) => answer.known);
  const sum = (read: (answer: KnownAnswer) => number): number =>
    known.reduce((total, answer) => total + read(answer), 0);
  const oldest = known.flatMap(({ oldestSeconds }) => oldestSeconds ?? []);
  return {
    pods: pods.length,
    ready: pods.filter((pod) => pod.isReady && pod.isOwned && !pod.isTerminating).length,
    safe: known.filter(({ safe }) => safe).length,
    unknown: pods.length - known.length,
    active: sum(({ active }) => active),
    idle: sum(({ idle }) => idle),
    leases: sum(({ leases }) => leases),
    oldestSeconds: oldest.length === 0 ? null : Math.max(...oldest),
  };
}

/** Names of the Services whose selector matches it. */
export function selectedBy({ services }: Facts, colour: string): string[] {
  return services.filter(({ selects }) => selects.includes(colour)).map(({ name }) => name);
}

/** Where it stands: live, without traffic, or since when. */
export function trafficWords({ colour, deployment }: ColourFacts, facts: Facts): string {
  if (selectedBy(facts, colour).length > 0) return 'live';
  const { lostTrafficMs } = deployment.state;
  if (lostTrafficMs === undefined) return 'none';
  return `lost ${span((facts.nowMs - lostTrafficMs) / 1_000)} ago`;
}
