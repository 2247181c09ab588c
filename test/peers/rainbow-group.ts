/**
 * A group of colours in a cluster made up, with its controllers, and all of the rainbow room on it as
 * the command line has it: looked at by the API, its pods asked through the proxy, planned and swept.
 */
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../src/clock.js';
import type { Api } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { RAINBOW_STATE_ANNOTATION } from '../../src/kubernetes/keys.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { askThroughProxy } from '../../src/rainbow/ask.js';
import type { Facts, Look, Plan, State } from '../../src/rainbow/contract.js';
import { gather } from '../../src/rainbow/facts.js';
import { plan } from '../../src/rainbow/plan.js';
import { type GivenPolicy, parsePolicy } from '../../src/rainbow/policy.js';
import { NO_STATE, readState, stateText } from '../../src/rainbow/state.js';
import { type Outcome, sweep } from '../../src/rainbow/sweep.js';
import { startFakeCluster } from './fake-cluster.js';
import type { Stored } from './fake-objects.js';
import { HurriedClock } from './hurried-clock.js';
import { RainbowControllers } from './rainbow-controllers.js';
import {
  type ColourGiven,
  type ColourMade,
  GROUP,
  NAMESPACE,
  RainbowStage,
} from './rainbow-stage.js';

export const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** Calls that change something, as `patch deployments.apps/shop-aaa`. */
const WRITES = ['create', 'patch', 'delete'];

export class RainbowGroup extends RainbowStage {
  nowMs = NOW_MS;
  readonly controllers = new RainbowControllers(this);
  policy: GivenPolicy = { keep: '0' };
  /** What is waited for in a run takes no time; a test may act meanwhile. */
  clock: Clock = new HurriedClock(Infinity);

  get api(): Api {
    return new KubernetesApi(this.client);
  }

  protected get client(): ApiClient {
    // Repeats are at once; an answer is waited for as ever.
    return new ApiClient(this.fake.access, new HurriedClock(5_000));
  }

  readonly look: Look = (colours) => {
    const askPods = askThroughProxy(this.client, systemClock);
    return gather(this.api, askPods, { namespace: NAMESPACE, group: GROUP }, colours);
  };

  readonly plan = (facts: Facts): Plan => plan(facts, parsePolicy(this.policy));

  /** Its controllers find it whole. */
  override colour(colour: string, given?: ColourGiven): ColourMade {
    this.controllers.isHeld = true;
    const made = super.colour(colour, given);
    this.controllers.release();
    return made;
  }

  /** Made so long ago, with what is remembered of it. */
  old(colour: string, hours: number, state: Partial<State> = {}, given: ColourGiven = {}): Stored {
    const creationTimestamp = new Date(this.nowMs - hours * HOUR_MS).toISOString();
    const { deployment } = this.colour(colour, { ...given, metadata: { creationTimestamp } });
    this.remember(colour, state);
    return deployment;
  }

  remember(colour: string, state: Partial<State>): void {
    const name = `${GROUP}-${colour}`;
    const { uid } = this.fake.objects.get('Deployment', NAMESPACE, name).metadata;
    const text = stateText({ ...NO_STATE, ...state }, uid);
    const metadata = { annotations: { [RAINBOW_STATE_ANNOTATION]: text } };
    this.fake.objects.patch('Deployment', NAMESPACE, name, { metadata });
  }

  deployment(colour: string): Stored | undefined {
    return this.fake.objects.find('Deployment', NAMESPACE, `${GROUP}-${colour}`);
  }

  replicas(colour: string): number | undefined {
    return (this.deployment(colour)?.['spec'] as { replicas: number } | undefined)?.replicas;
  }

  state(colour: string): State {
    const { annotations = {}, uid = '' } = this.deployment(colour)?.metadata ?? {};
    return readState(annotations[RAINBOW_STATE_ANNOTATION], uid, this.nowMs);
  }

  podsOf(colour: string): Stored[] {
    const deployment = this.deployment(colour);
    return deployment === undefined ? [] : this.controllers.podsOf(deployment);
  }

  /** Of all its pods, in the order of their names; undefined for one that has none. */
  annotationsOf(colour: string, key: string): (string | undefined)[] {
    return this.podsOf(colour).map(({ metadata }) => metadata.annotations?.[key]);
  }

  /** What a Service selects. */
  selected(service: string): string | undefined {
    const { spec } = this.fake.objects.get('Service', NAMESPACE, service);
    return (spec as { selector: Record<string, string> }).selector['tidegate.dev/colour'];
  }

  select(service: string, colour: string): void {
    const selector = { app: GROUP, 'tidegate.dev/colour': colour };
    if (this.fake.objects.find('Service', NAMESPACE, service) === undefined) {
      this.service(service, selector);
    } else this.fake.objects.patch('Service', NAMESPACE, service, { spec: { selector } });
  }

  /** Looked at, planned, and done. */
  async sweep(dryRun = false): Promise<Outcome[]> {
    const { api, look, plan, clock } = this;
    const facts = await look();
    return sweep(facts, plan(facts), { api, look, plan, clock, dryRun, tell: () => undefined });
  }

  get writes(): string[] {
    return this.fake.calls
      .filter(({ verb }) => WRITES.includes(verb))
      .map(({ verb, resource, name }) => `${verb} ${resource}/${name}`);
  }
}

export async function startRainbowGroup(t: Test): Promise<RainbowGroup> {
  const group = new RainbowGroup(await startFakeCluster(t));
  group.fake.now = () => group.nowMs;
  return group;
}
