/**
 * Pods' tidegates, asked for their status: through the API server or at the pods' own addresses,
 * many at a time, and whoever says safe a second time after all others, unless whoever asks comes
 * back anyway. A pod that does not answer is told of in words; a right that is missing ends it all.
 */
import { type ClientRequest, request } from 'node:http';
import { type Answer, boundedCall, CallError, type Limits } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import type { ApiClient } from '../kubernetes/client.js';
import { isForbidden, KubernetesError } from '../kubernetes/fault.js';
import { askPod } from '../kubernetes/pod-proxy.js';
import { both, ofPod, readAnswer, unknown } from './answers.js';
import type { PodAnswer } from './contract.js';

/** Where a pod's tidegate is to be found. */
export interface PodAsked {
  readonly name: string;
  readonly uid: string;
  readonly isReady: boolean;
  readonly address: string | undefined;
  /** Its admin port. */
  readonly port: number;
}

/** What pods of a namespace say, by their uids. */
export type AskPods = (
  namespace: string,
  pods: readonly PodAsked[],
) => Promise<ReadonlyMap<string, PodAnswer>>;

/** A GET of one pod's tidegate; rejects with a KubernetesError or a CallError. */
export type CallPod = (
  namespace: string,
  pod: Pick<PodAsked, 'name' | 'port'> & { readonly address: string },
  path: string,
  limits: Limits,
) => Promise<Answer>;

const LIMITS: Limits = { answerMs: 5_000, answerBytes: 65_536 };
const AT_ONCE_MAX = 32;
/** For all of them: where nobody answers, thousands would take an hour. */
const ASKING_MS_MAX = 60_000;

export const askNobody: AskPods = () => Promise.resolve(new Map());

/** `port`: the admin port of all of them, whatever their containers say. */
export function callThroughProxy(client: ApiClient, port?: number): CallPod {
  return (namespace, pod, path, limits) =>
    askPod(
      client,
      { namespace, name: pod.name, port: port ?? pod.port },
      { method: 'GET', path, headers: {}, limits },
    );
}

/** From within the cluster. */
export function callDirectly(clock: Clock, port?: number): CallPod {
  return (_namespace, pod, path, limits) => {
    const at = { host: pod.address, port: port ?? pod.port, path, agent: false };
    return boundedCall((): ClientRequest => request(at), limits, clock);
  };
}

export function askThroughProxy(client: ApiClient, clock: Clock, port?: number): AskPods {
  return asking(clock, port, callThroughProxy(client, port));
}

export function askDirectly(clock: Clock, port?: number): AskPods {
  return asking(clock, port, callDirectly(clock, port));
}

/**
 * Each of them once: for whoever asks again and again, and believes what is said twice. Rejects also
 * where nobody came as far as a pod: that says nothing of any.
 */
export function askOnce(call: CallPod, port?: number): AskPods {
  return async (namespace, found) => {
    const answers = new Map<string, PodAnswer>();
    await each(found, async (one) => {
      const pod = { ...one, port: port ?? one.port };
      const answer = await oneAnswer(call, namespace, pod, isOnTheWay);
      answers.set(pod.uid, ofPod(answer, pod.isReady));
    });
    return answers;
  };
}

/** The API server itself is not there. A late answer may as well be the pod's. */
function isOnTheWay(error: unknown): boolean {
  if (!(error instanceof KubernetesError) || !(error.cause instanceof CallError)) return false;
  return error.cause.failure === 'broken';
}

function asking(clock: Clock, port: number | undefined, call: CallPod): AskPods {
  return async (namespace, found) => {
    const pods = found.map((pod) => ({ ...pod, port: port ?? pod.port }));
    const answers = new Map<string, PodAnswer>();
    const endMs = clock.now() + ASKING_MS_MAX;
    const ask = async (pod: PodAsked): Promise<PodAnswer> => {
      if (clock.now() < endMs) return oneAnswer(call, namespace, pod);
      return unknown('unreachable', `was not asked: after ${ASKING_MS_MAX / 1_000}s it was late`);
    };
    await each(pods, async (pod) => {
      answers.set(pod.uid, ofPod(await ask(pod), pod.isReady));
    });
    const safe = pods.filter(({ uid }) => isSafe(answers.get(uid)));
    await each(safe, async (pod) => {
      const first = answers.get(pod.uid) as PodAnswer;
      answers.set(pod.uid, both(first, ofPod(await ask(pod), pod.isReady)));
    });
    return answers;
  };
}

function isSafe(answer: PodAnswer | undefined): boolean {
  return answer?.known === true && answer.safe;
}

/** Rejects where a right is missing, and where `ends` says so. */
async function oneAnswer(
  call: CallPod,
  namespace: string,
  pod: PodAsked,
  ends: (error: unknown) => boolean = () => false,
): Promise<PodAnswer> {
  const { name, port, address } = pod;
  if (address === undefined) return unknown('unreachable', 'has no address yet');
  try {
    return readAnswer(await call(namespace, { name, port, address }, '/status', LIMITS));
  } catch (error) {
    if (ends(error)) throw error;
    return unanswered(error, pod);
  }
}

function unanswered(error: unknown, { port }: PodAsked): PodAnswer {
  if (error instanceof KubernetesError) {
    if (isForbidden(error)) throw error;
    return unknown('unreachable', `is not reached: ${error.message}`);
  }
  if (!(error instanceof CallError)) throw error;
  const { failure, code } = error;
  if (failure === 'too-large') return unknown('unparsable', 'answers GET /status with too much');
  if (code.startsWith('HPE_')) {
    return unknown('unparsable', `answers with something else than HTTP on port ${port}`);
  }
  const late = `does not answer within ${LIMITS.answerMs / 1_000}s on port ${port}`;
  if (failure === 'late') return unknown('unreachable', late);
  if (code === 'ECONNREFUSED') return unknown('unreachable', `has nothing on port ${port}`);
  return unknown('unreachable', `is not reached on port ${port}${code === '' ? '' : `: ${code}`}`);
}

/** Some of them at a time; the first that rejects is the last that is begun. */
export async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items].reverse();
  const work = async (): Promise<void> => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await act(item);
  };
  const workers = Array.from({ length: Math.min(AT_ONCE_MAX, items.length) }, work);
  try {
    await Promise.all(workers);
  } finally {
    rest.length = 0;
  }
}
