/**
 * Ten Deployments of three real pods, two of which have a client each, are scaled to two. By itself
 * Kubernetes removes whichever it likes; with the controller it removes the pod that nobody uses, each
 * time. Which one that is chance decides, so that no rule about age or name can be what decides. The
 * clients are there before the controller is: that a mark follows a change is seen in `fleets.ts`.
 */
import type { Test } from 'tap';
import { DELETION_COST_ANNOTATION } from '../../src/kubernetes/keys.js';
import { Random, seedOfRun } from '../peers/random.js';
import { Controllers, polled } from './controllers.js';
import { type Held, hold } from './held.js';
import { type Deployment, manifest } from './manifest.js';
import { isReady, Namespace, type Pod } from './namespace.js';
import { testWithHelm } from './release.js';

const DEPLOYMENTS = 10;
const REPLICAS = 3;
const GRACE_S = 20;
const ALL = 'scaled=yes';
const READY_MS_MAX = 240_000;
const REMOVED_MS_MAX = 60_000;
const MARKED_MS_MAX = 60_000;
const SETTINGS = { TIDEGATE_SETTLE_MIN: '1s', TIDEGATE_SETTLE_QUIET: '1s' };
const names = Array.from({ length: DEPLOYMENTS }, (_, at) => `web-${at}`);

/** What became of one Deployment. */
interface Outcome {
  readonly name: string;
  /** The pod that nobody used, and its place among the three, the oldest first. */
  readonly idle: string;
  readonly place: number;
  readonly removed: readonly string[];
}

interface Chosen {
  readonly name: string;
  readonly pods: readonly Pod[];
  readonly idle: Pod;
}

const nameOf = ({ metadata }: Pod): string => metadata.name;
const isIdle = ({ idle, removed }: Outcome): boolean => removed.length === 1 && removed[0] === idle;
const stays = ({ metadata }: Pod): boolean => metadata.deletionTimestamp === undefined;

function deploymentOf(namespace: Namespace, name: string): Deployment {
  const changes = { replicas: REPLICAS, graceS: GRACE_S, settings: SETTINGS };
  const { deployment, sidecar } = manifest(namespace.cluster, 'native', changes);
  const labels = { app: name, scaled: 'yes' };
  Object.assign(deployment.metadata, { name, labels });
  deployment.spec.selector = { matchLabels: { app: name } };
  deployment.spec.template.metadata.labels = labels;
  // Thirty pods on one small node are slow to answer, and must not be unready for it.
  Object.assign(sidecar?.readinessProbe ?? {}, { timeoutSeconds: 10, periodSeconds: 3 });
  return deployment;
}

/** Three ready pods of each, the oldest first. */
async function allReady(namespace: Namespace): Promise<ReadonlyMap<string, readonly Pod[]>> {
  let pods: readonly Pod[] = [];
  const wanted = DEPLOYMENTS * REPLICAS;
  const asked = async (): Promise<boolean> => {
    pods = (await namespace.pods(ALL)).filter(isReady);
    return pods.length === wanted;
  };
  await polled(asked, () => `${pods.length} of ${wanted} pods are ready`, READY_MS_MAX);
  const age = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp);
  const oldestFirst = [...pods].sort((one, other) => age(one) - age(other));
  const ofName = (name: string): readonly Pod[] =>
    oldestFirst.filter(({ metadata }) => metadata.labels?.['app'] === name);
  return new Map(names.map((name) => [name, ofName(name)]));
}

async function chosen(namespace: Namespace, chance: Random): Promise<readonly Chosen[]> {
  const all = await allReady(namespace);
  return [...all].map(([name, pods]) => ({ name, pods, idle: chance.pick(pods) }));
}

/** Each pod but the idle ones has a client. */
function clients(t: Test, namespace: Namespace, all: readonly Chosen[]): Promise<Held> {
  const used = all.flatMap(({ pods, idle }) => pods.filter((pod) => pod !== idle));
  return hold(
    t,
    namespace,
    used.map(({ status }) => `${status.podIP}:8080`),
  );
}

