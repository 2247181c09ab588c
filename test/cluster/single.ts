/**
 * One pod of a manifest by itself, with a name, so that it can be followed through its whole life:
 * what the API server tells of it, what its containers log, how a stream through it ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { until } from '../peers/until.js';
import { type Ending, ending, hold } from './held.js';
import { followLogs, type LogLine } from './logged.js';
import { type Changes, type Manifest, manifest, type ManifestName } from './manifest.js';
import {
  containerOf,
  type ContainerStatus,
  isReady,
  type Namespace,
  type Pod,
} from './namespace.js';
import { watch, type Watched } from './watched.js';

const READY_S_MAX = 120;
const END_MS_MAX = 120_000;
const POLL_MS = 200;
const LOG_MS_MAX = 30_000;

export type Terminated = NonNullable<ContainerStatus['state']['terminated']>;

export interface Wanted extends Changes {
  readonly manifest: ManifestName;
  /** What this test alone changes in it. */
  readonly adapt?: (manifest: Manifest) => void;
}

/** What tidegate leaves in the pod's status, see `terminationMessage`. */
export interface Message {
  readonly drained: boolean;
  readonly reason: string;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly ended: string;
  readonly activeAtStart: number;
  readonly activeAtEnd: number;
  readonly leasesAtEnd: number;
  readonly finished: number;
  readonly farewell: number;
  readonly cut: number;
}

export interface Answer {
  readonly status: number;
  /** When it was asked for, and when all of it was there. */
  readonly fromMs: number;
  readonly atMs: number;
}

export class SinglePod {
  readonly namespace: Namespace;
  readonly name: string;
  readonly host: string;
  /** HOST:PORT of tidegate. */
  readonly target: string;
  readonly log: readonly LogLine[];
  private readonly watched: Watched;

  private constructor(
    namespace: Namespace,
    { metadata: { name }, status: { podIP = '' } }: Pod,
    log: readonly LogLine[],
    watched: Watched,
  ) {
    this.namespace = namespace;
    this.name = name;
    this.host = podIP;
    this.target = `${podIP}:8080`;
    this.log = log;
    this.watched = watched;
  }

  /** Resolves once it is ready. */
  static async create(
    t: Test,
    namespace: Namespace,
    name: string,
    wanted: Wanted,
  ): Promise<SinglePod> {
    const made = manifest(namespace.cluster, wanted.manifest, wanted);
    wanted.adapt?.(made);
    await namespace.apply({ kind: 'Pod', metadata: { name }, spec: made.pod });
    const isThere = ['--for=condition=Ready', `pod/${name}`, `--timeout=${READY_S_MAX}s`];
    await namespace.kubectl(['wait', ...isThere], undefined, (READY_S_MAX + 10) * 1_000);
    const watched = await watch(t, namespace, name);
    return new SinglePod(namespace, watched.states[0], followLogs(t, namespace, name), watched);
  }

  /** As last told; also after it is gone. */
  get pod(): Pod {
    return this.watched.states[this.watched.states.length - 1];
  }

  /** Resolves once something holds of it. */
  async until(holds: (pod: Pod) => boolean, what: string, timeoutMs = END_MS_MAX): Promise<void> {
    const said = (): string => `${this.name}: ${what}: ${JSON.stringify(this.pod.status)}`;
    await until(() => holds(this.pod), said, timeoutMs);
  }

  /** Resolves once it is ready, and a container has been restarted. */
  async restarted(container: string): Promise<void> {
    const isBack = (pod: Pod): boolean =>
      this.container(container).restartCount > 0 && isReady(pod);
    await this.until(isBack, `${container} is restarted and the pod ready`);
  }

  container(name: string): ContainerStatus {
    const status = containerOf(this.pod, name);
    if (status === undefined) throw new Error(`${this.name} has no container ${name}`);
    return status;
  }

  /** Asks for its end, and does not wait for it; the time at which that was taken. */
  async delete(...flags: readonly string[]): Promise<number> {
    await this.namespace.kubectl(['delete', 'pod', this.name, '--wait=false', ...flags]);
    return Date.now();
  }

  /** The time at which the API server has forgotten it. */
  async gone(timeoutMs = END_MS_MAX): Promise<number> {
    const forever = ['--for=delete', `pod/${this.name}`, '--timeout=600s'];
    await this.namespace.kubectl(['wait', ...forever], undefined, timeoutMs);
    return Date.now();
  }

  /** How a container of it ended, as its last status tells. */
  async end(container: string): Promise<Terminated> {
    const hasEnded = (): boolean => this.container(container).state.terminated !== undefined;
    await this.until(hasEnded, `${container} has ended`, LOG_MS_MAX);
    return this.container(container).state.terminated as Terminated;
  }

  /** What its tidegate has left there. */
  async message(): Promise<Message> {
    const { message = '' } = await this.end('tidegate');
    return JSON.parse(message) as Message;
  }

  /** When a container first logged this sentence. */
  async logged(container: string, msg: string): Promise<number> {
    const find = (): LogLine | undefined =>
      this.log.find((line) => line.container === container && line.msg.startsWith(msg));
    await until(() => find() !== undefined, `${this.name}: ${container} says: ${msg}`, LOG_MS_MAX);
    return (find() as LogLine).atMs;
  }

  /** The app's SIGTERM. */
  appStopped(): Promise<number> {
    return this.logged('app', 'asked to stop');
  }

  /** Opens a stream through it, which never ends by itself. */
  async hold(t: Test): Promise<() => Promise<Ending>> {
    const held = await hold(t, this.namespace, [this.target]);
    return () => ending(held, this.target, END_MS_MAX);
  }

  /** Resolves once a request is being answered. */
  async isAsked(): Promise<void> {
    const asked = async (): Promise<boolean> => {
      const { requestsInFlight } = await this.namespace.admin<Status>(this.name, '/status');
      if (requestsInFlight === 0) await sleep(POLL_MS);
      return requestsInFlight > 0;
    };
    await until(asked, `${this.name}: a request is under way`, END_MS_MAX);
  }

  /** Asks it for something from the pod `load`. */
  async ask(method: string, path: string): Promise<Answer> {
    const script = `
      const fromMs = Date.now();
      const answer = await fetch('http://${this.target}${path}', { method: '${method}' });
      await answer.text();
      console.log(JSON.stringify({ status: answer.status, fromMs, atMs: Date.now() }));`;
    return JSON.parse(await this.namespace.node('load', 'load', script)) as Answer;
  }
}

/** For people: seconds from one moment to another. */
export function seconds(fromMs: number, toMs: number): string {
  return `${((toMs - fromMs) / 1_000).toFixed(1)} s`;
}
