/**
 * What this room reads of the API server's objects, field by field. A field that is missing or has
 * another form counts as not there; an object without name, uid or version is none.
 */
import { momentOf } from '../clock.js';
import { KubernetesError } from '../kubernetes/fault.js';
import type { Labels } from '../kubernetes/labels.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What all objects have. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdMs: number;
  readonly isDeleting: boolean;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Whoever has written a field of it that still stands. */
  readonly writers: readonly string[];
  /** Who keeps it as it is; one at most. */
  readonly controller: Owner | undefined;
}

export interface Owner {
  /** Without its version: `apps`. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Empty if there are none. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  const found = path.reduce<unknown>((at, key) => (isFields(at) ? at[key] : undefined), value);
  return isFields(found) ? found : {};
}

export function textAt(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(fields: Fields, key: string): number | undefined {
  const value = fields[key];
  return typeof value === 'number' ? value : undefined;
}

export function listAt(fields: Fields, key: string): readonly Fields[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function textsAt(fields: Fields, key: string): readonly string[] {
  const value: unknown = fields[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export function labelsAt(fields: Fields, key: string): Labels {
  const pairs = Object.entries(fieldsAt(fields, key));
  return Object.fromEntries(
    pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** Undefined if there is none that can be read. */
export function momentAt(fields: Fields, key: string): number | undefined {
  const ms = momentOf(textAt(fields, key) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** Throws a KubernetesError if that is no object. */
export function metadataOf(object: unknown): Metadata {
  const metadata = fieldsAt(object, 'metadata');
  const needed = (key: string): string => {
    const text = textAt(metadata, key) ?? '';
    if (text !== '') return text;
    throw new KubernetesError(`the API server answers with an object without metadata.${key}`);
  };
  const owner = listAt(metadata, 'ownerReferences').find(({ controller }) => controller === true);
  return {
    name: needed('name'),
    namespace: textAt(metadata, 'namespace') ?? '',
    uid: needed('uid'),
    resourceVersion: needed('resourceVersion'),
    generation: numberAt(metadata, 'generation') ?? 0,
    createdMs: momentAt(metadata, 'creationTimestamp') ?? 0,
    isDeleting: metadata['deletionTimestamp'] !== undefined,
    labels: labelsAt(metadata, 'labels'),
    annotations: labelsAt(metadata, 'annotations'),
    writers: writersOf(metadata),
    controller: owner === undefined ? undefined : ownerOf(owner),
  };
}

function writersOf(metadata: Fields): readonly string[] {
  const names = listAt(metadata, 'managedFields').map((entry) => textAt(entry, 'manager') ?? '');
  return [...new Set(names)];
}

function ownerOf(reference: Fields): Owner {
  const apiVersion = (textAt(reference, 'apiVersion') ?? '').split('/');
  // `v1` alone is of the core group, which has no name.
  const [group, version = ''] = apiVersion.length === 1 ? ['', ...apiVersion] : apiVersion;
  return {
    group,
    version,
    kind: textAt(reference, 'kind') ?? '',
    name: textAt(reference, 'name') ?? '',
    uid: textAt(reference, 'uid') ?? '',
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
