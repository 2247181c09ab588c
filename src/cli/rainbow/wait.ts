/**
 * `wait`: until a colour may be deleted, every pod of it, or it is gone. Starts nothing, and says whenever
 * something has changed.
 */
import { momentText } from '../../clock.js';
import { EXIT_OK } from '../../errors.js';
import type { ColourFacts, Facts } from '../../rainbow/contract.js';
import { reasonWords } from '../../rainbow/sentences.js';
import { isSafe, trafficOf, waitForColour } from '../../rainbow/wait.js';
import { formatDuration } from '../../settings/duration.js';
import { EXIT_NOT_SAFE } from '../options.js';
import { groupDocument } from './documents.js';
import { colourLine, inUseWords } from './screen.js';
import { type Doing, oneGroup, present } from './verb.js';

interface Seen {
  readonly one: ColourFacts;
  readonly facts: Facts;
}

export async function awaitColour(doing: Doing): Promise<number> {
  const { asked, around, speech, cluster } = doing;
  const group = await oneGroup(doing);
  present(await cluster.glance(group)([]), doing);
  let shown = '';
  let last: Seen | undefined;
  const waited = await waitForColour(asked.colour, {
    look: cluster.look(group),
    clock: around.clock,
    timeoutMs: asked.timeoutMs,
    seen: (one, facts) => {
      last = { one, facts };
      const line = [colourLine(one), ...inUse(one, facts)].join('; ');
      if (line !== shown) speech.say(`${momentText(facts.nowMs).slice(0, 19)}Z  ${line}`);
      shown = line;
    },
    failed: ({ message }) => speech.complain(`${message}; trying again`),
  });
  if (last !== undefined) {
    const { facts, one } = last;
    const sight = { facts, plan: undefined, estimates: new Map<string, never>() };
    speech.document(() => groupDocument(sight, asked.colour));
    if (waited !== 'late') speech.name('deployment.apps', one.deployment.name);
  }
  if (waited === 'gone') speech.complain(`${asked.colour} is gone`);
  if (waited !== 'late') return EXIT_OK;
  speech.complain(`after ${formatDuration(asked.timeoutMs ?? 0)} ${lateWords(last)}`);
  return EXIT_NOT_SAFE;
}

function inUse(one: ColourFacts, facts: Facts): string[] {
  const traffic = trafficOf(one, facts);
  return traffic === undefined ? [] : [reasonWords(traffic, facts.nowMs)];
}

/** What has stood against it to the end. */
function lateWords(last: Seen | undefined): string {
  const words =
    last !== undefined && isSafe(last.one) ? inUseWords(last.one, last.facts) : undefined;
  return words ?? 'not all pods are safe to delete';
}
