/**
 * The API as a rainbow group is looked at by it, answered from what informers keep: so that a look at
 * it costs the API server nothing. What they do not keep is asked for, and so is everything else.
 */
import {
  type Api,
  AUTOSCALERS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  type Listed,
  type ListScope,
  PODS,
  type Preconditions,
  REPLICA_SETS,
  type Resource,
  type Scope,
  SERVICES,
  type Writing,
} from '../kubernetes/api.js';
import type { Change, Known } from '../kubernetes/informer.js';
import { COLOUR_LABEL, RAINBOW_LABEL } from '../kubernetes/keys.js';
import type { Labels } from '../kubernetes/labels.js';
import { readDeployment } from '../rainbow/colours.js';
import { metadataOf } from '../rainbow/objects.js';
import { readPod, readReplicaSet } from '../rainbow/pods.js';
import { readAutoscaler } from '../rainbow/rivals.js';
import { readService, readSlice } from '../rainbow/services.js';
import type { ServerTime } from './server-time.js';

type Read<V> = (object: unknown) => V;

/** What an informer keeps of an object: what the room rainbow reads of it. */
export interface Noted<V = unknown> extends Known {
  readonly value: V;
}

/** What an informer is to keep for this room. */
export interface Kind {
  readonly resource: Resource;
  /** A label that all of them have; empty: they need have none. */
  readonly label: string;
  readonly read: Read<unknown>;
}

export const RAINBOW_KINDS: readonly Kind[] = [
  { resource: DEPLOYMENTS, label: RAINBOW_LABEL, read: readDeployment },
  { resource: REPLICA_SETS, label: COLOUR_LABEL, read: readReplicaSet },
  { resource: PODS, label: COLOUR_LABEL, read: readPod },
  { resource: AUTOSCALERS, label: '', read: readAutoscaler },
  { resource: SERVICES, label: '', read: readService },
  { resource: ENDPOINT_SLICES, label: '', read: readSlice },
];

/** How an informer of that kind reads; undefined: it keeps nothing of it. */
export function noting(read: Read<unknown>): (object: unknown) => Noted | undefined {
  return (object) => {
    const value = read(object);
    if (value === undefined) return undefined;
    const { uid, namespace, name, labels } = metadataOf(object);
    return { uid, namespace, name, labels, value };
  };
}

/** As an informer is. */
export interface Store {
  readonly isSynced: boolean;
  /** Of a namespace; of all if none is named. */
  items(namespace?: string): Iterable<Noted>;
  onChange(hear: (change: Change<Noted>) => void): void;
}

/** The objects of one kind in a namespace; in all of them if none is named. */
export interface Held {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly store: Store;
}

export class KnownApi implements Api {
  private readonly real: Api;
  private readonly time: ServerTime;
  private readonly held: readonly Held[];

  constructor(real: Api, time: ServerTime, held: readonly Held[]) {
    this.real = real;
    this.time = time;
    this.held = held;
  }

  /** Whether all that is kept of a namespace was listed once. */
  isSynced(namespace: string): boolean {
    const all = this.held.filter((one) => isIn(one, namespace));
    return this.time.nowMs !== undefined && all.every(({ store }) => store.isSynced);
  }

  /** All objects of a kind that are kept; those of a namespace if one is named. */
  *items(resource: Resource, namespace?: string): Generator<Noted> {
    for (const held of this.held) {
      const isMeant = namespace === undefined || isIn(held, namespace);
      if (held.kind.resource === resource && isMeant) yield* held.store.items(namespace);
    }
  }

  onChange(resource: Resource, hear: (change: Change<Noted>) => void): void {
    for (const { kind, store } of this.held) if (kind.resource === resource) store.onChange(hear);
  }

  list<T>(resource: Resource, scope: ListScope, read: Read<T>): Promise<Listed<T>> {
    const found = this.found(resource, scope, read);
    const atMs = this.time.nowMs;
    if (found === undefined || atMs === undefined) return this.real.list(resource, scope, read);
    // By name, as the API server has them.
    const items = found
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ value }) => value as T);
    return Promise.resolve({ items, atMs, resourceVersion: '' });
  }

  /** Undefined if that is not kept, or in another form. */
  private found(resource: Resource, scope: Scope, read: Read<unknown>): Noted[] | undefined {
    const { namespace, labelSelector = '' } = scope;
    const asked = requirementsIn(labelSelector);
    if (namespace === undefined || asked === undefined) return undefined;
    const holds = this.held.find(
      (one) => one.kind.resource === resource && one.kind.read === read && isIn(one, namespace),
    );
    if (holds === undefined) return undefined;
    const { label } = holds.kind;
    if (label !== '' && !asked.some(({ key }) => key === label)) return undefined;
    return [...holds.store.items(namespace)].filter(({ labels }) =>
      asked.every((its) => isMet(its, labels)),
    );
  }

  get(resource: Resource, namespace: string, name: string): Promise<unknown> {
    return this.real.get(resource, namespace, name);
  }

  create(
    resource: Resource,
    namespace: string,
    object: object,
    writing?: Writing,
  ): Promise<unknown> {
    return this.real.create(resource, namespace, object, writing);
  }

  patch(
    resource: Resource,
    namespace: string,
    name: string,
    merge: object,
    writing?: Writing,
  ): Promise<unknown> {
    return this.real.patch(resource, namespace, name, merge, writing);
  }

  remove(
    resource: Resource,
    namespace: string,
    name: string,
    only: Preconditions,
    writing?: Writing,
  ): Promise<void> {
    return this.real.remove(resource, namespace, name, only, writing);
  }
}

function isIn(held: Held, namespace: string): boolean {
  return held.namespace === undefined || held.namespace === namespace;
}

/** A label that has to be there; with one of these values, if any are named. */
interface Requirement {
  readonly key: string;
  readonly values: readonly string[] | undefined;
}

const EQUALS = /^([^\s=!,()]+)=([^\s=!,()]*)$/;
const IN = /^([^\s=!,()]+) in \(([^()]*)\)$/;
const EXISTS = /^[^\s=!,()]+$/;

/** The selectors that groups are looked at by; undefined if it is another one. */
function requirementsIn(selector: string): readonly Requirement[] | undefined {
  if (selector === '') return [];
  // A comma within brackets separates values.
  const parts = selector.split(/,(?![^(]*\))/).map((part): Requirement | undefined => {
    const [, key, value] = EQUALS.exec(part) ?? [];
    if (key !== undefined) return { key, values: [value] };
    const [, inKey, values] = IN.exec(part) ?? [];
    if (inKey !== undefined) return { key: inKey, values: values.split(',') };
    return EXISTS.test(part) ? { key: part, values: undefined } : undefined;
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function isMet({ key, values }: Requirement, labels: Labels): boolean {
  if (!Object.hasOwn(labels, key)) return false;
  return values === undefined || values.includes(labels[key]);
}
