/**
 * What a cluster's controllers do of themselves, in a cluster made up: pods as many as replicas ask
 * for, those with the least deletion cost gone first, statuses, and EndpointSlices of the pods that a
 * selector matches. At once, after each change, unless a test holds them.
 */
import type { Stored } from './fake-objects.js';
import { NAMESPACE, type RainbowStage } from './rainbow-stage.js';

type Labels = Readonly<Record<string, string>>;
const COST = 'controller.kubernetes.io/pod-deletion-cost';

interface Spec {
  readonly replicas?: number;
  readonly selector?: Labels;
  readonly template?: { readonly metadata: { readonly labels: Labels } };
}

export class RainbowControllers {
  /** Nothing happens of itself. */
  isHeld = false;
  /** Pods that are made are ready at once. */
  makesReady = true;
  /** Pods that are ready have not been so for minReadySeconds. */
  isWaiting = false;
  /** They know of deletion costs what they knew when a test let them `catchUp`. */
  isLate = false;
  private known = new Map<string, number>();
  private readonly stage: RainbowStage;
  private isAtWork = false;
  private made = 0;

  constructor(stage: RainbowStage) {
    this.stage = stage;
    stage.fake.objects.onChange = () => this.reconcile();
  }

  release(): void {
    this.isHeld = false;
    this.reconcile();
  }

  /** Until nothing changes any more. */
  reconcile(): void {
    if (this.isHeld || this.isAtWork) return;
    this.isAtWork = true;
    const { objects } = this.stage.fake;
    for (const deployment of objects.list('Deployment', NAMESPACE)) this.scale(deployment);
    for (const deployment of objects.list('Deployment', NAMESPACE)) this.tellStatus(deployment);
    for (const service of objects.list('Service', NAMESPACE)) this.route(service);
    this.isAtWork = false;
  }

  podsOf(deployment: Stored): Stored[] {
    const { objects } = this.stage.fake;
    const owners = objects
      .list('ReplicaSet', NAMESPACE)
      .filter((one) => isOwnedBy(one, deployment))
      .map((one) => one.metadata.uid);
    return objects
      .list('Pod', NAMESPACE)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => owners.includes(uid)));
  }

  catchUp(): void {
    const pods = this.stage.fake.objects.list('Pod', NAMESPACE);
    this.known = new Map(pods.map((pod) => [pod.metadata.name, costOf(pod)]));
  }

  private costOf(pod: Stored): number {
    return this.isLate ? (this.known.get(pod.metadata.name) ?? 0) : costOf(pod);
  }

  /** As a pod's readiness probe would. */
  setReady(name: string, isReady: boolean): void {
    const status = { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] };
    this.stage.fake.objects.patch('Pod', NAMESPACE, name, { status });
  }

  private scale(deployment: Stored): void {
    const { objects } = this.stage.fake;
    const { replicas = 1, template } = deployment['spec'] as Spec;
    const pods = this.podsOf(deployment).sort(
      (one, other) => this.costOf(one) - this.costOf(other),
    );
    for (const { metadata } of pods.slice(0, Math.max(0, pods.length - replicas))) {
      objects.remove('Pod', NAMESPACE, metadata.name);
    }
    const owner = objects.list('ReplicaSet', NAMESPACE).find((one) => isOwnedBy(one, deployment));
    for (let count = pods.length; count < replicas; count++) {
      const name = `${deployment.metadata.name}-new-${++this.made}`;
      this.stage.pod(name, template?.metadata.labels ?? {}, owner);
      if (!this.makesReady) this.setReady(name, false);
    }
  }

  private tellStatus(deployment: Stored): void {
    const pods = this.podsOf(deployment);
    const { generation: observedGeneration, name } = deployment.metadata;
    const status = {
      observedGeneration,
      replicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: pods.filter(isReady).length,
      availableReplicas: this.isWaiting ? 0 : pods.filter(isReady).length,
    };
    this.stage.fake.objects.patch('Deployment', NAMESPACE, name, { status });
  }

  private route(service: Stored): void {
    const { objects } = this.stage.fake;
    const { selector = {} } = service['spec'] as Spec;
    const pods = objects
      .list('Pod', NAMESPACE)
      .filter(isReady)
      .filter(({ metadata: { labels = {} } }) => matches(selector, labels));
    const slice = objects.find('EndpointSlice', NAMESPACE, `${service.metadata.name}-1`);
    const names = pods.map(({ metadata }) => metadata.name).join();
    if (slice !== undefined && namesIn(slice) === names) return;
    this.stage.routes(service.metadata.name, pods);
  }
}

function namesIn(slice: Stored): string {
  const endpoints = slice['endpoints'] as readonly { readonly targetRef: { name: string } }[];
  return endpoints.map(({ targetRef }) => targetRef.name).join();
}

function isReady({ status }: Stored): boolean {
  const { conditions = [] } = status as {
    conditions?: readonly { type: string; status: string }[];
  };
  return conditions.some((one) => one.type === 'Ready' && one.status === 'True');
}

function costOf({ metadata }: Stored): number {
  return Number(metadata.annotations?.[COST] ?? 0);
}

function isOwnedBy({ metadata }: Stored, owner: Stored): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}

function matches(selector: Labels, labels: Labels): boolean {
  const asked = Object.entries(selector);
  return asked.length > 0 && asked.every(([key, value]) => labels[key] === value);
}
