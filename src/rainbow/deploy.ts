/**
 * Makes a new colour from the live one. It gets no traffic by that: `promote` gives it some, once it
 * is ready. One that would get some, or would make the group one that does not fit together, is
 * refused before it is made.
 */
import { type Api, DEPLOYMENTS, SERVICES } from '../kubernetes/api.js';
import { isAlreadyThere } from '../kubernetes/fault.js';
import { RAINBOW_LABEL } from '../kubernetes/keys.js';
import { serviceSelects } from '../kubernetes/labels.js';
import { coloursOf, odditiesOf, readDeployment } from './colours.js';
import type { ColourFacts, Facts } from './contract.js';
import { mentions, placesWords } from './mentions.js';
import { type NewColour, newColour } from './new-colour.js';
import { type Fields, fieldsAt, labelsAt } from './objects.js';
import { listed, Refusal } from './refusal.js';
import { readService } from './services.js';

export interface DeployAsked extends Omit<NewColour, 'group'> {
  /** Whose colour is copied; empty: that of all Services that can be moved. */
  readonly services: readonly string[];
  /** Also where a Service would select it as soon as it is there. */
  readonly force: boolean;
}

/** What would be made, and what of the live one it does not have. */
export interface Deploy {
  readonly namespace: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly from: string;
  readonly notes: readonly string[];
}

/** Rejects with a Refusal or a KubernetesError. */
export async function planDeploy(facts: Facts, asked: DeployAsked, api: Api): Promise<Deploy> {
  const { namespace, group, colours, oddities } = facts;
  const there = colours.find(({ colour }) => colour === asked.colour);
  if (there !== undefined) {
    throw new Refusal(
      `group ${group} has the colour ${asked.colour} already: Deployment ${there.deployment.name}`,
    );
  }
  if (oddities.length > 0) throw new Refusal(oddities[0]);
  const live = liveColour(facts, asked);
  const { name } = live.deployment;
  const seen = await api.get(DEPLOYMENTS, namespace, name);
  if (seen === undefined) throw new Refusal(`Deployment ${name} is gone`);
  const object = newColour(seen, live.colour, { ...asked, group });
  const { name: newName } = object['metadata'] as { readonly name: string };
  await refuseOdd(facts, object, api);
  if (!asked.force) await refuseTraffic(facts, object, api);
  const notes = [...notesOn(live, newName), ...remarksOn(object, live.colour)];
  return { namespace, object, name: newName, from: live.colour, notes };
}

/** Beside the others it must not take their pods for its own, nor they its. */
async function refuseOdd({ namespace, group }: Facts, object: Fields, api: Api): Promise<void> {
  const labelSelector = `${RAINBOW_LABEL}=${group}`;
  const { items } = await api.list(DEPLOYMENTS, { namespace, labelSelector }, readDeployment);
  const metadata = { ...fieldsAt(object, 'metadata'), uid: 'new', resourceVersion: 'new' };
  const all = [...items, readDeployment({ ...object, metadata })];
  const [oddity] = odditiesOf(all, coloursOf(all, [], []));
  if (oddity !== undefined)
    throw new Refusal(`with it the group would not fit together: ${oddity}`);
}

async function refuseTraffic({ namespace }: Facts, object: Fields, api: Api): Promise<void> {
  const { items } = await api.list(SERVICES, { namespace }, readService);
  const labels = labelsAt(fieldsAt(object, 'spec', 'template', 'metadata'), 'labels');
  const names = items
    .filter(({ selector }) => serviceSelects(selector, labels))
    .map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  const who = `Service ${listed(names)} ${names.length === 1 ? 'selects' : 'select'}`;
  throw new Refusal(
    `${who} its pods as soon as they are ready, before any promote; --force makes it nevertheless`,
  );
}

/** What its owner may have meant otherwise. */
function remarksOn(object: Fields, liveColour: string): string[] {
  const { name } = fieldsAt(object, 'metadata');
  const spec = fieldsAt(object, 'spec');
  const places = mentions({ labels: fieldsAt(object, 'metadata', 'labels'), spec }, liveColour);
  const none = `${String(name)} is made with 0 replicas, as the live one has them`;
  return [
    ...(spec['replicas'] === 0 ? [none] : []),
    ...(places.length === 0 ? [] : [`${liveColour} still stands in ${placesWords(places)}`]),
  ];
}

/** Resolves to the object as the API server has it. Rejects with a Refusal or a KubernetesError. */
export async function deploy(
  { namespace, object, name }: Deploy,
  { api, dryRun }: { readonly api: Api; readonly dryRun: boolean },
): Promise<unknown> {
  try {
    return await api.create(DEPLOYMENTS, namespace, object, { dryRun });
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
    throw new Refusal(`there is a Deployment ${name} in namespace ${namespace} already`);
  }
}

function liveColour({ colours, services, group }: Facts, asked: DeployAsked): ColourFacts {
  const meant = asked.services.length === 0;
  const unknown = asked.services.filter((name) => !services.some((one) => one.name === name));
  if (unknown.length > 0) {
    const others =
      services.length === 0
        ? 'none has'
        : `those that have are ${listed(services.map(({ name }) => name))}`;
    throw new Refusal(
      `Service ${listed(unknown)} has nothing to do with group ${group}: ${others}`,
    );
  }
  const selecting = services.filter(({ name, colour }) =>
    meant ? colour !== undefined : asked.services.includes(name),
  );
  const live = colours.filter(({ colour }) =>
    selecting.some(({ selects }) => selects.includes(colour)),
  );
  if (live.length === 1) return live[0];
  if (live.length === 0) {
    throw new Refusal(`no Service selects a colour of group ${group}: there is none to copy`);
  }
  const names = live.map(({ colour }) => colour);
  throw new Refusal(
    `${listed(names)} are live: --service NAME says by its Service which one is copied`,
  );
}

function notesOn({ deployment: { name, rivals } }: ColourFacts, newName: string): string[] {
  return rivals
    .filter(({ kind }) => kind === 'hpa' || kind === 'keda')
    .map(({ kind, name: scaler }) => {
      const what = kind === 'hpa' ? 'HorizontalPodAutoscaler' : 'ScaledObject';
      return `${what} ${scaler} scales ${name} alone: ${newName} keeps its replicas`;
    });
}
