/**
 * What this project asks of the Kubernetes API beyond pods' ports: objects are listed, read, made,
 * changed and deleted, each with what must still be true of it. An object is what the server sent;
 * whoever asks says how it is read.
 */

/** A kind of object, as it stands in paths and in rights. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', plural: 'deployments' };
export const REPLICA_SETS: Resource = { group: 'apps', version: 'v1', plural: 'replicasets' };
export const EVENTS: Resource = { group: '', version: 'v1', plural: 'events' };
export const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods' };
export const SERVICES: Resource = { group: '', version: 'v1', plural: 'services' };
export const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
};
export const AUTOSCALERS: Resource = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
};

/** Where it is looked for; no namespace: in all of them. */
export interface Scope {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
}

export interface ListScope extends Scope {
  /** How many make a page: what is read of one is kept, the page itself is not. */
  readonly pageItems?: number;
}

export interface WatchScope extends Scope {
  /** When the server is to end it. */
  readonly timeoutSeconds?: number;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** From where a watch goes on that is to tell of everything since. */
  readonly resourceVersion: string;
  /** The API server's time of day at its first answer. */
  readonly atMs: number;
}

export interface Writing {
  /** The server does all but keep it (`dryRun=All`). */
  readonly dryRun?: boolean;
  /** Not made again where it was not let in (429): it may not be right any more by then. */
  readonly isOnce?: boolean;
}

/** What an object must still be to be deleted. */
export interface Preconditions {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Every call rejects with a KubernetesError in words that name the right that is missing. */
export interface Api {
  /** All of them, page by page; `read` sees each object once, so that no page need be kept. */
  list<T>(resource: Resource, scope: ListScope, read: (object: unknown) => T): Promise<Listed<T>>;
  /** Undefined if there is none. */
  get(resource: Resource, namespace: string, name: string): Promise<unknown>;
  create(
    resource: Resource,
    namespace: string,
    object: object,
    writing?: Writing,
  ): Promise<unknown>;
  /** A JSON merge patch (RFC 7396); metadata.uid and metadata.resourceVersion in it must hold. */
  patch(
    resource: Resource,
    namespace: string,
    name: string,
    merge: object,
    writing?: Writing,
  ): Promise<unknown>;
  /** In the background: what it owns goes after it. */
  remove(
    resource: Resource,
    namespace: string,
    name: string,
    only: Preconditions,
    writing?: Writing,
  ): Promise<void>;
}

/** A change as the server tells it; a bookmark is none, and says only how far it has told. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  /** As it is, or was when it was deleted, or stopped matching. */
  readonly object: unknown;
  /** From where the next watch goes on. */
  readonly resourceVersion: string;
}

export interface WatchApi extends Api {
  /**
   * One watch from `resourceVersion` on. Resolves when the server has ended it, or `signal` has;
   * rejects with a KubernetesError, an expired one (`isExpired`) if too much has happened since,
   * or with what `hear` has thrown.
   */
  watch(
    resource: Resource,
    scope: WatchScope,
    resourceVersion: string,
    hear: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
}
