/**
 * What is said between a test and the load driver: a line of JSON for each command on its standard
 * input, one for each answer on its standard output. A plan says what is to be done, a report what
 * came of it. Times are in milliseconds; those that end in `AtMs` count from the driver's start.
 */

/** A kept lane has one connection for all its requests, a one-shot lane a new one for each. */
export const REQUEST_LANES = [
  'getKept',
  'postKept',
  'seldomKept',
  'getOnce',
  'postOnce',
  'slowKept',
  'slowOnce',
] as const;
export type RequestLaneName = (typeof REQUEST_LANES)[number];

export const WEB_SOCKET_LANES = ['plain', 'deflate'] as const;
export type WebSocketLaneName = (typeof WEB_SOCKET_LANES)[number];

/** Whose figure a sample is. */
export type LaneName = RequestLaneName | 'streams' | WebSocketLaneName;

/** Why something was not answered as it should have been; nothing else is ever counted. */
export const FAILURES = [
  /** Nobody listens, or a firewall says so. */
  'refused',
  /** The host or its network is unreachable. */
  'no-route',
  /** Not connected in time. */
  'timeout-connecting',
  /** A reset before any byte of an answer. */
  'reset',
  /** A FIN before any byte of an answer, on a connection that was new. */
  'ended-before-answer',
  /** A FIN, a reset, in an answer. */
  'cut-in-answer',
  'reset-in-answer',
  /** Connected, and not answered in time; a stream without an event, a message without its echo. */
  'timeout-answer',
  'wrong-status-500',
  'wrong-status-502',
  'wrong-status-503',
  'wrong-status-504',
  'wrong-status-other',
  'wrong-body',
  /** It was no HTTP, or no handshake of a WebSocket. */
  'malformed-answer',
  /** Still not answered when the driver had to stop. */
  'unfinished-at-stop',
  /** A fault on this side, like no port left. A sample says which. */
  'other',
] as const;
export type Failure = (typeof FAILURES)[number];
/** Only those that happened. */
export type Failures = Partial<Record<Failure, number>>;

export interface RequestPlan {
  readonly lanes: number;
  /** Between an answer and the next request; a fifth more or less each time. */
  readonly pauseMs: number;
  /**
   * How many requests a kept connection has before this side ends it in order and opens another, as
   * pools with a maximum age do. No limit if nothing is said.
   */
  readonly requestsMax?: number;
  /** Bodies go by turns with a Content-Length and in chunks: all with a Content-Length. */
  readonly chunks?: boolean;
}

export interface Plan {
  readonly getKept?: RequestPlan;
  readonly postKept?: RequestPlan;
  /** As `getKept`, for clients that pause for long. */
  readonly seldomKept?: RequestPlan;
  readonly getOnce?: RequestPlan;
  readonly postOnce?: RequestPlan;
  /** By turns with their head at once and the body in pieces, or with all of it late. */
  readonly slowKept?: RequestPlan;
  readonly slowOnce?: RequestPlan;
  /** How long the app takes for a slow answer: 2 s. */
  readonly slowMs?: number;
  /** Of a POST: 4 KiB. */
  readonly bodyBytes?: number;
  readonly streams?: { readonly lanes: number; readonly everyMs: number };
  /** How many without and with permessage-deflate, and how often each sends a message. */
  readonly webSockets?: {
    readonly plain: number;
    readonly deflate: number;
    readonly everyMs: number;
  };
  /** Streams and WebSockets that have ended are opened again: yes. */
  readonly reopens?: boolean;
  /** Of one message: 64. */
  readonly messageBytes?: number;
  /** The lanes begin evenly spread over this time: 1 s. */
  readonly rampMs?: number;
  /** For an answer, an echo, an event: 20 s. */
  readonly timeoutMs?: number;
  /** What a `stop` waits for exchanges in progress: 5 s. */
  readonly finishMs?: number;
}

/** What goes on while a Deployment is rolled out. No client ends a kept connection by itself. */
export const ROLLOUT_PLAN = {
  getKept: { lanes: 10, pauseMs: 100 },
  postKept: { lanes: 4, pauseMs: 100 },
  seldomKept: { lanes: 10, pauseMs: 4_000 },
  getOnce: { lanes: 4, pauseMs: 100 },
  postOnce: { lanes: 2, pauseMs: 100 },
  slowKept: { lanes: 2, pauseMs: 100 },
  slowOnce: { lanes: 2, pauseMs: 100 },
  streams: { lanes: 20, everyMs: 500 },
  webSockets: { plain: 50, deflate: 50, everyMs: 1_000 },
} as const satisfies Plan;

