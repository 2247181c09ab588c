/**
 * What becomes of a Deployment's pods while the controller looks: one is deleted and drains, one is taken
 * away by force, of two the tidegate dies. Each is told on the Deployment once, with what it had at work,
 * and by nobody a second time when another replica takes over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { Controllers, polled } from './controllers.js';
import { hold } from './held.js';
import { DEVOUR, misbehave } from './inspected.js';
import { type Deployment, manifest } from './manifest.js';
import { containerOf, isReady, Namespace, type Pod } from './namespace.js';
import { testWithHelm } from './release.js';

const REPLICAS = 4;
const GRACE_S = 12;
const SETTINGS = { TIDEGATE_SETTLE_MIN: '1s', TIDEGATE_SETTLE_QUIET: '1s' };
const READY_MS_MAX = 120_000;
const LOOKED_MS_MAX = 30_000;
const TOLD_MS_MAX = 60_000;
/** In which whoever told something twice would have done so. */
const AGAIN_MS = 8_000;

interface Told {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count?: number;
  readonly source: { readonly component?: string };
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

function deploymentOf(namespace: Namespace): Deployment {
  const changes = { replicas: REPLICAS, graceS: GRACE_S, settings: SETTINGS };
  const { deployment, sidecar } = manifest(namespace.cluster, 'native', changes);
  // A busy node is slow to answer, and that is no death.
  Object.assign(sidecar?.livenessProbe ?? {}, { timeoutSeconds: 10, failureThreshold: 10 });
  return deployment;
}

/** What the controller has told, on whatever. */
async function events(namespace: Namespace): Promise<readonly Told[]> {
  const text = await namespace.kubectl(['get', 'events', '-o', 'json']);
  const { items } = JSON.parse(text) as { readonly items: readonly Told[] };
  return items.filter(({ source }) => source.component === 'tidegate-controller');
}

async function readyPods(namespace: Namespace): Promise<readonly Pod[]> {
  let pods: readonly Pod[] = [];
  const asked = async (): Promise<boolean> => {
    pods = (await namespace.pods('app=web')).filter(isReady);
    return pods.length === REPLICAS;
  };
  await polled(asked, () => `${pods.length} of ${REPLICAS} pods are ready`, READY_MS_MAX);
  return pods;
}

/** The controller knows what each pod has at work. */
async function areMarked(namespace: Namespace): Promise<void> {
  const asked = async (): Promise<boolean> => {
    const pods = await namespace.pods('app=web');
    const verdicts = pods.map(({ metadata }) => metadata.annotations?.['tidegate.dev/verdict']);
    return verdicts.every((verdict) => verdict?.includes('"active"') === true);
  };
  await polled(asked, 'each pod is marked as active', LOOKED_MS_MAX);
}

/** Its process is on this machine: the cluster is the kit's. */
async function killTidegate({ cluster }: Namespace, pod: Pod): Promise<void> {
  const id = containerOf(pod, 'tidegate')?.containerID ?? '';
  const [pid] = (await cluster.kit?.pidsOf([id.replace('containerd://', '')])) ?? [];
  process.kill(pid, 'SIGKILL');
}

const nameOf = ({ metadata }: Pod): string => metadata.name;

interface Expected {
  readonly what: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: RegExp;
}

const HAD = ': it had 1 connection at work \\d+s before';

function silent(what: string, message: string): Expected {
  const [type, reason] = ['Warning', 'DiedWithoutGoodbye'] as const;
  return { what, type, reason, message: new RegExp(`^${message}${HAD}$`) };
}

/** Ends one in each manner; what is to be told of them. */
async function ended(namespace: Namespace, pods: readonly Pod[]): Promise<readonly Expected[]> {
  const [deleted, forced, killed, devours] = pods.map(nameOf);
  await Promise.all([
    namespace.kubectl(['delete', 'pod', deleted, '--wait=false']),
    namespace.kubectl(['delete', 'pod', forced, '--force', '--grace-period=0']),
    killTidegate(namespace, pods[2]),
    // On a busy node whoever asks it to goes with it, before the answer.
    misbehave(namespace, devours, DEVOUR).catch(() => undefined),
  ]);
  const figures = '0 finished, 1 got a farewell, none was cut';
  return [
    {
      what: 'the drain of a deleted pod',
      ...({ type: 'Normal', reason: 'Drained' } as const),
      message: new RegExp(`^${deleted} drained in (?:\\d+[ms])+: ${figures} \\(preStop\\)$`),
    },
    silent('a pod that is forced away', `${forced} is gone, and nobody has seen its tidegate end`),
    silent(
      'a tidegate that is killed',
      `tidegate in ${killed} was killed \\(exit code 137\\) without a goodbye`,
    ),
    // A busy node hears too late that it was its memory.
    silent(
      'a tidegate that runs out of memory',
      `tidegate in ${devours} was killed \\((?:OOMKilled, )?exit code 137\\) without a goodbye`,
    ),
  ];
}

/** These, and no other ones. */
function areTold(t: Test, told: readonly Told[], expected: readonly Expected[]): void {
  for (const { message } of told) t.comment(message);
  t.equal(told.length, expected.length, 'nothing else is told, nor told again by another leader');
  for (const { what, type, reason, message } of expected) {
    const found = told.filter((one) => message.test(one.message));
    const on = { involvedObject: { kind: 'Deployment', name: 'web' }, count: 1 };
    t.match(found, [{ type, reason, ...on }], `${what} is told on the Deployment, once`);
    t.equal(found.length, 1, `${what} is told in one Event`);
  }
}

testWithHelm(
  'what becomes of its pods is told on a Deployment, each once',
  async (t, cluster, helm) => {
    const namespace = await Namespace.create(t, cluster);
    await namespace.apply(deploymentOf(namespace));
    await namespace.load(t);
    const pods = await readyPods(namespace);
    const targets = pods.map(({ status }) => `${status.podIP}:8080`);
    await hold(t, namespace, targets);
    // Behind the clients: a mark is written once a minute.
    const controllers = await Controllers.install(t, namespace, helm[4]);
    await areMarked(namespace);
    const fromMs = performance.now();
    const expected = await ended(namespace, pods);
    let told: readonly Told[] = [];
    const asked = async (): Promise<boolean> => {
      told = await events(namespace);
      return told.length >= expected.length;
    };
    await polled(asked, () => `all is told, not only ${JSON.stringify(told)}`, TOLD_MS_MAX);
    t.comment(`all is told after ${Math.round(performance.now() - fromMs)} ms`);
    const leader = await controllers.leader();
    const metrics = await controllers.metrics(leader);
    const goodbyes = ['drained', 'cut', 'silent'].map((outcome) =>
      metrics.value('tidegate_controller_goodbyes_total', { outcome }),
    );
    t.same(goodbyes, [1, 0, 3], 'each is counted');
    const log = await controllers.log(leader);
    const lines = log.filter(({ msg }) => msg === 'a pod has died without a goodbye');
    t.equal(lines.length, 3, 'and a line of the log for each death');
    // The other one leads now, and a third one is started.
    await namespace.kubectl(['delete', 'pod', leader, '--wait=true']);
    t.not(await controllers.leader(), leader, 'another one leads');
    await sleep(AGAIN_MS);
    areTold(t, await events(namespace), expected);
  },
  { kit: true },
);
