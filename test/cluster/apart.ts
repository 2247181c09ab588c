/**
 * Controllers on the cluster's node, each with an account and a namespace of its own, where a group on paper
 * has a live colour, one that nobody uses, and one that is used until it is said otherwise: what each may
 * and may not do, and what it does, is told apart from all others.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { SAFE_TO_DELETE_LABEL } from '../../src/kubernetes/keys.js';
import type { Right } from '../charts/rainbow-rights.js';
import { Metrics } from '../peers/metrics.js';
import { type Output, outputOf, start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { accountOf, giving, tokensOf } from './accounts.js';
import { type Cluster, environment, kubectl } from './cluster.js';
import { LEASE, type Line, linesOf, polled } from './controllers.js';
import type { Pod } from './namespace.js';
import { clustersOf, kubeconfigOf } from './outside.js';
import { born, type Paper, paperDeployment, paperService } from './paper.js';
import { cleaning } from './rainbows.js';
import { StandIn, telling } from './stand-in.js';
import type { Creation } from './stand-in-program.js';

const GROUP = 'web';
const CROWD = 'crowd';
/** On all that is made here. */
const KIT = 'apart';
const MADE_MS_MAX = 180_000;
const STARTS_MS_MAX = 180_000;
const ENDS_MS_MAX = 10_000;
/** Kubernetes tells ages in whole seconds. */
const AGES_MS = 1_100;
const BUSY = telling({ safe: false, reason: 'active', active: 5 });
const SAFE = telling({ safe: true });
const FLAGS = ['--rainbow=on', '--rainbow-every=5s', '--look-every=5s', '--admin=127.0.0.1:0'];

export interface Wanted {
  readonly rights: readonly Right[];
  readonly flags?: readonly string[];
  /** A Lease that nobody holds is there already. */
  readonly hasLease?: boolean;
}

/** What there is to see of what one has done. */
export interface Effects {
  /** The live pod has its label. */
  readonly marks: boolean;
  /** Of the colours that are old. */
  readonly zeros: readonly string[];
  readonly deleted: readonly string[];
}

interface Seen {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly replicas?: number };
}

/** One controller. */
export class Apart {
  readonly namespace: string;
  private readonly output: Output;
  private readonly standIn: StandIn;

  constructor(namespace: string, output: Output, standIn: StandIn) {
    this.namespace = namespace;
    this.output = output;
    this.standIn = standIn;
  }

  get lines(): readonly Line[] {
    return linesOf(this.output.stdout);
  }

  /** All that it has said, for people. */
  get said(): string {
    return this.output.stdout + this.output.stderr;
  }

  async metrics(): Promise<Metrics> {
    const started = (): Line | undefined => this.lines.find(({ admin }) => admin !== undefined);
    await until(
      () => started() !== undefined,
      () => `the controller of ${this.namespace} listens: ${this.said}`,
      STARTS_MS_MAX,
    );
    const url = `http://${started()?.['admin'] as string}/metrics`;
    return new Metrics(await this.standIn.get(url));
  }
}

export class Aparts {
  private readonly cluster: Cluster;
  private readonly standIn: StandIn;
  private readonly names: readonly string[];
  private readonly ports: { readonly live: number; readonly gone: number; readonly later: number };

  private constructor(
    cluster: Cluster,
    standIn: StandIn,
    names: readonly string[],
    ports: Aparts['ports'],
  ) {
    this.cluster = cluster;
    this.standIn = standIn;
    this.names = names;
    this.ports = ports;
  }

  /** So many namespaces, each with its group, and nobody yet who looks after it. */
  static async create(t: Test, cluster: Cluster, count: number): Promise<Aparts> {
    const standIn = await StandIn.start(t, cluster);
    const prefix = `tidegate-${randomBytes(3).toString('hex')}`;
    const names = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
    t.teardown(() => kubectl(cluster, ['delete', 'namespace', ...names, '--wait=false']));
    const [live, gone, later] = await Promise.all(
      [BUSY, SAFE, BUSY].map((says) => standIn.open(says)),
    );
    const all = new Aparts(cluster, standIn, names, { live, gone, later });
    await all.fill();
    return all;
  }

  /** The controllers, in the order of what is wanted of each. */
  async start(t: Test, wanted: readonly Wanted[]): Promise<readonly Apart[]> {
    await this.give(wanted.map(({ rights }) => rights));
    const leases = this.names.filter((_name, at) => wanted[at].hasLease).map(leaseOf);
    await this.standIn.make(leases);
    const found = [tokensOf(this.standIn, this.names), clustersOf(this.cluster)] as const;
    const [tokens, clusters] = await Promise.all(found);
    return wanted.map(({ flags = [] }, at) => {
      const namespace = this.names[at];
      const kubeconfig = kubeconfigOf(t, clusters, namespace, tokens[at]);
      const own = [`--kubeconfig=${kubeconfig}`, ...FLAGS, ...cleaning(), ...flags];
      const [program, ...args] = this.cluster.tidegate('controller', ...own);
      const child = start(program, args, { env: environment() });
      const output = outputOf(child);
      t.teardown(async () => {
        child.kill('SIGTERM');
        const killed = setTimeout(() => child.kill('SIGKILL'), ENDS_MS_MAX);
        await output.ended;
        clearTimeout(killed);
      });
      return new Apart(namespace, output, this.standIn);
    });
  }

