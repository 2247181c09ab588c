/**
 * Services and their EndpointSlices: which colours each selects, routes to, or could be moved to.
 * A colour is live by what a selector matches at this moment and by nothing else.
 */
import { isIPv6, SocketAddress } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { COLOUR_LABEL } from '../kubernetes/keys.js';
import { type Labels, serviceSelects } from '../kubernetes/labels.js';
import type { Colour } from './colours.js';
import type { ServiceFacts } from './contract.js';
import {
  type Fields,
  fieldsAt,
  labelsAt,
  listAt,
  type Metadata,
  metadataOf,
  textAt,
  textsAt,
} from './objects.js';
import { isPaused } from './pause.js';
import { serviceRivals } from './rivals.js';

export interface Service {
  readonly metadata: Metadata;
  readonly selector: Labels;
}

/** Of one EndpointSlice, those that do not terminate. */
export interface Slice {
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** The name of its pod; else its first address. */
  readonly name: string;
  readonly addresses: readonly string[];
  readonly isPod: boolean;
  readonly isReady: boolean;
}

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export function readService(object: unknown): Service {
  const spec = fieldsAt(object, 'spec');
  // Of a name outside the cluster a selector means nothing.
  const selector = spec['type'] === 'ExternalName' ? {} : labelsAt(spec, 'selector');
  return { metadata: metadataOf(object), selector };
}

/** Undefined if it is of no Service. */
export function readSlice(object: unknown): Slice | undefined {
  const service = metadataOf(object).labels[SERVICE_NAME_LABEL];
  if (service === undefined) return undefined;
  const endpoints = listAt(fieldsAt(object), 'endpoints').flatMap((one) => readEndpoint(one));
  return { service, endpoints };
}

function readEndpoint(endpoint: Fields): readonly Endpoint[] {
  const conditions = fieldsAt(endpoint, 'conditions');
  if (conditions['terminating'] === true) return [];
  const target = fieldsAt(endpoint, 'targetRef');
  const addresses = textsAt(endpoint, 'addresses');
  const pod = target['kind'] === 'Pod' ? textAt(target, 'name') : undefined;
  // What is not said counts as ready (discovery.k8s.io/v1, EndpointConditions); `ready` is also said
  // of what is not, where the Service publishes those.
  const isReady = conditions['ready'] !== false && conditions['serving'] !== false;
  return [{ name: pod ?? addresses.join(), addresses, isPod: pod !== undefined, isReady }];
}

/** Those that have to do with these colours. */
export function serviceFacts(
  services: readonly Service[],
  slices: readonly Slice[],
  colours: readonly Colour[],
): readonly ServiceFacts[] {
  return services.flatMap((service) => {
    const { metadata, selector } = service;
    const { name, uid, resourceVersion } = metadata;
    const own = slices.filter((slice) => slice.service === name);
    const endpoints = own.flatMap((slice) => slice.endpoints);
    const selects = colours.filter((colour) => isSelected(colour, selector));
    const routesTo = colours.filter((colour) => isRouted(colour, endpoints));
    const colour = isMovable(selector, colours) ? selector[COLOUR_LABEL] : undefined;
    if (colour === undefined && selects.length + routesTo.length === 0) return [];
    const ready = endpoints.filter((endpoint) => endpoint.isReady).map((one) => one.name);
    return [
      {
        ...{ name, uid, resourceVersion, selector, colour },
        selects: namesOf(selects),
        routesTo: namesOf(routesTo),
        // A pod with addresses of both families stands in two slices.
        readyPods: [...new Set(ready)],
        isPaused: isPaused(metadata.annotations),
        rivals: serviceRivals(metadata, selector),
      },
    ];
  });
}

/** What it was and is differ in nothing that is read here: others write to it, too. */
export function isSameService(one: Service, other: Service): boolean {
  return isDeepStrictEqual(meaningOf(one), meaningOf(other));
}

function meaningOf({ metadata, selector }: Service): unknown {
  const rivals = serviceRivals(metadata, selector);
  return { selector, rivals, isPaused: isPaused(metadata.annotations) };
}

/** Whichever colour it asks for, but for that it selects who has these labels. */
export function couldSelect({ selector }: Service, labels: Labels): boolean {
  const { [COLOUR_LABEL]: asked, ...others } = selector;
  if (Object.keys(others).length > 0) return serviceSelects(others, labels);
  return asked !== undefined && labels[COLOUR_LABEL] === asked;
}

function namesOf(colours: readonly Colour[]): readonly string[] {
  return [...new Set(colours.map(({ colour }) => colour))];
}

function isSelected({ deployment, pods }: Colour, selector: Labels): boolean {
  const all = [deployment.template, ...pods.map(({ labels }) => labels)];
  return all.some((labels) => serviceSelects(selector, labels));
}

function isRouted({ pods }: Colour, endpoints: readonly Endpoint[]): boolean {
  const names = new Set(pods.map(({ facts }) => facts.name));
  const own = new Set(pods.flatMap(({ addresses }) => addresses.map(sameSpelling)));
  return endpoints.some(({ name, addresses, isPod }) =>
    // Who writes slices by hand may name addresses alone, of either family.
    isPod ? names.has(name) : addresses.some((address) => own.has(sameSpelling(address))),
  );
}

/** An IPv6 address can be written in many ways. */
function sameSpelling(address: string): string {
  if (!isIPv6(address)) return address;
  const [bare] = address.split('%');
  return new SocketAddress({ address: bare, family: 'ipv6' }).address;
}

/** It asks for a colour, and but for that it fits one of these. */
function isMovable(selector: Labels, colours: readonly Colour[]): boolean {
  const { [COLOUR_LABEL]: asked, ...others } = selector;
  if (asked === undefined) return false;
  if (Object.keys(others).length === 0) return colours.some(({ colour }) => colour === asked);
  return colours.some(({ deployment }) => serviceSelects(others, deployment.template));
}
