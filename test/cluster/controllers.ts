/**
 * `tidegate controller` as the chart installs it, two replicas unless said: who of them leads, what each
 * logs and counts, and what becomes of them when their processes are stopped or killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { chartFor, type Values } from '../charts/render.js';
import { Metrics } from '../peers/metrics.js';
import { until } from '../peers/until.js';
import { imageValues } from './clean-ups.js';
import { containerOf, isReady, type Namespace, type Pod } from './namespace.js';
import { Release } from './release.js';

const RELEASE = 'tidegate';
export const LEASE = `${RELEASE}-controller`;
const PODS = 'app.kubernetes.io/component=controller';
const CONTAINER = 'controller';
const LEADS_MS_MAX = 120_000;
const POLL_MS = 300;

/** A line of its log, as far as tests ask. */
export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

interface Lease {
  readonly spec?: { readonly holderIdentity?: string };
}

export class Controllers {
  readonly namespace: Namespace;
  private readonly release: Release;

  private constructor(namespace: Namespace, release: Release) {
    this.namespace = namespace;
    this.release = release;
  }

  /** Resolves once one of them leads; `values` are those of `controller`. */
  static async install(
    t: Test,
    namespace: Namespace,
    helm: string,
    values: Values = {},
  ): Promise<Controllers> {
    const release = new Release(namespace, helm, chartFor(t, 'charts/tidegate'), RELEASE);
    const controllers = new Controllers(namespace, release);
    await release.install(controllers.values(values));
    await controllers.leader();
    return controllers;
  }

  /** With these values and no others; the pods that had the ones before are gone. */
  async upgrade(values: Values): Promise<void> {
    const before = await this.pods();
    await this.release.upgrade(this.values(values));
    for (const { metadata } of before) {
      await this.namespace.podUntil(metadata.name, (pod) => pod === undefined, 'it is gone');
    }
    await this.leader();
  }

  private values(controller: Values): Values {
    const image = imageValues(this.namespace.cluster.image);
    return { controller: { enabled: true, image, lookEvery: '5s', ...controller } };
  }

  pods(): Promise<readonly Pod[]> {
    return this.namespace.pods(PODS);
  }

  /** The name of the pod that leads, once one does that is there. */
  async leader(timeoutMs = LEADS_MS_MAX): Promise<string> {
    let holder = '';
    let name: string | undefined;
    const asked = async (): Promise<boolean> => {
      holder = await this.holder();
      const pods = (await this.pods()).filter(isReady).map(({ metadata }) => metadata.name);
      name = pods.find((pod) => holder.startsWith(pod));
      return name !== undefined;
    };
    await polled(asked, () => `a replica leads, not "${holder}"`, timeoutMs);
    return name ?? '';
  }

  /** As the Lease has it; empty if nobody does. */
  async holder(): Promise<string> {
    const text = await this.namespace.kubectl(['get', 'lease', LEASE, '-o', 'json']);
    return (JSON.parse(text) as Lease).spec?.holderIdentity ?? '';
  }

  async metrics(pod: string): Promise<Metrics> {
    return new Metrics(await this.namespace.adminText(pod, '/metrics'));
  }

  /** Of the pod that leads. */
  async leaders(): Promise<Metrics> {
    return this.metrics(await this.leader());
  }

  /** What it has logged since its container was started. */
  async log(pod: string): Promise<readonly Line[]> {
    return linesOf(await this.namespace.kubectl(['logs', pod, '-c', CONTAINER]));
  }

  /** Its process, as this machine has it: only the kit's node is this machine. */
  async pid(pod: string): Promise<number> {
    const { cluster } = this.namespace;
    if (cluster.kit === undefined)
      throw new Error("processes are seen on the kit's own node alone");
    const id = containerOf(await this.namespace.pod(pod), CONTAINER)?.containerID ?? '';
    const [pid] = await cluster.kit.pidsOf([id.replace('containerd://', '')]);
    return pid;
  }
}

/** The lines of JSON of a log; others are left out. */
export function linesOf(log: string): readonly Line[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

/** Like `until`, for what takes a command to know. */
export async function polled(
  holds: () => Promise<boolean>,
  what: string | (() => string),
  timeoutMs: number,
  everyMs = POLL_MS,
): Promise<void> {
  const asked = async (): Promise<boolean> => {
    if (await holds()) return true;
    await sleep(everyMs);
    return false;
  };
  await until(asked, what, timeoutMs);
}
