/**
 * What an API server keeps, in memory: objects by kind, namespace and name, with uids and resource
 * versions, and the writes that it refuses. What is deleted takes along what it owns.
 */
import { parseSelector } from './label-selector.js';

export interface Metadata {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation: number;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: readonly { kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  metadata: Metadata;
  readonly [field: string]: unknown;
}

/** What a test puts in: the rest of its metadata is made up. */
export interface Given {
  readonly kind: string;
  readonly metadata: Partial<Metadata> & { readonly name: string };
  readonly [field: string]: unknown;
}

/** Group and version, and the plural that stands in paths. */
const KINDS: Readonly<Record<string, readonly [apiVersion: string, plural: string]>> = {
  Deployment: ['apps/v1', 'deployments'],
  ReplicaSet: ['apps/v1', 'replicasets'],
  Pod: ['v1', 'pods'],
  Service: ['v1', 'services'],
  EndpointSlice: ['discovery.k8s.io/v1', 'endpointslices'],
  HorizontalPodAutoscaler: ['autoscaling/v2', 'horizontalpodautoscalers'],
  Lease: ['coordination.k8s.io/v1', 'leases'],
  Event: ['v1', 'events'],
};

/** Undefined if it is no path of a kind that is known here. */
export function kindOf(apiVersion: string, plural: string): string | undefined {
  const found = Object.entries(KINDS).find(
    ([, [version, name]]) => version === apiVersion && name === plural,
  );
  return found?.[0];
}

/** As it stands in rights and messages: `deployments.apps`. */
export function resourceOf(kind: string): string {
  const [apiVersion, plural] = KINDS[kind];
  return apiVersion.includes('/') ? `${plural}.${apiVersion.split('/')[0]}` : plural;
}

/** What the API server would answer: a Status with this code and reason. */
export class Refused extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export type Change = 'created' | 'changed' | 'deleted';

/** One step of what has happened: there is nothing before a creation, and nothing after an end. */
export interface Noted {
  readonly kind: string;
  readonly version: number;
  readonly before: Stored | undefined;
  readonly object: Stored | undefined;
}

/** How many of them are kept, as the real one's caches keep some. */
const NOTED_MAX = 10_000;

export class FakeObjects {
  /** After each change, also of the fake's own: a test may play the controllers here. */
  onChange: (change: Change, object: Stored) => void = () => undefined;
  /** Each hears of each change, in order. */
  readonly noted = new Set<(noted: Noted) => void>();
  /** Changes up to this version are told to nobody any more. */
  oldest = 0;
  private readonly history: Noted[] = [];
  private readonly objects = new Map<string, Stored>();
  private readonly now: () => number;
  private version = 1_000;
  private uids = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  get resourceVersion(): string {
    return String(this.version);
  }

  /** The changes after this version. */
  since(version: number): Noted[] {
    return this.history.filter((noted) => noted.version > version);
  }

  /** What has happened until now is too old to be told. */
  forget(): void {
    this.oldest = this.version;
    this.history.length = 0;
  }

  private note(before: Stored | undefined, object: Stored | undefined): void {
    const { kind } = (object ?? before) as Stored;
    const noted: Noted = { kind, version: this.version, before, object };
    this.history.push(noted);
    if (this.history.length > NOTED_MAX) this.oldest = (this.history.shift() as Noted).version;
    for (const hear of this.noted) hear(noted);
  }

  /** Adds it, or puts it in the place of the one with its name. */
  put(given: Given): Stored {
    const namespace = given.metadata.namespace ?? 'default';
    const key = keyOf(given.kind, namespace, given.metadata.name);
    const before = this.objects.get(key);
    const isSame = before !== undefined && before.metadata.uid === given.metadata.uid;
    // To whoever watches, what gets another uid is another one.
    if (before !== undefined && !isSame) {
      this.version += 1;
      this.note(before, undefined);
    }
    const stored = this.made(given, namespace);
    this.objects.set(key, stored);
    this.note(isSame ? before : undefined, stored);
    this.onChange(before === undefined ? 'created' : 'changed', stored);
    return stored;
  }

  find(kind: string, namespace: string, name: string): Stored | undefined {
    return this.objects.get(keyOf(kind, namespace, name));
  }

  /** Throws a Refused (404) if there is none. */
  get(kind: string, namespace: string, name: string): Stored {
    const found = this.find(kind, namespace, name);
    if (found !== undefined) return found;
    throw new Refused(404, 'NotFound', `${resourceOf(kind)} "${name}" not found`);
  }

