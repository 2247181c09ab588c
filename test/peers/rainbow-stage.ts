/**
 * Colours in a cluster made up: Deployments with what their controllers would have made of them,
 * Services with their EndpointSlices, and what each pod's tidegate says. A test changes what it is
 * about, and nothing happens here by itself.
 */
import type { Status } from '../../src/admin/contract.js';
import type { FakeCluster } from './fake-cluster.js';
import type { Said } from './fake-calls.js';
import type { Metadata, Stored } from './fake-objects.js';

type Labels = Readonly<Record<string, string>>;

export const NAMESPACE = 'web';
export const GROUP = 'shop';

export interface ColourGiven {
  readonly replicas?: number;
  /** How many pods there are; as many as replicas unless told. */
  readonly pods?: number;
  readonly group?: string;
  readonly name?: string;
  readonly metadata?: Partial<Metadata>;
  /** Of its pods, beside the colour; `app` unless told. */
  readonly labels?: Labels;
  readonly selector?: object;
  readonly pod?: (index: number) => PodGiven;
}

export interface PodGiven {
  readonly name?: string;
  readonly metadata?: Partial<Metadata>;
  readonly spec?: object;
  readonly status?: object;
}

/** One colour as it was put there. */
export interface ColourMade {
  readonly deployment: Stored;
  readonly replicaSet: Stored;
  readonly pods: readonly Stored[];
}

/** What a tidegate says that has nothing to do. */
export function quiet(verdict: Partial<Status['verdict']> = {}, more: object = {}): Status {
  const { active = 0, leases = 0, phase = 'serving' } = verdict;
  const byKind = { websocket: { active, idle: 0, oldestSeconds: active > 0 ? 60 : null } };
  return {
    phase,
    since: '2026-01-01T00:00:00.000Z',
    verdict: { safe: true, phase, active, leases, quietSince: null, ...verdict },
    terminating: false,
    drain: null,
    eta: null,
    connections: { total: active, active, idle: 0, byKind },
    requestsInFlight: 0,
    leases: { held: leases, oldest: null },
    arrivals: 0,
    app: { up: true },
    build: { version: '0.1.0', node: 'v20.11.0' },
    ...more,
  } as Status;
}

export function busy(active: number): Status {
  return quiet({ safe: false, reason: 'active', active });
}

export class RainbowStage {
  readonly fake: FakeCluster;
  /** By pod; who is not named here is safe. */
  readonly says = new Map<string, Status | Said | undefined>();
  private addresses = 0;

  constructor(fake: FakeCluster) {
    this.fake = fake;
    fake.answering = ({ metadata: { name } }, path) => {
      if (path !== '/status') return { status: 404, body: { error: 'not-found', reason: path } };
      if (!this.says.has(name)) return { status: 200, body: quiet() };
      const said = this.says.get(name);
      return said === undefined || 'body' in said ? said : { status: 200, body: said };
    };
  }

  /** A Deployment of the group, its ReplicaSet and its pods, all up. */
  colour(colour: string, given: ColourGiven = {}): ColourMade {
    const { replicas = 2, group = GROUP, name = `${group}-${colour}`, metadata = {} } = given;
    const labels = { ...(given.labels ?? { app: group }), 'tidegate.dev/colour': colour };
    const template = { metadata: { labels }, spec: {} };
    const deployment = this.fake.objects.put({
      kind: 'Deployment',
      metadata: {
        ...{ name, namespace: NAMESPACE, generation: 1, ...metadata },
        labels: { 'tidegate.dev/rainbow': group, ...metadata.labels },
      },
      spec: { replicas, selector: given.selector ?? { matchLabels: labels }, template },
      status: { observedGeneration: 1, replicas },
    });
    const replicaSet = this.replicaSet(deployment, `${name}-1`, labels, replicas);
    const pods = Array.from({ length: given.pods ?? replicas }, (_, index) =>
      this.pod(`${name}-1-${index}`, labels, replicaSet, given.pod?.(index)),
    );
    return { deployment, replicaSet, pods };
  }

  replicaSet(owner: Stored, name: string, labels: Labels, replicas: number): Stored {
    const { metadata, apiVersion, kind } = owner;
    const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    return this.fake.objects.put({
      kind: 'ReplicaSet',
      metadata: {
        ...{ name, namespace: metadata.namespace, labels },
        ownerReferences: [{ ...reference, controller: true }],
      },
      spec: { replicas },
    });
  }

  pod(name: string, labels: Labels, owner?: Stored, given: PodGiven = {}): Stored {
    const address = `127.1.${++this.addresses >> 8}.${this.addresses & 255}`;
    const since = '2026-01-01T00:00:00Z';
    return this.fake.objects.put({
      kind: 'Pod',
      metadata: {
        ...{ name, namespace: NAMESPACE, labels },
        ...(owner === undefined
          ? {}
          : { ownerReferences: [{ ...refer(owner), controller: true }] }),
        ...given.metadata,
      },
      spec: { nodeName: 'node-1', containers: [{ name: 'app' }], ...given.spec },
      status: {
        phase: 'Running',
        podIP: address,
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
        containerStatuses: [{ name: 'app', restartCount: 0 }],
        ...given.status,
      },
    });
  }

  service(name: string, selector: Labels | undefined, more: Partial<Metadata> = {}): Stored {
    const metadata = { name, namespace: NAMESPACE, ...more };
    return this.fake.objects.put({ kind: 'Service', metadata, spec: { selector } });
  }

  /** What the EndpointSlice controller would write of these. */
  routes(service: string, pods: readonly Stored[], conditions: object = { ready: true }): Stored {
    return this.fake.objects.put({
      kind: 'EndpointSlice',
      metadata: {
        ...{ name: `${service}-1`, namespace: NAMESPACE },
        labels: { 'kubernetes.io/service-name': service },
      },
      addressType: 'IPv4',
      endpoints: pods.map(({ metadata: { name, uid }, status }) => ({
        addresses: [(status as { readonly podIP: string }).podIP],
        conditions,
        targetRef: { kind: 'Pod', name, uid, namespace: NAMESPACE },
      })),
    });
  }
}

function refer({ apiVersion, kind, metadata: { name, uid } }: Stored): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
} {
  return { apiVersion, kind, name, uid };
}
