/**
 * What an observer is, and what it may say. An observer reads the bytes that pass through one
 * tunnel, changes none, keeps none, and never throws; it tells what it understood as facts.
 */
import type { ProbeAgents } from './http1/probes.js';

/** What a tunnel can be carrying; the order is the order of the tracker's counters. */
export const KINDS = ['http1', 'sse', 'websocket', 'http2', 'tls', 'tcp'] as const;
export type Kind = (typeof KINDS)[number];

/** Why an observer stopped following; the closed label set of `tidegate_observer_gave_up_total`. */
export const GIVE_UP_REASONS = [
  'request-syntax',
  'answer-syntax',
  'head-too-large',
  'length-too-large',
  'pipeline-too-deep',
  'early-data',
  'unexpected-switch',
  'websocket-frame',
  'fault',
] as const;
export type GiveUpReason = (typeof GIVE_UP_REASONS)[number];

/** Whether somebody's work depends on an exchange, or only the knowledge that somebody is there. */
export type Purpose = 'work' | 'probe';

/** The tunnel's ear: an observer calls these while it reads. None of them throws. */
export interface Facts {
  /** Whose requests are no work; without it nobody's. */
  readonly probes?: ProbeAgents;
  /** From now on the tunnel carries this kind. */
  carries(kind: Kind): void;
  /** The bytes after those already read are the next observer's, in both lanes. */
  follows(next: Observer): void;
  /** A PROXY preamble went by: the client's address has been told by somebody in front of us. */
  preambled(): void;
  /** The first byte of a request went by; what it is for is known if its whole head came along. */
  exchangeBegan(purpose: Purpose | 'unknown'): void;
  /** The head of the request that was of unknown purpose is whole. */
  exchangeKnown(purpose: Purpose): void;
  /** The final status (RFC 9110 section 15; 101 included, other 1xx not) of an answer went by. */
  answered(status: number): void;
  /** Request and answer are whole, or the exchange turned into another protocol. */
  exchangeEnded(purpose: Purpose): void;
  /** The observer lost the thread; an opaque one follows. */
  gaveUp(reason: GiveUpReason): void;
}

export interface Observer {
  /**
   * Reads what the client sent. Returns the offset after the last byte it read: less than
   * `chunk.length` only after `follows`, right behind a request head (see `headEnd`), or at a mark.
   */
  fromClient(chunk: Uint8Array, from: number): number;
  /** Reads what the app sent; returns like `fromClient`. */
  fromApp(chunk: Uint8Array, from: number): number;
  /** The client sent its FIN. */
  clientEnded(): void;
  /** The app sent its FIN. */
  appEnded(): void;
  /** Where the last `fromClient` stopped, for the line that may go in before the blank line. */
  readonly headEnd: HeadEnd;
  /** Set in a drain: reads stop at marks, too. */
  stops: boolean;
  /** Where the last read of either lane stopped while `stops` is set. */
  readonly mark: Mark;
  /** The client has not said enough to tell what the connection carries. */
  readonly undecided: boolean;
  /** The client has said its protocol's goodbye. */
  readonly clientClosed: boolean;
  /** And the app has yet to answer it. */
  readonly appOwesClose: boolean;
  /** What a drain asks of an HTTP/1.1 connection; undefined for all others. */
  readonly http: HttpTurn | undefined;
  /** Which goodbye could stand right behind the last byte read from the app. */
  farewell(): Farewell;
}

/**
 * `begin`: the next byte is the first of a message. `head`: an answer's head is whole, and the
 * answer, too, if it is not `answering` now. `end`: a message is whole. `boundary`: a frame of the
 * app's, or what can be told apart of its event stream, is whole.
 */
export type Mark = 'none' | 'begin' | 'head' | 'end' | 'boundary';

/**
 * `none`: nothing to say, now or later. `not-yet`: something is under way that must not be split.
 * `close`: a Close frame. `event`: a last event and the last chunk. `last-chunk`: that alone, behind
 * coded content. `retry`: a last event and the end. `end`: the end alone.
 */
export type Farewell = 'none' | 'not-yet' | 'close' | 'event' | 'last-chunk' | 'retry' | 'end';

export interface HttpTurn {
  /** The answer whose head was read last is final, and to the last request that went by. */
  readonly isLastAnswer: boolean;
  /** An answer has begun and is not whole. */
  readonly answering: boolean;
  /** A request has begun and is not whole. */
  readonly requesting: boolean;
  /** The request whose head was read last asks for a WebSocket (RFC 6455 section 4.1). */
  readonly asksForWebSocket: boolean;
  /** How many requests whose heads are whole have no whole answer. */
  readonly answersDue: number;
  /**
   * Neither side has said that the connection ends, no request is under way, and none is owed an
   * answer but by an event stream: behind it, the connection may go on.
   */
  readonly persists: boolean;
}

/**
 * `none`: not at the end of a request head. `plain` / `forwarded`: the blank line's LF was the
 * last byte read, and the head has no / has an X-Forwarded-For line. `near-…`: likewise, but the
 * last byte read was only the CR of what must be the blank line.
 */
export type HeadEnd = 'none' | 'near-plain' | 'near-forwarded' | 'plain' | 'forwarded';