  /** In the order of their names; all namespaces if none is given. */
  list(kind: string, namespace?: string, labelSelector = ''): Stored[] {
    const isMeant = parseSelector(labelSelector);
    return [...this.objects.entries()]
      .filter(([key]) =>
        key.startsWith(namespace === undefined ? `${kind}/` : `${kind}/${namespace}/`),
      )
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, object]) => object)
      .filter(({ metadata }) => isMeant(metadata.labels ?? {}));
  }

  create(kind: string, namespace: string, given: Given, dryRun: boolean): Stored {
    const { name } = given.metadata;
    if (this.find(kind, namespace, name) !== undefined) {
      throw new Refused(409, 'AlreadyExists', `${resourceOf(kind)} "${name}" already exists`);
    }
    if (given.metadata.resourceVersion !== undefined) {
      const message = 'resourceVersion should not be set on objects to be created';
      throw new Refused(400, 'BadRequest', message);
    }
    const metadata = { ...given.metadata, name, namespace };
    delete metadata.uid;
    delete metadata.creationTimestamp;
    const made = { ...given, kind, metadata };
    return dryRun ? this.made(made, namespace) : this.put(made);
  }

  /** A JSON merge patch; throws a Refused where uid or resourceVersion do not hold. */
  patch(kind: string, namespace: string, name: string, merge: object, dryRun = false): Stored {
    const before = this.get(kind, namespace, name);
    const wanted = (merge as Partial<Given>).metadata;
    for (const key of ['resourceVersion', 'uid'] as const) {
      if (wanted?.[key] !== undefined && wanted[key] !== before.metadata[key]) {
        if (key === 'uid') throw otherUid(kind, name, wanted[key]);
        throw conflict(
          kind,
          name,
          'the object has been modified; please apply your changes to the latest version and try again',
        );
      }
    }
    const after = merged(before, merge) as Stored;
    const { uid, generation, creationTimestamp } = before.metadata;
    const isSame = JSON.stringify(after) === JSON.stringify(before);
    if (isSame) return before;
    const isSpec = JSON.stringify(after['spec']) !== JSON.stringify(before['spec']);
    const metadata: Metadata = {
      ...after.metadata,
      ...{ uid, creationTimestamp, generation: generation + (isSpec ? 1 : 0) },
      resourceVersion: String(dryRun ? this.version : ++this.version),
    };
    const changed = { ...after, metadata };
    if (dryRun) return changed;
    this.objects.set(keyOf(kind, namespace, name), changed);
    this.note(before, changed);
    this.onChange('changed', changed);
    return changed;
  }

  /** With what it owns. Throws a Refused where it is another one than `only` says. */
  remove(
    kind: string,
    namespace: string,
    name: string,
    only: { readonly uid?: string; readonly resourceVersion?: string } = {},
    dryRun = false,
  ): void {
    const { metadata } = this.get(kind, namespace, name);
    for (const [key, words] of [
      ['uid', 'UID'],
      ['resourceVersion', 'ResourceVersion'],
    ] as const) {
      if (only[key] === undefined || only[key] === metadata[key]) continue;
      const what = `the ${words} in the precondition (${only[key]}) does not match the ${words} in record (${metadata[key]})`;
      throw conflict(kind, name, `${what}. The object might have been modified`);
    }
    if (!dryRun) this.drop(this.get(kind, namespace, name));
  }

  private drop(object: Stored): void {
    const { kind, metadata } = object;
    this.version += 1;
    this.objects.delete(keyOf(kind, metadata.namespace, metadata.name));
    this.note(object, undefined);
    this.onChange('deleted', object);
    for (const other of [...this.objects.values()]) {
      const owners = other.metadata.ownerReferences ?? [];
      if (owners.some(({ uid }) => uid === metadata.uid)) this.drop(other);
    }
  }

  private made(given: Given, namespace: string): Stored {
    const made = structuredClone(given) as unknown as Stored;
    const metadata = Object.assign(
      {
        uid: `00000000-0000-4000-8000-${String(++this.uids).padStart(12, '0')}`,
        creationTimestamp: new Date(this.now()).toISOString().replace(/\.\d+/, ''),
        generation: 1,
      },
      made.metadata,
      {
        namespace,
        resourceVersion: String(++this.version),
      },
    );
    return { ...made, apiVersion: KINDS[given.kind][0], metadata };
  }
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function conflict(kind: string, name: string, why: string): Refused {
  const what = `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}"`;
  return new Refused(409, 'Conflict', `${what}: ${why}`);
}

/** As the real one says it: a patch cannot change the uid. */
function otherUid(kind: string, name: string, uid: string | undefined): Refused {
  const why = `metadata.uid: Invalid value: "${uid}": field is immutable`;
  return new Refused(422, 'Invalid', `${kind} "${name}" is invalid: ${why}`);
}

/** RFC 7396. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
