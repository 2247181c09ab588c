/**
 * Controllers on the cluster's node, each with an account and a namespace of its own, where a group on paper
 * has a live colour, one that nobody uses, and one that is used until it is said otherwise: what each may
 * and may not do, and what it does, is told apart from all others.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { SAFE_TO_DELETE_LABEL } from '../../src/kubernetes/keys.js';
import { type Right, rulesFor } from '../charts/rainbow-rights.js';
import { Metrics } from '../peers/metrics.js';
import { type Output, outputOf, start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { type Cluster, environment, kubectl } from './cluster.js';
import { LEASE, type Line, linesOf, polled } from './controllers.js';
import type { Pod } from './namespace.js';
import { clustersOf, kubeconfigOf } from './outside.js';
import { born, type Paper, paperDeployment, paperService } from './paper.js';
import { cleaning } from './rainbows.js';
import { StandIn, telling } from './stand-in.js';
import type { Creation } from './stand-in-program.js';

const GROUP = 'web';
const ACCOUNT = 'controller';
/** On all that is made here. */
const KIT = 'apart';
const MADE_MS_MAX = 60_000;
const STARTS_MS_MAX = 60_000;
const ENDS_MS_MAX = 10_000;
/** Kubernetes tells ages in whole seconds. */
const AGES_MS = 1_100;
const RBAC = 'rbac.authorization.k8s.io';
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
    const [tokens, clusters] = await Promise.all([this.tokens(), clustersOf(this.cluster)]);
    return wanted.map(({ flags = [] }, at) => {
      const namespace = this.names[at];
      const kubeconfig = kubeconfigOf(t, clusters, namespace, tokens.get(namespace) ?? '');
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
    const patches = rights.map((all, at) => ({
      path: `${roles(this.names[at])}s/${ACCOUNT}`,
      merge: { rules: rulesFor(all) },
    }));
    await this.standIn.patch(patches);
  }

  /** Nobody uses the colour `later` any more. */
  async isLeft(): Promise<void> {
    await this.standIn.says(this.ports.later, SAFE);
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
    const each = (make: (namespace: string) => readonly Creation[]): Promise<void> =>
      standIn.make(names.flatMap(make));
    await standIn.make(names.map((name) => ({ path: '/api/v1/namespaces', object: named(name) })));
    await each((namespace) => this.deployments(namespace, ['gone', 'later']));
    await each(accountOf);
    await sleep(AGES_MS);
    await each((namespace) => this.deployments(namespace, ['live']));
    await each((namespace) => [
      { path: `/api/v1/namespaces/${namespace}/services`, object: paperService(GROUP, 'live') },
    ]);
    await this.areBorn();
  }

  private deployments(
    namespace: string,
    colours: readonly (keyof Aparts['ports'])[],
  ): readonly Creation[] {
    return colours.map((colour) => {
      const labels = { kit: KIT };
      const podMetadata = { labels: { app: GROUP, 'tidegate.dev/colour': colour, ...labels } };
      const port = this.ports[colour];
      const paper: Paper = { group: GROUP, colour, port, metadata: { labels }, podMetadata };
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      return { path, object: paperDeployment(paper) };
    });
  }

  private async areBorn(): Promise<void> {
    const which = ['get', 'pods', '-A', '-l', `kit=${KIT}`, '-o', 'json'];
    const wanted = this.names.length * Object.keys(this.ports).length;
    let pods: readonly (Pod & Seen)[] = [];
    const areMade = async (): Promise<boolean> => {
      const text = await kubectl(this.cluster, which);
      const { items } = JSON.parse(text) as { readonly items: readonly (Pod & Seen)[] };
      pods = items.filter(({ metadata }) => this.names.includes(metadata.namespace));
      return pods.length >= wanted;
    };
    await polled(areMade, () => `${wanted} pods on paper: ${pods.length}`, MADE_MS_MAX);
    const { address } = this.standIn;
    await this.standIn.patch(
      pods.flatMap((pod, at) => born(pod.metadata.namespace, pod, at, address)),
    );
  }

  /** By namespace; Kubernetes makes them a moment after their Secrets. */
  private async tokens(): Promise<ReadonlyMap<string, string>> {
    const which = ['get', 'secrets', '-A', '-l', `kit=${KIT}`, '-o', 'json'];
    let tokens = new Map<string, string>();
    const areMade = async (): Promise<boolean> => {
      const { items } = JSON.parse(await kubectl(this.cluster, which)) as Secrets;
      tokens = new Map(
        items.flatMap(({ metadata, data }) =>
          data?.token === undefined
            ? []
            : [[metadata.namespace, Buffer.from(data.token, 'base64').toString()]],
        ),
      );
      return this.names.every((name) => tokens.has(name));
    };
    await polled(areMade, 'each account has its token', MADE_MS_MAX);
    return tokens;
  }
}

interface Secrets {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string };
    readonly data?: { readonly token?: string };
  }[];
}

const named = (name: string): object => ({ metadata: { name } });

function accountOf(namespace: string): readonly Creation[] {
  const metadata = { name: ACCOUNT };
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: ACCOUNT };
  const subjects = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }];
  const annotations = { 'kubernetes.io/service-account.name': ACCOUNT };
  const secret = {
    type: 'kubernetes.io/service-account-token',
    metadata: { ...metadata, labels: { kit: KIT }, annotations },
  };
  const core = `/api/v1/namespaces/${namespace}`;
  return [
    { path: `${core}/serviceaccounts`, object: { metadata } },
    { path: `${roles(namespace)}s`, object: { metadata, rules: [] } },
    { path: `${roles(namespace)}bindings`, object: { metadata, roleRef, subjects } },
    { path: `${core}/secrets`, object: secret },
  ];
}

const roles = (namespace: string): string => `/apis/${RBAC}/v1/namespaces/${namespace}/role`;

function leaseOf(namespace: string): Creation {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return { path, object: named(LEASE) };
}
