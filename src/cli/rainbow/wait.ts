/**
 * `wait`: until every pod of a colour may be deleted, or it is gone. Starts nothing, and says whenever
 * something has changed.
 */
import { momentText } from '../../clock.js';
import { EXIT_OK } from '../../errors.js';
import type { ColourFacts, Facts } from '../../rainbow/contract.js';
import { waitForColour } from '../../rainbow/wait.js';
import { formatDuration } from '../../settings/duration.js';
import { EXIT_NOT_SAFE } from '../options.js';
import { groupDocument } from './documents.js';
import { colourLine } from './screen.js';
import { type Doing, oneGroup, present } from './verb.js';

export async function awaitColour(doing: Doing): Promise<number> {
  const { asked, around, speech, cluster } = doing;
  const group = await oneGroup(doing);
  present(await cluster.glance(group)([]), doing);
  let shown = '';
  let last: { readonly one: ColourFacts; readonly facts: Facts } | undefined;
  const waited = await waitForColour(asked.colour, {
    look: cluster.look(group),
    clock: around.clock,
    timeoutMs: asked.timeoutMs,
    seen: (one, facts) => {
      last = { one, facts };
      const line = colourLine(one);
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
  speech.complain(`after ${formatDuration(asked.timeoutMs ?? 0)} not all pods are safe to delete`);
  return EXIT_NOT_SAFE;
}
