/**
 * The API server behind a clean-up does wrong, at each of its calls once: it is cut off, refuses, is
 * busy, lags or loses its answer. Whatever comes of that run, nothing is touched but what is due, and the
 * next run does the rest.
 */
import type { Test } from 'tap';
import type { Fault, Wrong } from '../peers/fault-proxy.js';
import type { Ran } from '../peers/running.js';
import type { Cluster } from './cluster.js';
import { Namespace } from './namespace.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { faultProxy, type Proxied } from './proxied.js';
import { type Coloured, Rainbow, STOPPED } from './rainbows.js';
import { StandIn, telling } from './stand-in.js';

const HOUR_MS = 3_600_000;
const lost = (hours: number): { readonly wasLive: true; readonly lostTrafficMs: number } => ({
  wasLive: true,
  lostTrafficMs: Date.now() - hours * HOUR_MS,
});
const DRAIN = 'tidegate.dev/drain';
/** Each at the first call of each kind. */
const WRONGS: readonly Wrong[] = ['lost', 403, 409, 429, 500, 503, { delayMs: 3_000 }];
/** A run that changes something may find that the rest is for the next one. */
const RUNS_MAX = 3;

interface Stage {
  readonly namespace: Namespace;
  readonly api: Proxied;
}

interface Ports {
  readonly safe: number;
  readonly busy: number;
}

/** Which faults are tried, by the calls of a run where nothing goes wrong. */
export type Rounds = (calls: readonly string[]) => readonly (readonly Fault[])[];

/** Each call is cut off, each kind of call meets everything else that can go wrong. */
export const everyWrong: Rounds = (calls) => {
  const kinds = [...new Set(calls)];
  return [
    calls.map((_call, at) => ({ wrong: 'kill', at: at + 1 })),
    ...WRONGS.map((wrong) => kinds.map((on) => ({ wrong, on, at: 1 }))),
    kinds.filter(isWrite).map((on) => ({ wrong: 'hang', on, at: 1 })),
  ];
};

/** Each kind of call meets one of them. */
export const oneWrongEach: Rounds = (calls) => {
  const wrongs: readonly Wrong[] = ['kill', ...WRONGS];
  const kinds = [...new Set(calls)];
  return [kinds.map((on, at) => ({ wrong: wrongs[at % wrongs.length], on, at: 1 }))];
};

/** An API server that does wrong at any call of a clean-up. */
export async function survivesWrongs(t: Test, cluster: Cluster, rounds: Rounds): Promise<void> {
  const [standIn, api] = await Promise.all([StandIn.start(t, cluster), faultProxy(t, cluster)]);
  const ports = {
    safe: await standIn.open(telling({ safe: true })),
    busy: await standIn.open(telling({ safe: false, reason: 'active', active: 5 })),
  };
  const calls = await callsOf(t, cluster, standIn, api, ports);
  t.comment(`${calls.length} calls: ${calls.join(', ')}`);
  for (const faults of rounds(calls)) {
    const wrongs = [...new Set(faults.map(({ wrong }) => JSON.stringify(wrong)))];
    await t.test(`at each call: ${wrongs.join(', ')}`, (t) =>
      allOf(t, cluster, standIn, api, ports, faults),
    );
  }
}

const isWrite = (call: string): boolean => /^(patch|delete) /.test(call);

/** What a clean-up asks of the API server where nothing goes wrong. */
async function callsOf(
  t: Test,
  cluster: Cluster,
  standIn: StandIn,
  api: Proxied,
  ports: Ports,
): Promise<readonly string[]> {
  const namespace = await Namespace.create(t, cluster);
  await fill(namespace, standIn, ports, ['first']);
  await api.set();
  await cleanUp({ namespace, api }, 'first');
  t.ok(await isDone(namespace, 'first'), 'without a fault one run does it all');
  return [...api.calls];
}

/** A group for each fault, all of one namespace. */
async function allOf(
  t: Test,
  cluster: Cluster,
  standIn: StandIn,
  api: Proxied,
  ports: Ports,
  faults: readonly Fault[],
): Promise<void> {
  const namespace = await Namespace.create(t, cluster);
  const groups = faults.map((_fault, at) => `g${at}`);
  await fill(namespace, standIn, ports, groups);
  for (const [at, fault] of faults.entries()) {
    await survives(t, { namespace, api }, groups[at], fault);
  }
}

