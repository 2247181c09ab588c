/**
 * Deployments as the colours of a group: what is read of each, whose pods are whose, and what does
 * not fit together. Ownership is by uid; a label is a claim, and counts where nobody owns the pod.
 */
import { COLOUR_LABEL, RAINBOW_LABEL, RAINBOW_STATE_ANNOTATION } from '../kubernetes/keys.js';
import { type Labels, type LabelSelector, selectorMatches } from '../kubernetes/labels.js';
import { unknown } from './answers.js';
import type {
  ColourFacts,
  DeploymentFacts,
  PodAnswer,
  PodFacts,
  UnknownReason,
} from './contract.js';
import { fieldsAt, labelsAt, type Metadata, metadataOf, numberAt } from './objects.js';
import { isPaused } from './pause.js';
import type { Pod, ReplicaSet } from './pods.js';
import { type Autoscaler, deploymentRivals } from './rivals.js';
import { readState } from './state.js';

/** One of the group, as it is read. */
export interface Deployment {
  readonly metadata: Metadata;
  readonly group: string;
  /** Of its pods; undefined if their template names none, or an empty one. */
  readonly colour: string | undefined;
  readonly template: Labels;
  readonly selector: LabelSelector;
  readonly replicas: number;
  /** Its controller has not looked at it since it was changed. */
  readonly isUnseen: boolean;
}

/** One that has a colour, with what it owns. */
export interface Colour {
  readonly colour: string;
  readonly deployment: Deployment;
  /** Those it owns, and those that nobody owns and that carry its colour. */
  readonly pods: readonly Pod[];
  readonly owned: ReadonlySet<Pod>;
  readonly replicaSets: readonly ReplicaSet[];
}

export function readDeployment(object: unknown): Deployment {
  const metadata = metadataOf(object);
  const spec = fieldsAt(object, 'spec');
  const template = labelsAt(fieldsAt(spec, 'template', 'metadata'), 'labels');
  const observed = numberAt(fieldsAt(object, 'status'), 'observedGeneration') ?? 0;
  return {
    metadata,
    group: metadata.labels[RAINBOW_LABEL] ?? '',
    colour: template[COLOUR_LABEL] === '' ? undefined : template[COLOUR_LABEL],
    template,
    selector: fieldsAt(spec, 'selector'),
    replicas: numberAt(spec, 'replicas') ?? 1,
    isUnseen: observed < metadata.generation,
  };
}

/** The oldest first. */
export function coloursOf(
  deployments: readonly Deployment[],
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
): readonly Colour[] {
  const deploymentOf = new Map(replicaSets.map(({ uid, owner }) => [uid, owner]));
  const owners = new Map(pods.map((pod) => [pod, deploymentOf.get(pod.owner ?? '')]));
  const first = new Map<string, Deployment>();
  return byAge(deployments).flatMap((deployment) => {
    const { colour, metadata } = deployment;
    if (colour === undefined) return [];
    // Of two Deployments of one colour, the older one is held to account for what nobody owns.
    if (!first.has(colour)) first.set(colour, deployment);
    const isFirst = first.get(colour) === deployment;
    const isOwned = (pod: Pod): boolean => owners.get(pod) === metadata.uid;
    const isStray = (pod: Pod): boolean =>
      isFirst && owners.get(pod) === undefined && isClaimedBy(deployment, pod);
    const owned = new Set(pods.filter(isOwned));
    return [
      {
        colour,
        deployment,
        pods: pods.filter((pod) => owned.has(pod) || isStray(pod)),
        owned,
        replicaSets: replicaSets.filter(({ owner }) => owner === metadata.uid),
      },
    ];
  });
}

/**
 * One that is of a StatefulSet, a Job or the like is that one's, whatever its label says; unless the
 * Deployment selects it, for then its ReplicaSet may only be too new to be known.
 */
function isClaimedBy({ colour, selector }: Deployment, { labels, owner }: Pod): boolean {
  if (labels[COLOUR_LABEL] !== colour) return false;
  return owner === undefined || selectorMatches(selector, labels);
}

function byAge(deployments: readonly Deployment[]): readonly Deployment[] {
  return [...deployments].sort(
    ({ metadata: one }, { metadata: other }) =>
      one.createdMs - other.createdMs || (one.name < other.name ? -1 : 1),
  );
}

