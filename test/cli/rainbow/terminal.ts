/**
 * `tidegate rainbow` in this process, before a cluster in memory whose controllers act at once: what
 * is printed, what is complained, and the exit code. Nobody sits before it unless a test says what
 * they type.
 */
import type { Surroundings } from '../../../src/cli/command.js';
import { runRainbow } from '../../../src/cli/rainbow/command.js';
import { type Clock, systemClock } from '../../../src/clock.js';
import type { State } from '../../../src/rainbow/contract.js';
import { stateText } from '../../../src/rainbow/state.js';
import { type Ends, type FakeCluster, startFakeCluster } from '../../peers/fake-cluster.js';
import type { Stored } from '../../peers/fake-objects.js';
import { GROUP, NAMESPACE, RainbowStage } from '../../peers/rainbow-stage.js';

export const NOW = Date.parse('2026-11-22T12:00:00Z');
export const HOUR = 3_600_000;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Time between two looks is none. */
const hastyClock: Clock = {
  ...systemClock,
  after: <A>(ms: number, act: (arg: A) => void, arg?: A) =>
    systemClock.after([1_000, 3_000].includes(ms) ? 0 : ms, act, arg as A),
};

/** Two colours of two pods each; the Service is on the second. It is noon of a certain day. */
export class Town {
  readonly fake: FakeCluster;
  readonly stage: RainbowStage;
  private nowMs = NOW - 3 * HOUR;

  constructor(fake: FakeCluster) {
    this.fake = fake;
    this.stage = new RainbowStage(fake);
    fake.now = () => this.nowMs;
    for (const colour of ['3f9c2ab', 'a1b2c3d']) {
      this.nowMs += HOUR;
      this.colour(colour);
    }
    this.nowMs = NOW;
    this.stage.service(GROUP, { app: GROUP, 'tidegate.dev/colour': 'a1b2c3d' });
    this.route();
    fake.objects.onChange = (change, { kind, metadata: { name } }) => {
      if (kind === 'Service') this.route();
      if (kind === 'Deployment' && change === 'changed') this.scale(name);
    };
  }

  passes(ms: number): void {
    this.nowMs += ms;
  }

  /** The old one was live before, as a cleanup would have noted it. */
  wasLive(lostMs = 2 * HOUR, more: Partial<State> = {}, colour = '3f9c2ab'): void {
    const state = { wasLive: true, lostTrafficMs: NOW - lostMs, peak: 40, samples: [], ...more };
    const { uid } = this.deployment(colour).metadata;
    const annotations = { 'tidegate.dev/rainbow-state': stateText(state, uid) };
    this.patch(colour, { metadata: { annotations } });
  }

  find(colour: string): Stored | undefined {
    return this.fake.objects.find('Deployment', NAMESPACE, `${GROUP}-${colour}`);
  }

  deployment(colour: string): Stored {
    return this.fake.objects.get('Deployment', NAMESPACE, `${GROUP}-${colour}`);
  }

  patch(colour: string, merge: object): void {
    this.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-${colour}`, merge);
  }

  live(): unknown {
    const { spec } = this.fake.objects.get('Service', NAMESPACE, GROUP);
    return (spec as { readonly selector: Readonly<Record<string, string>> }).selector[
      'tidegate.dev/colour'
    ];
  }

  /** The calls that change something. */
  get writes(): string[] {
    return this.fake.calls
      .filter(({ verb }) => verb !== 'list' && verb !== 'get')
      .map(({ verb, resource, query }) => {
        const dry = query.get('dryRun') === 'All' ? ' dry' : '';
        return `${verb} ${resource}${dry}`;
      });
  }

  async run(line: string, around: Partial<Surroundings> = {}): Promise<Ran> {
    let [out, err] = ['', ''];
    const code = await runRainbow(line.split(' '), {
      clock: hastyClock,
      variables: { KUBECONFIG: '/config' },
      readText: () => this.fake.kubeconfig,
      print: (text) => (out += text),
      complain: (text) => (err += text),
      programs: { start: notHere, onSignal: notHere },
      isTerminal: false,
      isColourful: false,
      rows: () => 24,
      columns: () => 80,
      isInteractive: false,
      readLine: notHere,
      ...around,
    });
    return { code, out, err };
  }

  /** Whoever sits there types this. */
  type(line: string, typed: string): Promise<Ran> {
    return this.run(line, { isInteractive: true, readLine: () => Promise.resolve(typed) });
  }

  private colour(colour: string): void {
    const { deployment } = this.stage.colour(colour);
    const spec = { template: { spec: { containers: [{ name: 'app', image: 'app:1' }] } } };
    this.fake.objects.patch('Deployment', NAMESPACE, deployment.metadata.name, { spec });
    this.scale(deployment.metadata.name);
  }

  /** Pods are ready, or gone, as soon as that is wanted. */
  private scale(name: string): void {
    const { objects } = this.fake;
    const { spec, status, metadata } = objects.get('Deployment', NAMESPACE, name);
    const { replicas } = spec as { readonly replicas: number };
    const { generation: observedGeneration } = metadata;
    const ready = { readyReplicas: replicas, availableReplicas: replicas };
    const up = { replicas, updatedReplicas: replicas, ...ready };
    const wanted = { observedGeneration, ...up };
    if (JSON.stringify(status) === JSON.stringify(wanted)) return;
    const set = objects.get('ReplicaSet', NAMESPACE, `${name}-1`);
    const pods = objects.list('Pod', NAMESPACE).filter((pod) => isOf(pod, set));
    for (const { metadata: pod } of pods.slice(replicas))
      objects.remove('Pod', NAMESPACE, pod.name);
    for (let at = pods.length; at < replicas; at++) {
      this.stage.pod(`${name}-1-${at}`, set.metadata.labels ?? {}, set);
    }
    objects.put({ ...objects.get('Deployment', NAMESPACE, name), status: wanted });
    this.route();
  }

  private route(): void {
    const { objects } = this.fake;
    if (objects.find('Service', NAMESPACE, GROUP) === undefined) return;
    const selector = `tidegate.dev/colour=${String(this.live())}`;
    this.stage.routes(GROUP, objects.list('Pod', NAMESPACE, selector));
  }
}

export async function startTown(t: Ends): Promise<Town> {
  return new Town(await startFakeCluster(t));
}

function isOf({ metadata: { ownerReferences = [] } }: Stored, { metadata }: Stored): boolean {
  return ownerReferences.some(({ uid }) => uid === metadata.uid);
}

function notHere(): never {
  throw new Error('nobody is there');
}
