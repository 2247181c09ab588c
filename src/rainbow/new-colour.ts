/**
 * A new colour as a Deployment: the live one's, with another name, colour and images. Pure. What
 * others have written on the live one to know it by is left out, or they would take the new one for
 * theirs.
 */
import {
  COLOUR_LABEL,
  DELETION_COST_ANNOTATION,
  DRAIN_ANNOTATION,
  RAINBOW_DRAIN_ANNOTATION,
  RAINBOW_LABEL,
  RAINBOW_STATE_ANNOTATION,
} from '../kubernetes/keys.js';
import { type Fields, fieldsAt, isFields, listAt, textAt } from './objects.js';
import { wordsAt } from './mentions.js';
import { listed, Refusal } from './refusal.js';

export interface NewColour {
  readonly group: string;
  readonly colour: string;
  /** `IMAGE` or `CONTAINER=IMAGE`. */
  readonly images: readonly string[];
  /** Undefined: as many as the live one. */
  readonly replicas: number | undefined;
}

/** RFC 1123, as label values and names of objects have it. */
const LABEL = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** A container that has this name, or a port of this name, is the sidecar: not what is meant. */
const SIDECAR = 'tidegate';
/** What is of this one Deployment: with the second its pods would drain as soon as they are there. */
const OWN_MARKS = [
  RAINBOW_STATE_ANNOTATION,
  DRAIN_ANNOTATION,
  RAINBOW_DRAIN_ANNOTATION,
  DELETION_COST_ANNOTATION,
];
/** Whose marks they are: kubectl, the Deployment's controller, Helm, Argo CD, Argo Rollouts, Flux. */
const MARKS = [
  'kubectl.kubernetes.io/',
  'deployment.kubernetes.io/',
  'meta.helm.sh/',
  'argocd.argoproj.io/',
  'rollout.argoproj.io/',
  'kustomize.toolkit.fluxcd.io/',
  'helm.toolkit.fluxcd.io/',
];
const HASHES = ['pod-template-hash', 'rollouts-pod-template-hash'];
/**
 * By the first Argo CD knows, where it is told to, what is of an application, and removes what is not
 * in its repository.
 */
const CLAIMS = ['app.kubernetes.io/instance', 'app.kubernetes.io/managed-by'];

/** Throws a Refusal. `live` is what the API server has. */
export function newColour(live: unknown, liveColour: string, wanted: NewColour): Fields {
  const { group, colour, replicas } = wanted;
  if (!LABEL.test(colour)) throw new Refusal(`colour ${colour} cannot be a label's value`);
  const metadata = fieldsAt(live, 'metadata');
  // Wherever it stands: labels, selector, and what keeps pods apart.
  const spec = fieldsAt(painting(liveColour, colour)(fieldsAt(live, 'spec')));
  const selector = fieldsAt(spec, 'selector');
  const podMetadata = fieldsAt(spec, 'template', 'metadata');
  const own = { [COLOUR_LABEL]: colour };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: nameFor(textAt(metadata, 'name') ?? '', liveColour, wanted),
      namespace: metadata['namespace'],
      labels: { ...without(unmarked(metadata, 'labels'), CLAIMS), [RAINBOW_LABEL]: group },
      annotations: unmarked(metadata, 'annotations'),
    },
    spec: {
      ...without(spec, ['paused']),
      ...(replicas === undefined ? {} : { replicas }),
      selector: { ...selector, matchLabels: { ...fieldsAt(selector, 'matchLabels'), ...own } },
      template: {
        metadata: {
          labels: { ...without(fieldsAt(podMetadata, 'labels'), HASHES), ...own },
          annotations: unmarked(podMetadata, 'annotations'),
        },
        spec: withImages(fieldsAt(spec, 'template', 'spec'), wanted.images),
      },
    },
  };
}

/** The live one's, with the new colour for its own; one that has none in its name has no say. */
function nameFor(live: string, liveColour: string, { group, colour }: NewColour): string {
  const own = colour.toLowerCase();
  const name = replaceLast(live, liveColour.toLowerCase(), own) ?? `${group}-${own}`;
  if (NAME.test(name)) return name;
  throw new Refusal(`a Deployment cannot be called ${name}`);
}

/** Undefined where it does not stand as a word of its own. */
function replaceLast(text: string, word: string, other: string): string | undefined {
  const at = wordsAt(text, word).at(-1);
  return at === undefined ? undefined : text.slice(0, at) + other + text.slice(at + word.length);
}

function withImages(pod: Fields, images: readonly string[]): Fields {
  const containers = listAt(pod, 'containers');
  const first = listAt(pod, 'initContainers');
  const wanted = images.map((text) => imageOf(text, containers));
  const names = [...containers, ...first].map((container) => container['name']);
  const unknown = wanted.find(({ container }) => !names.includes(container));
  if (unknown !== undefined) {
    throw new Refusal(
      `there is no container ${unknown.container}: there are ${listed(names.map(String))}`,
    );
  }
  refuseTwo(wanted);
  const given = (container: Fields): Fields => {
    const asked = wanted.find((one) => one.container === container['name']);
    return asked === undefined ? container : { ...container, image: asked.image };
  };
  return {
    ...pod,
    containers: containers.map(given),
    ...(first.length === 0 ? {} : { initContainers: first.map(given) }),
  };
}

interface ContainerImage {
  readonly container: string;
  readonly image: string;
}

function refuseTwo(wanted: readonly ContainerImage[]): void {
  for (const [at, { container, image }] of wanted.entries()) {
    const first = wanted.slice(0, at).find((one) => one.container === container);
    if (first === undefined) continue;
    throw new Refusal(`container ${container} is given two images: ${first.image} and ${image}`);
  }
}

/** No image has a `=` in its name; without one the app's container is meant. */
function imageOf(text: string, containers: readonly Fields[]): ContainerImage {
  const at = text.indexOf('=');
  if (at !== -1) return { container: text.slice(0, at), image: text.slice(at + 1) };
  const apps = containers.filter((container) => !isSidecar(container));
  if (apps.length === 1) return { container: String(apps[0]['name']), image: text };
  if (apps.length === 0) {
    throw new Refusal(
      `--image ${text} is for no container: there is none but tidegate's own; --image CONTAINER=IMAGE says which`,
    );
  }
  const names = apps.map(({ name }) => String(name));
  throw new Refusal(
    `--image ${text} may be for ${listed(names)}: --image CONTAINER=IMAGE says which`,
  );
}

function isSidecar(container: Fields): boolean {
  return (
    container['name'] === SIDECAR || listAt(container, 'ports').some(({ name }) => name === SIDECAR)
  );
}

/** Gives every mention of the colour label the new colour, at any depth. */
function painting(from: string, to: string): (value: unknown) => unknown {
  const paint = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(paint);
    if (!isFields(value)) return value;
    const painted = Object.entries(value).map(([key, inner]) => {
      const isColour = key === COLOUR_LABEL && inner === from;
      return [key, isColour ? to : paint(inner)] as const;
    });
    const fields = Object.fromEntries(painted);
    const { key, values } = fields;
    if (key !== COLOUR_LABEL || !Array.isArray(values)) return fields;
    return { ...fields, values: values.map((one) => (one === from ? to : (one as unknown))) };
  };
  return paint;
}

function unmarked(metadata: Fields, key: 'labels' | 'annotations'): Fields {
  const fields = fieldsAt(metadata, key);
  const isMark = (name: string): boolean =>
    OWN_MARKS.includes(name) || MARKS.some((mark) => name.startsWith(mark));
  return without(fields, Object.keys(fields).filter(isMark));
}

function without(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)));
}
