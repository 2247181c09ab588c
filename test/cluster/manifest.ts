/**
 * The manifests of this folder as objects, and what a test changes in them: images, how the app is
 * run, the grace period. What is not named here is applied as a user would apply it.
 */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.js';

export type ManifestName = 'alone' | 'classic' | 'native';

/** As much of Kubernetes' objects as tests touch. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  ports?: { name: string; containerPort: number }[];
  lifecycle?: { preStop?: object };
  livenessProbe?: object;
  readinessProbe?: object;
  startupProbe?: object;
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  restartPolicy?: string;
  volumeMounts?: object[];
  securityContext?: object;
}

export interface PodSpec {
  terminationGracePeriodSeconds?: number;
  initContainers?: Container[];
  containers: Container[];
  volumes?: object[];
  dnsPolicy?: string;
}

export interface Service {
  kind: 'Service';
  metadata: { name: string };
  spec: {
    selector: Record<string, string>;
    ports: { port: number; targetPort: number | string }[];
  };
}

export interface Deployment {
  kind: 'Deployment';
  metadata: { name: string };
  spec: {
    replicas: number;
    minReadySeconds?: number;
    selector: object;
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: PodSpec;
    };
  };
}

export interface Manifest {
  readonly service: Service;
  readonly deployment: Deployment;
  /** Of the deployment's pods. */
  readonly pod: PodSpec;
  readonly app: Container;
  /** Absent where the app is alone. */
  readonly sidecar: Container | undefined;
}

export interface Changes {
  readonly replicas?: number;
  /** Of the app, as `test/peers/load/app.ts` knows them. */
  readonly manner?: 'exits' | 'closes';
  /** Whole seconds, for the pod and for tidegate. */
  readonly graceS?: number;
  /** Of tidegate, by the names of its environment variables. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where a namespace's ConfigMap with the tests' programs is mounted, and its name. */
export const PROGRAMS = '/programs';
export const PROGRAMS_MAP = 'programs';
/** Node in an image of distroless's layout. */
export const NODE = '/nodejs/bin/node';

/** A manifest made runnable: tidegate's image for both containers, the test's app in the app's. */
export function manifest(cluster: Cluster, name: ManifestName, changes: Changes = {}): Manifest {
  const text = readFileSync(new URL(`manifests/${name}.yaml`, import.meta.url), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  const [service, deployment] = objects as [Service, Deployment];
  const pod = deployment.spec.template.spec;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const [app, sidecar] = ['app', 'tidegate'].map((wanted) =>
    containers.find(({ name }) => name === wanted),
  );
  if (app === undefined) throw new Error(`${name}.yaml has no container "app"`);
  for (const container of containers) container.image = cluster.image;
  if (changes.replicas !== undefined) deployment.spec.replicas = changes.replicas;
  runTestApp(pod, app, changes.manner ?? 'exits');
  if (changes.graceS !== undefined) {
    pod.terminationGracePeriodSeconds = changes.graceS;
    if (sidecar !== undefined) set(sidecar, 'TIDEGATE_GRACE_PERIOD', `${changes.graceS}s`);
  }
  for (const [key, value] of Object.entries(changes.settings ?? {})) {
    if (sidecar !== undefined) set(sidecar, key, value);
  }
  return { service, deployment, pod, app, sidecar };
}

function runTestApp(pod: PodSpec, app: Container, manner: string): void {
  runProgram(pod, app, 'app.mjs');
  app.env = [{ name: 'MANNER', value: manner }];
}

/** Makes a container run one of the tests' programs. */
export function runProgram(pod: PodSpec, container: Container, program: string): void {
  container.command = [NODE, `${PROGRAMS}/${program}`];
  container.volumeMounts = [{ name: PROGRAMS_MAP, mountPath: PROGRAMS, readOnly: true }];
  pod.volumes = [{ name: PROGRAMS_MAP, configMap: { name: PROGRAMS_MAP } }];
  // The kit has no DNS of its own, and nothing here asks for a name.
  pod.dnsPolicy = 'Default';
}

/** Sets a variable of a container's environment. */
export function set(container: Container, name: string, value: string): void {
  const rest = (container.env ?? []).filter((variable) => variable.name !== name);
  container.env = [...rest, { name, value }];
}

/** Has the sidecar read the pod's annotations, as users who drain by them have it. */
export function mountPodInfo({ pod, sidecar }: Manifest): void {
  if (sidecar === undefined) return;
  const fieldRef = { fieldPath: 'metadata.annotations' };
  const items = [{ path: 'annotations', fieldRef }];
  pod.volumes = [...(pod.volumes ?? []), { name: 'pod-info', downwardAPI: { items } }];
  sidecar.volumeMounts = [{ name: 'pod-info', mountPath: '/pod-info', readOnly: true }];
  set(sidecar, 'TIDEGATE_POD_INFO_DIR', '/pod-info');
}
