/**
 * Makes a new colour from the live one. It gets no traffic by that: `promote` gives it some, once it
 * is ready.
 */
import { type Api, DEPLOYMENTS } from '../kubernetes/api.js';
import { isAlreadyThere } from '../kubernetes/fault.js';
import type { ColourFacts, Facts } from './contract.js';
import { type NewColour, newColour } from './new-colour.js';
import { listed, Refusal } from './refusal.js';

export interface DeployAsked extends Omit<NewColour, 'group'> {
  /** Whose colour is copied; empty: that of all Services that can be moved. */
  readonly services: readonly string[];
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
  return { namespace, object, name: newName, from: live.colour, notes: notesOn(live, newName) };
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
