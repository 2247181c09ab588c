/**
 * `deploy`: makes a colour from the live one. As a document it is the Deployment itself, so that a
 * dry run tells what would be made.
 */
import { EXIT_OK } from '../../errors.js';
import { deploy, planDeploy } from '../../rainbow/deploy.js';
import { type Doing, oneGroup, present } from './verb.js';

export async function deployColour(doing: Doing): Promise<number> {
  const { asked, speech, cluster } = doing;
  const { colour, images, replicas, services, dryRun, policy } = asked;
  const { force } = policy;
  const { api } = cluster;
  const facts = await cluster.glance(await oneGroup(doing))([]);
  present(facts, { ...doing, asked: { ...asked, colour: '' } });
  const made = await planDeploy(facts, { colour, images, replicas, services, force }, api);
  const object =
    dryRun === 'client' ? made.object : await deploy(made, { api, dryRun: dryRun === 'server' });
  for (const note of made.notes) speech.complain(note);
  speech.document(() => object as Readonly<Record<string, unknown>>);
  speech.name('deployment.apps', made.name);
  const suffix = dryRun === 'none' ? '' : ` (${dryRun} dry run)`;
  if (!speech.isDocument && !speech.isNames) {
    speech.say(`deployment.apps/${made.name} created from ${made.from}${suffix}`);
  }
  return EXIT_OK;
}
