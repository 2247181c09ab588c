/**
 * Where all lanes of a load write down what has happened, and from where it is reported. Figures
 * grow; lists hold the first few, so that a report stays small.
 */
import { performance } from 'node:perf_hooks';
import {
  type Failure,
  type Failures,
  type FailureSample,
  type LaneName,
  type LongAnswer,
  type RequestCounts,
  type RequestLaneName,
  type StreamCounts,
  type WebSocketCounts,
  type WebSocketLaneName,
} from './contract.js';

const LONG_MS = 1_000;
const LONG_MAX = 20;
const FAILURES_MAX = 200;
const SECOND_MS = 1_000;

/** How many there were in the fullest second, wherever that begins. */
export class Rate {
  max = 0;
  firstAtMs: number | undefined;
  lastAtMs: number | undefined;
  private readonly recent: number[] = [];

  add(atMs: number): void {
    this.firstAtMs ??= atMs;
    this.lastAtMs = atMs;
    while (this.recent.length > 0 && this.recent[0] <= atMs - SECOND_MS) this.recent.shift();
    this.recent.push(atMs);
    this.max = Math.max(this.max, this.recent.length);
  }
}

/** What has gone wrong with something that was sent at this moment of `performance.now()`. */
export interface Fault {
  readonly failure: Failure;
  readonly detail: string;
  readonly sentMs: number;
}

export class Ledger {
  readonly requests: Record<RequestLaneName, RequestCounts> = {
    getKept: noRequests(),
    postKept: noRequests(),
    seldomKept: noRequests(),
    getOnce: noRequests(),
    postOnce: noRequests(),
    slowKept: noRequests(),
    slowOnce: noRequests(),
  };
  readonly streams = noStreams();
  readonly webSockets: Record<WebSocketLaneName, WebSocketCounts> = {
    plain: noWebSockets(),
    deflate: noWebSockets(),
  };
  readonly closes = new Rate();
  readonly streamEnds = new Rate();
  failed = 0;
  readonly failuresFirst: FailureSample[] = [];
  longAnswers = 0;
  readonly longAnswersFirst: LongAnswer[] = [];
  private readonly startedMs = performance.now();

  /** Milliseconds since the start, whole ones. */
  get atMs(): number {
    return Math.round(performance.now() - this.startedMs);
  }

  /** Counts a failure where its lane has them. */
  fails(lane: LaneName, counted: Failures, { failure, detail, sentMs }: Fault): void {
    this.failed++;
    counted[failure] = (counted[failure] ?? 0) + 1;
    if (this.failuresFirst.length < FAILURES_MAX) {
      const sentAtMs = Math.round(sentMs - this.startedMs);
      const sample = { lane, failure, atMs: this.atMs, sentAtMs, detail: detail.slice(0, 200) };
      this.failuresFirst.push(sample);
    }
  }

  /** Something took so long beyond what it had to. */
  took(lane: LaneName, ms: number): void {
    if (ms <= LONG_MS) return;
    this.longAnswers++;
    if (this.longAnswersFirst.length < LONG_MAX) {
      this.longAnswersFirst.push({ lane, ms: Math.round(ms), atMs: this.atMs });
    }
  }
}

/** The greater, as whole milliseconds. */
export function slower(slowestMs: number, ms: number): number {
  return Math.max(slowestMs, Math.round(ms));
}

function noRequests(): RequestCounts {
  return {
    sent: 0,
    ok: 0,
    failures: {},
    inProgress: 0,
    connections: 0,
    repeatedAfterFin: 0,
    resets: 0,
    resetWhileIdle: 0,
    unasked: 0,
    slowestMs: 0,
    slowestExcessMs: 0,
  };
}

function noStreams(): StreamCounts {
  return {
    opened: 0,
    open: 0,
    endedWhole: 0,
    cutByFin: 0,
    cutByReset: 0,
    resets: 0,
    endsPerSecondMax: 0,
    failures: {},
    events: 0,
    gaps: 0,
    duplicates: 0,
    brokenEvents: 0,
    retryFields: 0,
    slowestOpenMs: 0,
  };
}

function noWebSockets(): WebSocketCounts {
  return {
    opened: 0,
    open: 0,
    closes: {},
    unclean: 0,
    resets: 0,
    failures: {},
    sent: 0,
    echoed: 0,
    unanswered: 0,
    lost: 0,
    oldestCrossedMs: 0,
    outOfOrder: 0,
    wrong: 0,
    slowestEchoMs: 0,
    slowestOpenMs: 0,
  };
}
