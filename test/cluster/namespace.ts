/**
 * A namespace of a test's own, as strict as Kubernetes can be about its pods (Pod Security
 * `restricted`), with the tests' programs in a ConfigMap. When its test ends it is told to go, with
 * all that is in it, and not waited for.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { bundle } from '../peers/load/bundle.js';
import { Driver } from '../peers/load/driver.js';
import { until } from '../peers/until.js';
import { type Cluster, type Command, kubectl } from './cluster.js';
import { type Container, NODE, type PodSpec, PROGRAMS_MAP, runProgram } from './manifest.js';

const READY_MS_MAX = 120_000;
const GONE_MS_MAX = 60_000;
const POLL_MS = 200;
/** In a row, so that each pod behind a Service has probably been asked. */
const SERVES_TIMES = 6;
const BUNDLES = { 'app.mjs': 'app', 'load.mjs': 'main', 'worker.mjs': 'worker' } as const;
const LABELS = { 'pod-security.kubernetes.io/enforce': 'restricted' };

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly containerID?: string;
  readonly state: State;
  readonly lastState: State;
}

export interface State {
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt: string;
    readonly finishedAt: string;
  };
}

/** A pod as the API server tells it, as far as tests ask. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export class Namespace {
  readonly cluster: Cluster;
  readonly name: string;

  private constructor(cluster: Cluster, name: string) {
    this.cluster = cluster;
    this.name = name;
  }

  static async create(t: Test, cluster: Cluster): Promise<Namespace> {
    const name = `tidegate-${randomBytes(4).toString('hex')}`;
    const namespace = new Namespace(cluster, name);
    t.teardown(() => namespace.remove());
    await namespace.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: LABELS },
    });
    const data: Record<string, string> = {};
    for (const [file, name] of Object.entries(BUNDLES)) {
      data[file] = readFileSync(await bundle(name), 'utf8');
    }
    // Not applied: that keeps a copy in an annotation, for which these are too large.
    await namespace.kubectl(['create', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: PROGRAMS_MAP, namespace: name },
      data,
    });
    await namespace.hasAccount();
    return namespace;
  }

  /** Pods need it, and the controllers make it a moment after the namespace. */
  private async hasAccount(): Promise<void> {
    const asked = async (): Promise<boolean> => {
      const names = await this.kubectl(['get', 'serviceaccounts', '-o', 'name']);
      if (!names.includes('default')) await sleep(POLL_MS);
      return names.includes('default');
    };
    await until(asked, 'the namespace has its service account', READY_MS_MAX);
  }

  /** kubectl in this namespace; an object goes in as its input. */
  kubectl(args: readonly string[], object?: object, timeoutMs?: number): Promise<string> {
    const input = object === undefined ? '' : JSON.stringify(object);
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return kubectl(this.cluster, ['--namespace', this.name, ...args], { input, ...limit });
  }

  command(...args: readonly string[]): Command {
    return this.cluster.command('--namespace', this.name, ...args);
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const items = objects.map((object) => ({ apiVersion: apiVersionOf(object), ...object }));
    await this.kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
  }

  /** The Service's address within the cluster. */
  async clusterIp(service: string): Promise<string> {
    return this.kubectl(['get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}']);
  }

  /** Resolves once the Service takes connections: kube-proxy comes a moment after readiness. */
  async serves(service: string): Promise<string> {
    const target = `${await this.clusterIp(service)}:80`;
    const script = `const { status } = await fetch('http://${target}/healthz'); console.log(status);`;
    const asked = async (): Promise<boolean> => {
      const status = await this.node('load', 'load', script).catch(() => '');
      if (status.trim() === '200') return true;
      await sleep(POLL_MS);
      return false;
    };
    for (let time = 0; time < SERVES_TIMES; time++) await until(asked, `${target} serves`, 30_000);
    return target;
  }

  /** Resolves once a rollout is through: all new pods ready, the old ones gone or on their way. */
  async rolledOut(deployment: string): Promise<void> {
    const args = ['rollout', 'status', `deployment/${deployment}`, '--timeout=300s'];
    await this.kubectl(args, undefined, 310_000);
  }

  async restart(deployment: string): Promise<void> {
    await this.kubectl(['rollout', 'restart', `deployment/${deployment}`]);
    await this.rolledOut(deployment);
  }

  async pods(selector = ''): Promise<readonly Pod[]> {
    const text = await this.kubectl(['get', 'pods', '-l', selector, '-o', 'json']);
    return (JSON.parse(text) as { items: Pod[] }).items;
  }

  /** Undefined once it is gone. */
  async pod(name: string): Promise<Pod | undefined> {
    const args = ['get', 'pod', name, '-o', 'json', '--ignore-not-found'];
    const text = await this.kubectl(args);
    return text.trim() === '' ? undefined : (JSON.parse(text) as Pod);
  }

  /** Polls a pod until something holds of it; undefined stands for a pod that is gone. */
  async podUntil(
    name: string,
    holds: (pod: Pod | undefined) => boolean,
    what: string,
    timeoutMs = READY_MS_MAX,
  ): Promise<Pod | undefined> {
    let pod: Pod | undefined;
    const asked = async (): Promise<boolean> => {
      pod = await this.pod(name);
      if (holds(pod)) return true;
      await sleep(POLL_MS);
      return false;
    };
    await until(asked, () => `${what}: ${JSON.stringify(pod?.status)}`, timeoutMs);
    return pod;
  }

  async ready(name: string): Promise<Pod> {
    const pod = await this.podUntil(name, isReady, `pod ${name} is ready`);
    if (pod === undefined) throw new Error(`pod ${name} is gone`);
    return pod;
  }

  /** No pod of these is left, not even one on its way out. */
  async allGone(selector: string, timeoutMs = GONE_MS_MAX): Promise<void> {
    const asked = async (): Promise<boolean> => {
      const { length } = await this.pods(selector);
      if (length > 0) await sleep(POLL_MS);
      return length === 0;
    };
    await until(asked, `the pods of ${selector} are gone`, timeoutMs);
  }

  /** Runs a script with the Node of a container's own image. */
  node(pod: string, container: string, script: string): Promise<string> {
    const module = ['--input-type=module', '-e', script];
    return this.kubectl(['exec', pod, '-c', container, '--', NODE, ...module]);
  }

  /** What the admin port of a pod's sidecar answers to a GET, through the API server. */
  async admin<T>(pod: string, path: string): Promise<T> {
    return JSON.parse(await this.adminText(pod, path)) as T;
  }

  adminText(pod: string, path: string): Promise<string> {
    const proxy = `/api/v1/namespaces/${this.name}/pods/${pod}:9180/proxy${path}`;
    return this.kubectl(['get', '--raw', proxy]);
  }

  /** A pod that runs Node and nothing else, with these arguments. */
  async runs(name: string, args: readonly string[]): Promise<void> {
    const container: Container = {
      name,
      image: this.cluster.image,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    const spec: PodSpec & Record<string, unknown> = {
      containers: [container],
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    };
    runProgram(spec, container, 'load.mjs');
    container.command = [NODE, ...args];
    await this.apply({ kind: 'Pod', metadata: { name, labels: { app: name } }, spec });
    await this.ready(name);
  }

  /** A pod that does nothing but hold the load driver, and the driver in it. */
  async load(t: Test, name = 'load'): Promise<Driver> {
    await this.runs(name, ['-e', 'setInterval(() => undefined, 1e9)']);
    const exec = this.command('exec', '-i', name, '--', NODE, '/programs/load.mjs');
    const [program, ...args] = exec;
    const driver = Driver.spawn(program, args);
    t.teardown(() => driver.kill());
    return driver;
  }

  private async remove(): Promise<void> {
    const atOnce = ['--grace-period=0', '--force', '--wait=false'];
    const steps = [
      ['delete', 'deployments', '--all', '--cascade=background'],
      ['delete', 'pods', '--all', ...atOnce],
      ['delete', 'namespace', this.name, '--wait=false'],
    ];
    // Each is tried, whatever became of those before it.
    const faults: unknown[] = [];
    for (const step of steps) await this.kubectl(step).catch((fault) => faults.push(fault));
    if (faults.length > 0) throw faults[0];
  }
}

export function isReady(pod: Pod | undefined): boolean {
  return (
    pod?.metadata.deletionTimestamp === undefined &&
    pod?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
      true
  );
}

/** One of a pod's containers, native sidecars among them. */
export function containerOf(pod: Pod | undefined, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod?.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
}

function apiVersionOf(object: object): string {
  return (object as { kind: string }).kind === 'Deployment' ? 'apps/v1' : 'v1';
}