async function fill(
  namespace: Namespace,
  standIn: StandIn,
  { safe, busy }: Ports,
  groups: readonly string[],
): Promise<void> {
  const drained = { ...lost(3), drainedSinceMs: lost(2).lostTrafficMs };
  const empty = { ...lost(30), scaledToZeroMs: lost(29).lostTrafficMs };
  const papers = groups.flatMap((group): Paper[] => [
    { group, colour: 'live', port: safe },
    { group, colour: 'kept', port: safe, memory: lost(2) },
    { group, colour: 'due-to-delete', port: safe, replicas: 0, memory: empty },
    { group, colour: 'due-to-zero', port: safe, memory: drained },
    { group, colour: 'due-to-drain', port: busy, memory: lost(50) },
  ]);
  await namespace.apply(...groups.map((group) => paperService(group, 'live')));
  await putOnPaper(namespace, standIn, papers);
}

async function survives(t: Test, stage: Stage, group: string, fault: Fault): Promise<void> {
  const { api, namespace } = stage;
  await api.set(fault);
  const { code, stdout, stderr } = await cleanUp(stage, group);
  const what = `${fault.on ?? api.calls[fault.at - 1] ?? `call ${fault.at}`}: exit code ${code}`;
  t.same(await harmIn(namespace, group), [], `${what}: ${stderr.trim().replaceAll('\n', '; ')}`);
  let done = await isDone(namespace, group);
  // A pod that could not be asked is no fault: its colour is kept, and that is said.
  const isLeft = code !== 0 || stdout.includes('is not reached');
  t.ok(isLeft || done, 'what is said to be done is done');
  await api.set();
  let [runs, last] = [0, code];
  while ((last !== 0 || !done) && runs++ < RUNS_MAX) {
    last = (await cleanUp(stage, group)).code;
    done = await isDone(namespace, group);
  }
  t.equal(last, 0, `done after ${runs} more`);
  t.same(await harmIn(namespace, group), [], 'and nothing else');
  t.ok(done, 'all of it');
}

async function cleanUp({ namespace, api }: Stage, group: string): Promise<Ran> {
  const rainbow = new Rainbow(namespace);
  const ran = await rainbow.run('cleanup', group, '--yes', `--kubeconfig=${api.kubeconfig}`);
  if (![0, 1, STOPPED].includes(ran.code ?? -1)) throw new Error(`${ran.code}: ${ran.stderr}`);
  return ran;
}

interface Seen {
  readonly replicas: ReadonlyMap<string, number>;
  /** Colours of pods that were asked to drain. */
  readonly drains: readonly string[];
}

async function look(namespace: Namespace, group: string): Promise<Seen> {
  const which = ['deployments', '-l', `tidegate.dev/rainbow=${group}`, '-o', 'json'];
  const [text, pods] = await Promise.all([
    namespace.kubectl(['get', ...which]),
    namespace.pods(`app=${group}`),
  ]);
  const { items } = JSON.parse(text) as { items: readonly Coloured[] };
  const colourOf = (labels: Readonly<Record<string, string>> = {}): string =>
    labels['tidegate.dev/colour'];
  return {
    replicas: new Map(
      items.map(({ spec }) => [colourOf(spec.template.metadata.labels), spec.replicas]),
    ),
    drains: pods
      .filter(({ metadata }) => metadata.annotations?.[DRAIN] !== undefined)
      .map(({ metadata }) => colourOf(metadata.labels)),
  };
}

/** What was done that is not due. */
async function harmIn(namespace: Namespace, group: string): Promise<readonly string[]> {
  const { replicas, drains } = await look(namespace, group);
  const wrong: string[] = [];
  for (const colour of ['live', 'kept', 'due-to-drain']) {
    if (replicas.get(colour) !== 1) wrong.push(`${colour}: ${replicas.get(colour)} replicas`);
  }
  if (!replicas.has('due-to-zero')) wrong.push('due-to-zero is deleted');
  return [...wrong, ...drains.filter((colour) => colour !== 'due-to-drain')];
}

async function isDone(namespace: Namespace, group: string): Promise<boolean> {
  const { replicas, drains } = await look(namespace, group);
  const isZero = replicas.get('due-to-zero') === 0;
  return isZero && !replicas.has('due-to-delete') && drains.includes('due-to-drain');
}
