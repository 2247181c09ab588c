/**
 * Everything that this room changes in a cluster, each with what must still be true of it: a
 * Deployment and a Service are as they were seen, a pod is the one that was seen. Decides nothing.
 */
import { type Api, DEPLOYMENTS, PODS, SERVICES, type Writing } from '../kubernetes/api.js';
import { isConflict, isNotFound } from '../kubernetes/fault.js';
import {
  COLOUR_LABEL,
  DELETION_COST_ANNOTATION,
  DRAIN_ANNOTATION,
  RAINBOW_DRAIN_ANNOTATION,
  RAINBOW_STATE_ANNOTATION,
} from '../kubernetes/keys.js';
import type { DeploymentFacts, Facts, PodName, ServiceFacts, State } from './contract.js';
import { IDLE_COST } from './removal-order.js';
import { stateText } from './state.js';

/** Patches of pods under way at once. */
const PODS_AT_ONCE = 8;

/** What is written of a Deployment, in one patch: replicas and what is remembered belong together. */
export interface DeploymentChange {
  readonly state?: State | undefined;
  readonly replicas?: number | undefined;
}

/** Annotations by key; null: there is to be none. */
type Marks = Readonly<Record<string, string | null>>;

export class Writes {
  private readonly api: Api;
  private readonly namespace: string;
  private readonly group: string;
  private readonly writing: Writing;
  /** What takes away is right for what was seen just now, and for nothing later. */
  private readonly taking: Writing;

  constructor(api: Api, of: Pick<Facts, 'namespace' | 'group'>, writing: Writing) {
    this.api = api;
    this.namespace = of.namespace;
    this.group = of.group;
    this.writing = writing;
    this.taking = { ...writing, isOnce: true };
  }

  async change(seen: DeploymentFacts, change: DeploymentChange): Promise<void> {
    await this.write(seen, change, this.writing);
  }

  /** The same, where it takes pods away, or is what allows to. */
  async reduce(seen: DeploymentFacts, change: DeploymentChange): Promise<void> {
    await this.write(seen, change, this.taking);
  }

  private async write(
    seen: DeploymentFacts,
    { state, replicas }: DeploymentChange,
    writing: Writing,
  ): Promise<void> {
    if (state === undefined && replicas === undefined) return;
    const { name, uid, resourceVersion } = seen;
    const annotations =
      state === undefined ? {} : { [RAINBOW_STATE_ANNOTATION]: stateText(state, uid) };
    const merge = {
      metadata: { uid, resourceVersion, annotations },
      ...(replicas === undefined ? {} : { spec: { replicas } }),
    };
    await this.api.patch(DEPLOYMENTS, this.namespace, name, merge, writing);
  }

  async remove({ name, uid, resourceVersion }: DeploymentFacts): Promise<void> {
    const only = { uid, resourceVersion };
    await this.api.remove(DEPLOYMENTS, this.namespace, name, only, this.taking);
  }

  async select({ name, uid, resourceVersion }: ServiceFacts, colour: string): Promise<void> {
    const merge = {
      metadata: { uid, resourceVersion },
      spec: { selector: { [COLOUR_LABEL]: colour } },
    };
    await this.api.patch(SERVICES, this.namespace, name, merge, this.writing);
  }

  /** A pod that has gone meanwhile needs none of these. What is asked for here can be told later. */
  async drain(pods: readonly PodName[]): Promise<void> {
    const marks = { [DRAIN_ANNOTATION]: 'true', [RAINBOW_DRAIN_ANNOTATION]: this.group };
    await eachOf(pods, (pod) => this.unlessGone(pod, marks, this.taking));
  }

  async recall(pods: readonly PodName[]): Promise<void> {
    const marks = { [DRAIN_ANNOTATION]: null, [RAINBOW_DRAIN_ANNOTATION]: null };
    await eachOf(pods, (pod) => this.unlessGone(pod, marks));
  }

  async uncost(pods: readonly PodName[]): Promise<void> {
    await eachOf(pods, (pod) => this.unlessGone(pod, { [DELETION_COST_ANNOTATION]: null }));
  }

  /** Rejects also for a pod that has gone: another one would go in its place. */
  async cost(pods: readonly (PodName & { readonly cost: number })[]): Promise<void> {
    await eachOf(pods, (pod) =>
      this.annotate(
        pod,
        { [DELETION_COST_ANNOTATION]: String(pod.cost) },
        // That it is idle, and goes first, is so at this moment.
        pod.cost === IDLE_COST ? this.taking : this.writing,
      ),
    );
  }

  private async unlessGone(pod: PodName, marks: Marks, writing = this.writing): Promise<void> {
    try {
      await this.annotate(pod, marks, writing);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  private async annotate(
    { name, uid }: PodName,
    annotations: Marks,
    writing = this.writing,
  ): Promise<void> {
    const merge = { metadata: { uid, annotations } };
    await this.api.patch(PODS, this.namespace, name, merge, writing);
  }
}

/** A few at a time. After a failure no further one begins; the first failure is the one thrown. */
async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const item of rest) {
      try {
        await act(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: PODS_AT_ONCE }, work));
  if (failures.length > 0) throw failures[0];
}