/** `answers`: by the uids of the pods. */
export function colourFacts(
  { colour, isOdd, deployment, pods, owned, replicaSets }: Colour & { readonly isOdd: boolean },
  answers: ReadonlyMap<string, PodAnswer>,
  autoscalers: readonly Autoscaler[],
  nowMs: number,
): ColourFacts {
  return {
    colour,
    isOdd,
    deployment: deploymentFacts(deployment, isRolling(owned, replicaSets), autoscalers, nowMs),
    pods: pods.map((pod) => ({
      ...pod.facts,
      isOwned: owned.has(pod),
      ...startedOrNot(pod, answers.get(pod.facts.uid) ?? NOT_ASKED),
    })),
  };
}

/** Nobody answers there, or not yet. */
const NO_ANSWERS: readonly UnknownReason[] = ['unreachable', 'stale', 'not-asked'];
const NEVER_STARTED = unknown('unreachable', 'has never started');

/** Whoever answers has started, whatever the API server knows of it. */
function startedOrNot(
  { facts }: Pod,
  answer: PodAnswer,
): Pick<PodFacts, 'neverStarted' | 'answer'> {
  const isSilent = !answer.known && NO_ANSWERS.includes(answer.reason);
  const neverStarted = facts.neverStarted && isSilent;
  return { neverStarted, answer: neverStarted ? NEVER_STARTED : answer };
}

const NOT_ASKED = unknown('not-asked', 'has not been asked');

function deploymentFacts(
  { metadata, replicas, isUnseen }: Deployment,
  isRolling: boolean,
  autoscalers: readonly Autoscaler[],
  nowMs: number,
): DeploymentFacts {
  const { name, uid, resourceVersion, createdMs, isDeleting, annotations } = metadata;
  return {
    ...{ name, uid, resourceVersion, createdMs, replicas, isDeleting },
    isRollingOut: isUnseen || isRolling,
    isPaused: isPaused(annotations),
    state: readState(annotations[RAINBOW_STATE_ANNOTATION], uid, nowMs),
    rivals: deploymentRivals(metadata, autoscalers),
  };
}

/** More than one ReplicaSet has pods, or is to have some. */
function isRolling(owned: ReadonlySet<Pod>, replicaSets: readonly ReplicaSet[]): boolean {
  const present = [...owned].map(({ owner }) => owner);
  const wanted = replicaSets.filter(({ replicas }) => replicas > 0).map(({ uid }) => uid);
  return new Set([...present, ...wanted]).size > 1;
}

/** What does not fit together, as sentences. */
export function odditiesOf(
  deployments: readonly Deployment[],
  colours: readonly Colour[],
): readonly string[] {
  return [
    ...deployments.filter(({ colour }) => colour === undefined).map(colourless),
    ...colours.flatMap((one, at) => colours.slice(at + 1).flatMap((other) => twins(one, other))),
    ...colours.flatMap((one) => colours.flatMap((other) => graspers(one, other))),
  ];
}

/** It is what one of those sentences is about. */
export function isOdd(one: Colour, colours: readonly Colour[]): boolean {
  return colours.some((other) => {
    const isTwin = other !== one && other.colour === one.colour;
    return isTwin || graspers(one, other).length > 0;
  });
}

function colourless({ metadata: { name } }: Deployment): string {
  return (
    `Deployment ${name} carries ${RAINBOW_LABEL}, but its pods have no label ${COLOUR_LABEL}:` +
    ' put the colour into spec.template.metadata.labels, or take the Deployment out of the group'
  );
}

function twins(one: Colour, other: Colour): readonly string[] {
  if (one.colour !== other.colour) return [];
  const [older, newer] = [one, other].map(({ deployment }) => deployment.metadata.name);
  return [
    `Deployments ${older} and ${newer} are both of colour ${one.colour}:` +
      ' delete one of them, or take it out of the group',
  ];
}

function graspers(one: Colour, other: Colour): readonly string[] {
  if (one.colour === other.colour) return [];
  const { metadata, selector } = one.deployment;
  const labels = [other.deployment.template, ...other.pods.map((pod) => pod.labels)];
  if (!labels.some((its) => selectorMatches(selector, its))) return [];
  return [
    `Deployment ${metadata.name} selects pods of colour ${other.colour}, too:` +
      ` make it anew with ${COLOUR_LABEL} in spec.selector.matchLabels`,
  ];
}
