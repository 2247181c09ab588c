/**
 * `promote` and `rollback`: says what would be moved where, asks, and has it done. Whoever is not there
 * to be asked has to have said yes before.
 */
import { EXIT_OK } from '../../errors.js';
import { planPromote, planRollback, type Switch, switchSentences } from '../../rainbow/switch.js';
import { doSwitch } from '../../rainbow/switching.js';
import { EXIT_COMMAND_USAGE, EXIT_NOT_SAFE } from '../options.js';
import { groupDocument } from './documents.js';
import { type Doing, mayAsk, oneGroup, present } from './verb.js';

const TIMEOUT_MS = 300_000;

export async function switchColour(doing: Doing): Promise<number> {
  const { asked, around, speech, cluster } = doing;
  if (!mayAsk(doing)) return EXIT_COMMAND_USAGE;
  const group = await oneGroup(doing);
  const wanted = planOf(doing, present(await cluster.glance(group)([]), doing));
  const sentences = switchSentences(wanted);
  const { colour } = wanted.to;
  const suffix = asked.dryRun === 'none' ? '' : ` (${asked.dryRun} dry run)`;
  if (sentences.length === 0) speech.say(`nothing is to be changed for ${colour} to be live`);
  for (const sentence of sentences) speech.say(`${sentence}${suffix}`);
  const isNeeded = asked.dryRun === 'none' && !asked.yes && sentences.length > 0;
  if (isNeeded && !(await speech.ask(`Make ${colour} the live colour of ${asked.group}?`))) {
    speech.complain('nothing was changed');
    return EXIT_NOT_SAFE;
  }
  if (asked.dryRun !== 'client') {
    // Whoever may not ask its pods is to know that before anything is changed.
    await cluster.look(group)([colour]);
    await doSwitch(wanted, {
      api: cluster.api,
      look: cluster.look(group),
      clock: around.clock,
      timeoutMs: asked.timeoutMs ?? TIMEOUT_MS,
      dryRun: asked.dryRun === 'server',
      tell: (sentence) => speech.say(`${sentence}${suffix}`),
    });
  }
  if (speech.isDocument) {
    const facts = await cluster.glance(group)([]);
    const sight = { facts, plan: undefined, estimates: new Map<string, never>() };
    speech.document(() => groupDocument(sight));
  }
  for (const { name } of [...wanted.moves, ...wanted.there]) speech.name('service', name);
  if (asked.dryRun === 'none') speech.say(`${colour} is live`);
  return EXIT_OK;
}

function planOf({ asked }: Doing, facts: Parameters<typeof planPromote>[1]): Switch {
  const { verb, colour, services, policy } = asked;
  const meant = { services, force: policy.force };
  if (verb === 'promote') return planPromote(colour, facts, meant);
  return planRollback(colour === '' ? undefined : colour, facts, meant);
}
