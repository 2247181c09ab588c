/**
 * What every verb is given, and what several of them do alike: a group is looked at and planned
 * for. A group of which nothing is there is a fault.
 */
import { KubernetesError } from '../../kubernetes/fault.js';
import type { Facts } from '../../rainbow/contract.js';
import type { Group } from '../../rainbow/facts.js';
import { noSuchColour } from '../../rainbow/wait.js';
import type { Surroundings } from '../command.js';
import type { RainbowAsked } from './arguments.js';
import type { RainbowCluster } from './cluster.js';
import type { Speech } from './speech.js';

export interface Doing {
  readonly asked: RainbowAsked;
  readonly around: Surroundings;
  readonly speech: Speech;
  readonly cluster: RainbowCluster;
}

/** The group that is named. */
export async function oneGroup({ cluster }: Doing): Promise<Group> {
  const [group] = await cluster.groups();
  return group;
}

/** Throws if there is no such group, or no such colour in it. */
export function present(facts: Facts, { cluster, asked: { colour } }: Doing): Facts {
  const { group, namespace, colours } = facts;
  if (colours.length === 0) {
    throw new KubernetesError(
      `there is no group ${group} in namespace ${namespace} (${cluster.name}): no Deployment has` +
        ` the label tidegate.dev/rainbow=${group}`,
    );
  }
  if (colour === '' || colours.some((one) => one.colour === colour)) return facts;
  throw noSuchColour(colour, facts);
}

/** Whether there is somebody to be asked, or nothing to be asked for; else that is told. */
export function mayAsk({ asked, around, speech }: Doing): boolean {
  if (asked.yes || asked.dryRun !== 'none' || around.isInteractive) return true;
  speech.complain('nobody is there to be asked: give --yes, or look first with --dry-run=client');
  return false;
}