  /** What each may do, from now on. */
  async give(rights: readonly (readonly Right[])[]): Promise<void> {
    await this.standIn.patch(rights.map((all, at) => giving(this.names[at], all)));
  }

  /** Nobody uses the colour `later` any more. */
  async isLeft(): Promise<void> {
    await this.standIn.says(this.ports.later, SAFE);
  }

  /** So many pods of one more Deployment, with nobody who uses them. */
  async crowd({ namespace }: Apart, replicas: number): Promise<void> {
    const creation = onPaper(namespace, CROWD, CROWD, this.ports.gone, replicas);
    await this.standIn.make([creation]);
    await this.areBorn(CROWD, replicas);
  }

  /** So many of them die, and say nothing. */
  async dies({ namespace }: Apart, count: number): Promise<void> {
    const pods = await this.pods(CROWD);
    const names = pods
      .filter(
        ({ metadata, status }) => metadata.namespace === namespace && status.phase === 'Running',
      )
      .slice(0, count)
      .map(({ metadata }) => metadata.name);
    await kubectl(this.cluster, ['-n', namespace, 'delete', 'pod', ...names, '--wait=false']);
  }

  /** In all namespaces. */
  private async pods(group: string): Promise<readonly (Pod & Seen)[]> {
    const which = ['get', 'pods', '-A', '-l', `kit=${KIT},app=${group}`, '-o', 'json'];
    const { items } = JSON.parse(await kubectl(this.cluster, which)) as {
      readonly items: readonly (Pod & Seen)[];
    };
    return items.filter(({ metadata }) => this.names.includes(metadata.namespace));
  }

  private async areBorn(group: string, wanted: number): Promise<void> {
    let pods: readonly (Pod & Seen)[] = [];
    const areMade = async (): Promise<boolean> => (pods = await this.pods(group)).length >= wanted;
    await polled(areMade, () => `${wanted} pods on paper: ${pods.length}`, MADE_MS_MAX);
    const { address } = this.standIn;
    await this.standIn.patch(
      pods.flatMap((pod, at) => born(pod.metadata.namespace, pod, at, address)),
    );
  }

  /** By namespace. */
  async effects(): Promise<ReadonlyMap<string, Effects>> {
    const [pods, deployments] = await Promise.all([this.all('pods'), this.all('deployments')]);
    const of = (objects: readonly Seen[], namespace: string): readonly Seen[] =>
      objects.filter(({ metadata }) => metadata.namespace === namespace);
    return new Map(
      this.names.map((namespace) => {
        const marked = of(pods, namespace).filter(
          ({ metadata: { labels = {} } }) => labels[SAFE_TO_DELETE_LABEL] !== undefined,
        );
        const there = new Map(
          of(deployments, namespace).map(({ metadata, spec }) => [metadata.name, spec.replicas]),
        );
        const old = ['gone', 'later'];
        return [
          namespace,
          {
            marks: marked.some(({ metadata }) => metadata.name.startsWith(`${GROUP}-live`)),
            zeros: old.filter((colour) => (there.get(`${GROUP}-${colour}`) ?? 0) === 0),
            deleted: old.filter((colour) => !there.has(`${GROUP}-${colour}`)),
          },
        ];
      }),
    );
  }

  private async all(resource: string): Promise<readonly Seen[]> {
    const which = ['get', resource, '-A', '-l', `kit=${KIT}`, '-o', 'json'];
    return (JSON.parse(await kubectl(this.cluster, which)) as { items: readonly Seen[] }).items;
  }

  /** The old colours first: one that is younger than the live one waits to be promoted. */
  private async fill(): Promise<void> {
    const { names, standIn } = this;
    const each = (make: (namespace: string) => readonly Creation[]): Promise<unknown> =>
      standIn.make(names.flatMap(make));
    await standIn.make(names.map((name) => ({ path: '/api/v1/namespaces', object: named(name) })));
    await each((namespace) => this.deployments(namespace, ['gone', 'later']));
    await each(accountOf);
    await sleep(AGES_MS);
    await each((namespace) => this.deployments(namespace, ['live']));
    await each((namespace) => [
      { path: `/api/v1/namespaces/${namespace}/services`, object: paperService(GROUP, 'live') },
    ]);
    await this.areBorn(GROUP, names.length * Object.keys(this.ports).length);
  }

  private deployments(
    namespace: string,
    colours: readonly (keyof Aparts['ports'])[],
  ): readonly Creation[] {
    return colours.map((colour) => onPaper(namespace, GROUP, colour, this.ports[colour]));
  }
}

const named = (name: string): object => ({ metadata: { name } });

function leaseOf(namespace: string): Creation {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return { path, object: named(LEASE) };
}

function onPaper(
  namespace: string,
  group: string,
  colour: string,
  port: number,
  replicas = 1,
): Creation {
  const labels = { kit: KIT };
  const podMetadata = { labels: { app: group, 'tidegate.dev/colour': colour, ...labels } };
  const paper: Paper = { group, colour, port, replicas, metadata: { labels }, podMetadata };
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  return { path, object: paperDeployment(paper) };
}
