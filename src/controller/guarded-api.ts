/**
 * The API as all parts of the controller have it: each call is noted, and nothing is written by a
 * replica that does not lead, nor anything but Events in a dry run. The Lease alone is written by
 * whoever wants to lead.
 */
import {
  EVENTS,
  LEASES,
  type Listed,
  type ListScope,
  type Preconditions,
  type Resource,
  type WatchApi,
  type WatchEvent,
  type WatchScope,
  type Writing,
} from '../kubernetes/api.js';
import { KubernetesError } from '../kubernetes/fault.js';
import type { Calls, Deed } from './calls.js';

export interface Guarding {
  readonly api: WatchApi;
  readonly calls: Calls;
  /** An answer has told the API server's time of day. */
  readonly told: (atMs: number) => void;
  readonly isLeader: () => boolean;
  readonly isDryRun: boolean;
}

export class GuardedApi implements WatchApi {
  private readonly guarding: Guarding;

  constructor(guarding: Guarding) {
    this.guarding = guarding;
  }

  async list<T>(
    resource: Resource,
    scope: ListScope,
    read: (object: unknown) => T,
  ): Promise<Listed<T>> {
    const { api, calls, told } = this.guarding;
    const deed: Deed = { verb: 'list', resource, namespace: scope.namespace };
    const listed = await calls.noted(deed, () => api.list(resource, scope, read));
    told(listed.atMs);
    return listed;
  }

  watch(
    resource: Resource,
    scope: WatchScope,
    resourceVersion: string,
    hear: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { api, calls } = this.guarding;
    const deed: Deed = { verb: 'watch', resource, namespace: scope.namespace };
    let isHeard = false;
    const hearNoted = (event: WatchEvent): void => {
      if (!isHeard) calls.worked(deed);
      isHeard = true;
      hear(event);
    };
    // Broken off before it has told anything, it may have been about to be refused.
    const showsNothing = (): boolean => signal.aborted && !isHeard;
    return calls.noted(
      deed,
      () => api.watch(resource, scope, resourceVersion, hearNoted, signal),
      showsNothing,
    );
  }

  get(resource: Resource, namespace: string, name: string): Promise<unknown> {
    const { api, calls } = this.guarding;
    const deed: Deed = { verb: 'get', resource, namespace };
    return calls.noted(deed, () => api.get(resource, namespace, name));
  }

  create(
    resource: Resource,
    namespace: string,
    object: object,
    writing?: Writing,
  ): Promise<unknown> {
    const { api } = this.guarding;
    return this.write({ verb: 'create', resource, namespace }, () =>
      api.create(resource, namespace, object, writing),
    );
  }

  patch(
    resource: Resource,
    namespace: string,
    name: string,
    merge: object,
    writing?: Writing,
  ): Promise<unknown> {
    const { api } = this.guarding;
    return this.write({ verb: 'patch', resource, namespace }, () =>
      api.patch(resource, namespace, name, merge, writing),
    );
  }

  remove(
    resource: Resource,
    namespace: string,
    name: string,
    only: Preconditions,
    writing?: Writing,
  ): Promise<void> {
    const { api } = this.guarding;
    return this.write({ verb: 'delete', resource, namespace }, () =>
      api.remove(resource, namespace, name, only, writing),
    );
  }

  private async write<T>(deed: Deed, call: () => Promise<T>): Promise<T> {
    const why = this.refusal(deed);
    if (why !== undefined) throw new KubernetesError(why, true);
    return this.guarding.calls.noted(deed, call);
  }

  /** Undefined if it may be written. */
  private refusal({ verb, resource }: Deed): string | undefined {
    const { isLeader, isDryRun } = this.guarding;
    if (isOf(resource, LEASES)) return undefined;
    const what = `${verb} on ${resource.plural} is not done`;
    if (!isLeader()) return `${what}: this replica does not lead`;
    if (isDryRun && !isOf(resource, EVENTS)) return `${what}: this is a dry run`;
    return undefined;
  }
}

function isOf(one: Deed['resource'], other: Resource): boolean {
  return one.group === other.group && one.plural === other.plural;
}