export type Command =
  /** `target` is HOST:PORT; a name is looked up once, now. */
  ({ readonly do: 'start'; readonly target: string } & Plan) | { readonly do: 'report' | 'stop' };

/** `to` is the command that is answered; `stop` is answered with the last report. */
export type Reply =
  | { readonly to: 'start' }
  | { readonly to: 'report' | 'stop'; readonly report: Report }
  | { readonly to: string; readonly error: string };

/** `sent` = `ok` + all failures + `inProgress`. */
export interface RequestCounts {
  sent: number;
  ok: number;
  failures: Failures;
  inProgress: number;
  /** Connections opened, answered or not. */
  connections: number;
  /**
   * Requests that crossed a FIN on a connection used before, were repeated once on a new one (RFC
   * 9112 9.5) and are counted by what became of that. No failures.
   */
  repeatedAfterFin: number;
  /** Connections that were reset, whenever that was and whatever else is counted for it. */
  resets: number;
  /** Kept connections that were reset while no request was under way. No failures. */
  resetWhileIdle: number;
  /** Kept connections on which something came that nobody had asked for. */
  unasked: number;
  slowestMs: number;
  /** Beyond what the answer was asked to take; the same as `slowestMs` for answers not slow. */
  slowestExcessMs: number;
}

export interface StreamCounts {
  opened: number;
  open: number;
  /** Ended by the server after the last chunk. */
  endedWhole: number;
  /** Ended without it. */
  cutByFin: number;
  cutByReset: number;
  /** Connections that were reset, these and others. */
  resets: number;
  /** Ends of all three kinds in the fullest second. */
  endsPerSecondMax: number;
  /** Not opened, or silent for too long. */
  failures: Failures;
  events: number;
  /** Numbers left out, and such as came again; a reconnect goes on with the number after the last. */
  gaps: number;
  duplicates: number;
  /** Whole streams whose last event was not. */
  brokenEvents: number;
  /** `retry:` fields seen. They are not obeyed. */
  retryFields: number;
  slowestOpenMs: number;
}

/** Nothing that this driver closed itself is among the closes. */
export interface WebSocketCounts {
  opened: number;
  open: number;
  /** By close code; 1006 is none. */
  closes: Record<string, number>;
  /** Closes without both Close frames. */
  unclean: number;
  /** Connections that were reset, whatever else is counted for it. */
  resets: number;
  /** Not opened, or an echo that never came. */
  failures: Failures;
  sent: number;
  echoed: number;
  /** Messages whose echo had not come when their socket closed. */
  unanswered: number;
  /**
   * Of these, such as crossed nobody's Close: the socket had no clean end, or they had been sent
   * more than a second before it, and than twice the slowest echo.
   */
  lost: number;
  /** Of those that did cross one: how long before the end the first was sent. */
  oldestCrossedMs: number;
  outOfOrder: number;
  wrong: number;
  slowestEchoMs: number;
  slowestOpenMs: number;
}

/** An answer or an echo over a second that had no cause to be. */
export interface LongAnswer {
  readonly lane: LaneName;
  /** Beyond what it was asked to take. */
  readonly ms: number;
  readonly atMs: number;
}

export interface FailureSample {
  readonly lane: LaneName;
  readonly failure: Failure;
  readonly atMs: number;
  /** When the first byte of what failed went out: not before its connection was there. */
  readonly sentAtMs: number;
  /** What the system or the answer said. */
  readonly detail: string;
}

export interface Report {
  readonly forMs: number;
  /** The time of day from which all that ends in `AtMs` counts. */
  readonly startedMs: number;
  readonly requests: Record<RequestLaneName, RequestCounts>;
  readonly streams: StreamCounts;
  readonly webSockets: Record<WebSocketLaneName, WebSocketCounts> & {
    /** Closes of both in the fullest second, and when the first and the last were. */
    readonly closesPerSecondMax: number;
    readonly firstCloseAtMs?: number;
    readonly lastCloseAtMs?: number;
  };
  /** All failures of all lanes. */
  readonly failed: number;
  /** Answers and echoes over 1 s without cause: how many, and the first of them. */
  readonly longAnswers: number;
  readonly longAnswersFirst: readonly LongAnswer[];
  readonly failuresFirst: readonly FailureSample[];
  /** What the driver itself took of a core, and the longest that it kept answers waiting. */
  readonly cpuMs: number;
  readonly blockedMs: number;
}
