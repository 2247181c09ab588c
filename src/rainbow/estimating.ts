/**
 * Estimates for the colours of a group that get no new connections, made of what its pods tell. They
 * are shown while somebody watches, so pods are asked for it once in a while only.
 */
import type { Clock } from '../clock.js';
import type { CallPod } from './ask.js';
import type { Facts } from './contract.js';
import { estimateColours, type Estimate } from './estimate.js';
import { connectionsOf, type History, readHistories } from './histories.js';

interface Read {
  readonly of: string;
  readonly untilMs: number;
  readonly histories: ReadonlyMap<string, History>;
}

const READ_EVERY_MS = 60_000;

/** By colour; one that a Service selects has none. */
export function estimating(
  call: CallPod,
  clock: Clock,
): (facts: Facts) => Promise<ReadonlyMap<string, Estimate>> {
  let read: Read | undefined;
  return async (facts) => {
    const of = `${facts.namespace}/${facts.group}`;
    if (read === undefined || read.of !== of || clock.now() > read.untilMs) {
      const histories = await readHistories(facts, call, clock);
      read = { of, untilMs: clock.now() + READ_EVERY_MS, histories };
    }
    const { histories } = read;
    const connections = facts.colours.map((one) => connectionsOf(one, histories, facts.nowMs));
    const estimates = estimateColours(connections);
    for (const { selects } of facts.services) {
      for (const colour of selects) estimates.delete(colour);
    }
    return estimates;
  };
}
