/**
 * Asks pods of a group how old their connections are and for how long those lived that ended: what
 * an estimate is made of. A bounded number of pods, each twice; one that does not answer is left
 * out, because nothing but an estimate depends on it.
 */
import type { ConnectionInfo } from '../admin/contract.js';
import { fits, type Shape } from '../admin/shapes.js';
import { type Answer, CallError, type Limits } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { KubernetesError } from '../kubernetes/fault.js';
import { type CallPod, each } from './ask.js';
import type { ColourFacts, Facts, PodFacts } from './contract.js';
import type { ColourConnections, KindConnections } from './estimate.js';
import { type KindMetrics, readExposition } from './exposition.js';
import type { Aged } from './lifetimes/buckets.js';

const PODS_OF_COLOUR_MAX = 20;
const PODS_MAX = 200;
/** A longer list would cost the pod. */
const LISTED_MAX = 1_000;
/** For all of them. */
const READING_MS_MAX = 10_000;
const LIMITS: Limits = { answerMs: 3_000, answerBytes: 1_048_576 };
/** Those that were not listed are taken to be of so many ages. */
const UNLISTED_AGES = 20;

type Listed = Pick<ConnectionInfo, 'kind' | 'state' | 'kindSeconds'>;

/** What a pod has open and what has ended in it, at about the same moment. */
export interface History {
  readonly listed: readonly Listed[];
  readonly kinds: readonly KindMetrics[];
}

/** By the uids of pods, of all colours: they learn from one another. */
export async function readHistories(
  facts: Facts,
  call: CallPod,
  clock: Clock,
): Promise<ReadonlyMap<string, History>> {
  const share = Math.max(1, Math.floor(PODS_MAX / Math.max(1, facts.colours.length)));
  const chosen = facts.colours.flatMap(({ pods }) => choose(pods, share));
  const histories = new Map<string, History>();
  const endMs = clock.now() + READING_MS_MAX;
  await each(chosen, async (pod) => {
    if (clock.now() > endMs) return;
    const history = await readHistory(facts.namespace, pod, call);
    if (history !== undefined) histories.set(pod.uid, history);
  });
  return histories;
}

/** Those that hold the most, because they are emptied last. Who is silent is not asked again. */
function choose(pods: readonly PodFacts[], share: number): PodFacts[] {
  const active = ({ answer }: PodFacts): number => (answer.known ? answer.active : 0);
  return pods
    .filter(({ answer }) => answer.known || answer.reason === 'not-asked')
    .sort((one, other) => active(other) - active(one))
    .slice(0, Math.min(PODS_OF_COLOUR_MAX, share));
}

async function readHistory(
  namespace: string,
  { name, admin }: PodFacts,
  call: CallPod,
): Promise<History | undefined> {
  if (admin?.address === undefined) return undefined;
  const pod = { name, port: admin.port, address: admin.address };
  try {
    const [metrics, connections] = await Promise.all([
      call(namespace, pod, '/metrics', LIMITS),
      call(namespace, pod, `/connections?limit=${LISTED_MAX}`, LIMITS),
    ]);
    const listed = readListed(connections);
    if (metrics.status !== 200 || listed === undefined) return undefined;
    return { listed, kinds: readExposition(metrics.body) };
  } catch (error) {
    if (error instanceof KubernetesError || error instanceof CallError) return undefined;
    throw error;
  }
}

const LISTED: Shape = { record: { kind: 'string', state: 'string', kindSeconds: 'number' } };

function readListed({ status, body }: Answer): readonly Listed[] | undefined {
  if (status !== 200) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('connections' in value)) return undefined;
  const { connections } = value;
  if (!Array.isArray(connections)) return undefined;
  if (!connections.every((one) => fits<Listed>(one, LISTED))) return undefined;
  return connections.map(({ kind, state, kindSeconds }) => ({ kind, state, kindSeconds }));
}

export function connectionsOf(
  { colour, pods, deployment }: ColourFacts,
  histories: ReadonlyMap<string, History>,
  nowMs: number,
): ColourConnections {
  const told = pods.filter(({ uid }) => histories.has(uid));
  const answers = pods.map(({ answer }) => answer).filter((answer) => answer.known);
  const firstMs = Math.min(nowMs, ...told.map(({ createdMs }) => createdMs));
  const { lostTrafficMs = nowMs } = deployment.state;
  const span = {
    youngestSeconds: Math.max(0, (nowMs - lostTrafficMs) / 1_000),
    oldestSeconds: (nowMs - firstMs) / 1_000,
  };
  const kinds = new Map<string, KindConnections>();
  for (const { uid } of told) {
    const history = histories.get(uid) as History;
    for (const metrics of history.kinds) {
      const more = kindOf(metrics, history.listed, span);
      const before = kinds.get(metrics.kind);
      kinds.set(metrics.kind, before === undefined ? more : together(before, more));
    }
  }
  return {
    colour,
    active: answers.reduce((total, { active }) => total + active, 0),
    leases: answers.reduce((total, { leases }) => total + leases, 0),
    unknownPods: pods.length - answers.length,
    kinds: Object.fromEntries(kinds),
  };
}

type Span = Pick<KindConnections, 'youngestSeconds' | 'oldestSeconds'>;

function kindOf(metrics: KindMetrics, all: readonly Listed[], span: Span): KindConnections {
  const listed = all.filter(({ kind }) => kind === metrics.kind);
  const youngest = youngestOf(listed);
  const isWhole = all.length < LISTED_MAX;
  const agesOf = (state: Listed['state']): Aged[] => {
    const ages = listed
      .filter((one) => one.state === state)
      .map(({ kindSeconds }): Aged => ({ seconds: kindSeconds, count: 1 }));
    const unlisted = isWhole ? 0 : metrics[state] - ages.length;
    return [...ages, ...evenly(unlisted, span.youngestSeconds, youngestOf(all))];
  };
  const active = agesOf('active');
  // A drain's endings say nothing about how long connections live by themselves.
  const isOfUse = metrics.endedByDrain === 0;
  const { ended } = metrics;
  const open = isOfUse ? [...active, ...agesOf('idle')] : [];
  return {
    ended: isOfUse ? ended : ended.map(({ to }) => ({ to, count: 0 })),
    open,
    active,
    oldestSeconds: span.oldestSeconds,
    youngestSeconds: Math.min(span.youngestSeconds, youngest),
  };
}

function youngestOf(listed: readonly Listed[]): number {
  return listed.reduce((least, { kindSeconds }) => Math.min(least, kindSeconds), Infinity);
}

/** The list begins with the oldest; the others are younger than the last of it. */
function evenly(count: number, from: number, to: number): Aged[] {
  if (count <= 0) return [];
  const low = Math.min(from, to);
  return Array.from({ length: UNLISTED_AGES }, (_, at) => {
    const seconds = low + ((to - low) * (at + 0.5)) / UNLISTED_AGES;
    return { seconds, count: count / UNLISTED_AGES };
  });
}

function together(one: KindConnections, other: KindConnections): KindConnections {
  const counts = new Map(one.ended.map(({ to, count }) => [to, count]));
  for (const { to, count } of other.ended) counts.set(to, (counts.get(to) ?? 0) + count);
  return {
    ended: [...counts].map(([to, count]) => ({ to, count })),
    open: [...one.open, ...other.open],
    active: [...one.active, ...other.active],
    youngestSeconds: Math.min(one.youngestSeconds, other.youngestSeconds),
    oldestSeconds: Math.max(one.oldestSeconds, other.oldestSeconds),
  };
}
