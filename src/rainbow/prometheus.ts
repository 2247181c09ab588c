/**
 * What pods' tidegates say, by one query of the Prometheus that scrapes them: for fleets too large
 * to be asked pod by pod. Nobody is asked twice here: instead it takes two scrapes that say safe,
 * the last of them a minute ago at most. Times are compared by Prometheus' own clock.
 */
import { type ClientRequest, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { type Answer, boundedCall, CallError, type Limits } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { KubernetesError } from '../kubernetes/fault.js';
import { ofPod, plausible, unknown } from './answers.js';
import type { AskPods } from './ask.js';
import type { KnownAnswer, PodAnswer } from './contract.js';
import { type Fields, fieldsAt, listAt, textAt } from './objects.js';

/** Prometheus has not told what it was asked for: a fault of the cluster's like any other. */
export class PrometheusError extends KubernetesError {}

const LIMITS: Limits = { answerMs: 10_000, answerBytes: 64 * 1_048_576 };
/** Two scrapes a minute apart are in it, and one that came late. */
const RANGE_SECONDS = 150;
const SCRAPES_MIN = 2;
const AGE_SECONDS_MAX = 60;
/** What stands before a Prometheus may keep answers: theirs is time() of another moment. */
const ANSWER_AGE_MS_MAX = 60_000;

/** What is known of each pod by its metrics, and the expression for it; `$` is the selector. */
const EXPRESSIONS = {
  safe: `min by (namespace, pod) (min_over_time(tidegate_safe_to_delete{$}[${RANGE_SECONDS}s]))`,
  scrapes: `min by (namespace, pod) (count_over_time(tidegate_safe_to_delete{$}[${RANGE_SECONDS}s]))`,
  age: 'max by (namespace, pod) (time() - timestamp(tidegate_safe_to_delete{$}))',
  active: connections('active'),
  idle: connections('idle'),
  leases: 'max by (namespace, pod) (tidegate_leases{$})',
  oldest:
    'max by (namespace, pod) (time() - (tidegate_oldest_connection_start_timestamp_seconds{$} > 0))',
  phase: 'max by (namespace, pod, phase) (tidegate_phase{$} == 1)',
} as const;
type Known = keyof typeof EXPRESSIONS;

/** A pod that two jobs scrape is in there twice, and has its connections once. */
function connections(state: string): string {
  const each = `max by (namespace, pod, kind) (tidegate_connections{$,state="${state}"})`;
  return `sum by (namespace, pod) (${each})`;
}

/** Of one pod. */
type Values = Partial<Record<Known, number>> & { phaseName?: string };

/** `url`: where Prometheus' own pages begin, like `http://prometheus.monitoring:9090`. */
export function askPrometheus(url: URL, clock: Clock): AskPods {
  return async (namespace, pods) => {
    if (pods.length === 0) return new Map();
    const values = await query(url, clock, namespace);
    return new Map(
      pods.map(({ uid, name, isReady }) => [uid, ofPod(answerOf(values.get(name)), isReady)]),
    );
  };
}

export function queryFor(namespace: string): string {
  const selector = `namespace=${JSON.stringify(namespace)}`;
  return Object.entries(EXPRESSIONS)
    .map(([known, expression]) => {
      const filled = expression.replaceAll('$', selector);
      return `label_replace(${filled}, "known", "${known}", "", "")`;
    })
    .join(' or ');
}

async function query(
  url: URL,
  clock: Clock,
  namespace: string,
): Promise<ReadonlyMap<string, Values>> {
  const who = `Prometheus at ${url.host}`;
  let answer: Answer;
  try {
    answer = await boundedCall(() => open(url, queryFor(namespace)), LIMITS, clock);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const isPassing = error.failure !== 'too-large';
    throw new PrometheusError(`${who} ${unreachedWords(error)}`, isPassing);
  }
  const fields = parse(answer.body);
  if (answer.status !== 200 || textAt(fields, 'status') !== 'success') {
    const error = textAt(fields, 'error');
    const words = error === undefined ? ', as no Prometheus does' : `: ${error}`;
    throw new PrometheusError(`${who} answers ${answer.status}${words}`, answer.status >= 500);
  }
  const result = listAt(fieldsAt(fields, 'data'), 'result');
  if (isOld(result, answer.atMs)) {
    throw new PrometheusError(
      `${who} answers with values of long ago: is something before it that keeps them?`,
      true,
    );
  }
  return valuesOf(result);
}

/** Each value has the moment that it is of; a server that does not tell the time is believed. */
function isOld(result: readonly Fields[], nowMs: number | undefined): boolean {
  if (nowMs === undefined) return false;
  return result.some(({ value }) => {
    const seconds = Array.isArray(value) ? Number(value[0]) : Number.NaN;
    // Written so that NaN is too old.
    return !(nowMs - seconds * 1_000 <= ANSWER_AGE_MS_MAX);
  });
}

function open(url: URL, text: string): ClientRequest {
  const path = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  const secrets = [url.username, url.password].map(decodeURIComponent).join(':');
  const at = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${path}?${new URLSearchParams({ query: text }).toString()}`,
    headers: { host: url.host, accept: 'application/json' },
    agent: false,
    ...(secrets === ':' ? {} : { auth: secrets }),
  };
  return url.protocol === 'https:' ? requestSecure(at) : requestPlain(at);
}

function unreachedWords({ failure, code }: CallError): string {
  if (failure === 'late') return `does not answer within ${LIMITS.answerMs / 1_000}s`;
  if (failure === 'too-large') return 'answers with too much';
  if (code === 'ECONNREFUSED') return 'is not there: nothing listens';
  return `is not reached${code === '' ? '' : `: ${code}`}`;
}

function parse(body: string): Fields {
  try {
    return fieldsAt(JSON.parse(body));
  } catch {
    return {};
  }
}

function valuesOf(result: readonly Fields[]): ReadonlyMap<string, Values> {
  const values = new Map<string, Values>();
  for (const { metric, value } of result) {
    const { pod, known, phase } = fieldsAt(metric) as Readonly<Record<string, string | undefined>>;
    if (pod === undefined || known === undefined || !(known in EXPRESSIONS)) continue;
    const own = values.get(pod) ?? {};
    own[known as Known] = Array.isArray(value) ? Number(value[1]) : NaN;
    if (phase !== undefined) own.phaseName = phase;
    values.set(pod, own);
  }
  return values;
}

function answerOf(values: Values | undefined): PodAnswer {
  const { safe, scrapes = 0, age, active, idle, leases, oldest, phaseName } = values ?? {};
  if (safe === undefined || age === undefined) {
    const words = 'is not scraped by Prometheus, or without the labels namespace and pod';
    return unknown('stale', words);
  }
  // Written so that NaN is too old.
  if (!(age <= AGE_SECONDS_MAX)) {
    return unknown('stale', `was last scraped ${Math.round(age)}s ago`);
  }
  if (scrapes < SCRAPES_MIN) {
    return unknown('stale', `was scraped only once in the last ${RANGE_SECONDS}s`);
  }
  if (active === undefined || idle === undefined || leases === undefined) {
    return unknown('unparsable', 'has metrics that no tidegate has');
  }
  const phase = (phaseName ?? 'serving') as KnownAnswer['phase'];
  const isSafe = safe === 1;
  const counts = { active, idle, leases, oldestSeconds: oldest ?? null };
  // Safe in all of them, and something is at work since: the last scrape is what holds.
  return plausible({
    known: true,
    safe: isSafe,
    reason: isSafe ? undefined : reasonOf(counts, phase),
    phase,
    ...counts,
  });
}

/** No metric tells the reason. */
function reasonOf(
  { active, leases }: Pick<KnownAnswer, 'active' | 'leases'>,
  phase: KnownAnswer['phase'],
): KnownAnswer['reason'] {
  if (active > 0) return 'active';
  if (leases > 0) return 'leases';
  return phase === 'settling' ? 'settling' : 'not-quiet';
}