const scaleTo = (namespace: Namespace, replicas: number): Promise<string> =>
  namespace.kubectl(['scale', 'deployment', ...names, `--replicas=${replicas}`]);

/** Scales all of them down, and sees which pods go. */
async function shrunk(namespace: Namespace, all: readonly Chosen[]): Promise<readonly Outcome[]> {
  await scaleTo(namespace, REPLICAS - 1);
  let left: readonly Pod[] = [];
  const wanted = DEPLOYMENTS * (REPLICAS - 1);
  const asked = async (): Promise<boolean> => {
    left = (await namespace.pods(ALL)).filter(stays);
    return left.length === wanted;
  };
  await polled(asked, () => `${left.length} of ${wanted} pods are left`, REMOVED_MS_MAX);
  const isLeft = new Set(left.map(nameOf));
  return all.map(({ name, pods, idle }) => ({
    name,
    idle: nameOf(idle),
    place: pods.indexOf(idle),
    removed: pods.map(nameOf).filter((pod) => !isLeft.has(pod)),
  }));
}

function told(t: Test, how: string, outcomes: readonly Outcome[]): number {
  const right = outcomes.filter(isIdle);
  const places = (some: readonly Outcome[]): string => some.map(({ place }) => place).join(' ');
  t.comment(
    `${how}: the idle pod went ${right.length} times of ${outcomes.length}; it was the oldest (0) to ` +
      `the newest (2): ${places(outcomes)}; where it went: ${places(right)}`,
  );
  return right.length;
}

/** Each one that is used has a cost, and none of the others. */
async function areMarked(namespace: Namespace, all: readonly Chosen[]): Promise<void> {
  const idle = new Set(all.map((one) => nameOf(one.idle)));
  let wrong: readonly string[] = [];
  const asked = async (): Promise<boolean> => {
    const pods = (await namespace.pods(ALL)).filter(stays);
    wrong = pods
      .filter((pod) => costOf(pod) > 0 === idle.has(nameOf(pod)))
      .map((pod) => `${nameOf(pod)} ${JSON.stringify(pod.metadata.annotations)}`);
    return wrong.length === 0;
  };
  await polled(asked, () => `costs tell who is used: ${wrong.join(', ')}`, MARKED_MS_MAX);
}

function costOf({ metadata: { annotations = {} } }: Pod): number {
  return Number(annotations[DELETION_COST_ANNOTATION] ?? 0);
}

/** Who goes is of no interest any more, and takes processor from those who come. */
async function forgetGoing(namespace: Namespace): Promise<void> {
  const going = (await namespace.pods(ALL)).filter((pod) => !stays(pod)).map(nameOf);
  const atOnce = ['--grace-period=0', '--force', '--ignore-not-found'];
  if (going.length > 0) await namespace.kubectl(['delete', 'pod', ...going, ...atOnce]);
}

testWithHelm(
  'a Deployment that shrinks loses the pod that nobody uses',
  async (t, cluster, helm) => {
    const seed = seedOfRun(Date.now());
    t.comment(`TIDEGATE_TEST_SEED=${seed}`);
    const chance = new Random(seed);
    const namespace = await Namespace.create(t, cluster);
    await namespace.apply(...names.map((name) => deploymentOf(namespace, name)));
    await namespace.load(t);
    const first = await chosen(namespace, chance);
    const held = await clients(t, namespace, first);
    const without = told(t, 'without the controller', await shrunk(namespace, first));
    t.ok(without < DEPLOYMENTS, 'without the controller chance decides');
    held.leave();
    await forgetGoing(namespace);
    await scaleTo(namespace, REPLICAS);
    const second = await chosen(namespace, chance);
    await clients(t, namespace, second);
    const fromMs = performance.now();
    await Controllers.install(t, namespace, helm[4]);
    await areMarked(namespace, second);
    t.comment(`installed and all marked after ${Math.round(performance.now() - fromMs)} ms`);
    const outcomes = await shrunk(namespace, second);
    t.equal(told(t, 'with it', outcomes), DEPLOYMENTS, 'with it the idle pod goes, each time');
    t.same(
      outcomes.filter((one) => !isIdle(one)),
      [],
      'and no other',
    );
  },
);
