/**
 * Follows both lanes of an HTTP/1.1 connection and joins requests with their answers into
 * exchanges (RFC 9112). Hands over to another observer when an upgrade or a CONNECT is accepted.
 */
import type { Facts, Farewell, HeadEnd, HttpTurn, Mark, Observer } from '../contract.js';
import { STREAM_START } from '../events/boundary.js';
import { Outstanding, TO_CONNECT, TO_HEAD, TO_PROBE, TO_UPGRADE } from '../exchanges.js';
import { giveUp, turnOpaque } from '../opaque.js';
import { createWebSocketObserver } from '../websocket/observer.js';
import { farewellOf } from './body.js';
import { Framing } from './framing.js';
import {
  classOf,
  CODED,
  EVENT_STREAM,
  FORWARDED,
  H2C,
  LENGTH,
  type Message,
  WEBSOCKET,
} from './message.js';

class Http1Observer implements Observer, HttpTurn {
  headEnd: HeadEnd = 'none';
  stops = false;
  mark: Mark = 'none';
  isLastAnswer = false;
  asksForWebSocket = false;
  private readonly facts: Facts;
  private readonly requests: Framing;
  private readonly answers = new Framing('answer');
  private readonly outstanding = new Outstanding();
  /** A request has begun and is not whole yet. */
  private requestOpen = false;
  /** The open request has been told of: as soon as its head is whole or the rest is yet to come. */
  private openTold = false;
  private openIsProbe = false;
  /** The open request's head is whole; `outstanding` ends with it unless it is answered. */
  private openHeadRead = false;
  /** The open request has its whole answer already. */
  private answeredEarly = false;
  /** The open request's head was still under way when its answer began. */
  private answersOpenHead = false;
  /** A CONNECT was sent: what the client sends now is a tunnel's or nothing. */
  private connecting = false;
  /** The client spoke before it knew what its CONNECT came to. */
  private early = false;
  private streaming = false;
  /** The reading has stopped in front of a request. */
  private requestIsNext = false;

  constructor(facts: Facts) {
    this.facts = facts;
    this.requests = new Framing('request', facts.probes);
  }

  get http(): HttpTurn {
    return this;
  }

  get answering(): boolean {
    return this.answers.isOpen();
  }

  get requesting(): boolean {
    return this.requestOpen;
  }

  get answersDue(): number {
    return this.outstanding.size;
  }

  get persists(): boolean {
    const isDone = !this.requestOpen && this.outstanding.size === Number(this.streaming);
    return isDone && this.requests.persists() && this.answers.persists();
  }

  get undecided(): boolean {
    return false;
  }

  get clientClosed(): boolean {
    return false;
  }

  get appOwesClose(): boolean {
    return false;
  }

  farewell(): Farewell {
    return this.streaming ? farewellOf(this.answers.message) : 'none';
  }

  fromClient(chunk: Uint8Array, from: number): number {
    this.headEnd = 'none';
    this.mark = 'none';
    if (this.requestIsNext) this.requestBegin();
    if (this.connecting) {
      this.early = true;
      return chunk.length;
    }
    const framing = this.requests;
    let at = from;
    while (at < chunk.length) {
      at = framing.read(chunk, at);
      switch (framing.event) {
        case 'begin':
          if (this.stops) {
            this.requestIsNext = true;
            this.mark = 'begin';
            return at;
          }
          this.requestBegin();
          break;
        case 'head':
          this.requestHead(framing.message);
          return at;
        case 'end':
          this.requestEnd();
          if (!this.stops) break;
          this.mark = 'end';
          return at;
        case 'failed':
          this.tellBegun();
          giveUp(this.facts, framing.failure);
          return at;
        default:
          this.tellBegun();
          if (framing.nearHeadEnd()) {
            this.headEnd = framing.message.has(FORWARDED) ? 'near-forwarded' : 'near-plain';
          }
      }
    }
    return at;
  }

  fromApp(chunk: Uint8Array, from: number): number {
    const framing = this.answers;
    let at = from;
    this.mark = 'none';
    framing.message.stopsAtBoundaries = this.stops && this.streaming;
    while (at < chunk.length) {
      at = framing.read(chunk, at);
      const mark = this.followAnswer(framing);
      if (mark === 'none') return at;
      if (this.stops) {
        this.mark = mark;
        return at;
      }
    }
    return at;
  }

  /** `none` if there is nothing to read on for: the chunk is used up, or what follows is not ours. */
  private followAnswer(framing: Framing): Mark {
    switch (framing.event) {
      case 'begin':
        this.answersOpenHead = this.outstanding.size === 0 && this.requestOpen;
        return 'begin';
      case 'head':
        return this.answerHead(framing.message) ? 'head' : 'none';
      case 'end':
        this.answerEnd(framing.message);
        return 'end';
      case 'failed':
        giveUp(this.facts, framing.failure);
        return 'none';
      default: // 'boundary', 'none'
        return framing.event;
    }
  }

  clientEnded(): void {
    // A client may send its FIN and still wait for answers (RFC 9112 section 9.6).
  }

  appEnded(): void {
    if (this.answers.ended()) this.answerEnd(this.answers.message);
  }

  private requestBegin(): void {
    this.requestIsNext = false;
    this.requestOpen = true;
    this.openHeadRead = false;
    this.openTold = false;
  }

  /** The request has begun, and what it is will be known when more of it comes. */
  private tellBegun(): void {
    if (!this.requestOpen || this.openTold) return;
    this.openTold = true;
    this.facts.exchangeBegan('unknown');
  }

  private requestHead(m: Message): void {
    this.headEnd = m.has(FORWARDED) ? 'forwarded' : 'plain';
    const request = classOf(m);
    this.openIsProbe = (request & TO_PROBE) !== 0;
    const purpose = this.openIsProbe ? 'probe' : 'work';
    if (this.openTold) this.facts.exchangeKnown(purpose);
    else this.facts.exchangeBegan(purpose);
    this.openTold = true;
    if (!this.answeredEarly && !this.outstanding.push(request)) {
      giveUp(this.facts, 'pipeline-too-deep');
      return;
    }
    this.openHeadRead = true;
    this.asksForWebSocket = request === TO_UPGRADE && m.has(WEBSOCKET);
    this.connecting = request === TO_CONNECT && !this.answeredEarly;
    if (this.requests.body(false)) this.requestEnd();
    else if (this.requests.event === 'failed') giveUp(this.facts, this.requests.failure);
  }

  private requestEnd(): void {
    this.requestOpen = false;
    if (!this.answeredEarly) return;
    this.answeredEarly = false;
    this.facts.exchangeEnded(this.openIsProbe ? 'probe' : 'work');
  }

  /** False if what follows the head is another observer's. */
  private answerHead(m: Message): boolean {
    const request = this.outstanding.peek();
    const { status } = m;
    if (status === 101) return this.switchProtocols(m, request);
    const interim = status >= 100 && status < 200;
    this.isLastAnswer = !interim && this.answersLast();
    if (!interim) {
      this.facts.answered(status);
      if (request === TO_CONNECT && !this.settleConnect(status)) return false;
      this.followStream(m, request);
    }
    if (this.answers.body(interim || (request & TO_HEAD) !== 0)) this.answerEnd(m);
    return true;
  }

  /** No request has begun behind the one that is being answered. */
  private answersLast(): boolean {
    const due = this.outstanding.size;
    return due === 0 || (due === 1 && !(this.requestOpen && !this.openHeadRead));
  }

  /** An event stream that announces its length is an ordinary answer. */
  private followStream(m: Message, request: number): void {
    const isStream = m.has(EVENT_STREAM) && !m.has(LENGTH) && m.status === 200;
    if (!isStream || (request & TO_HEAD) !== 0) return;
    this.streaming = true;
    if (!m.has(CODED)) m.tail = STREAM_START;
    this.facts.carries('sse');
  }

  private answerEnd(m: Message): void {
    if (m.status >= 100 && m.status < 200) return;
    if (this.streaming) {
      this.streaming = false;
      this.facts.carries('http1');
    }
    let isForOpen = this.answersOpenHead;
    const request = this.outstanding.peek();
    if (this.outstanding.size > 0) {
      this.outstanding.shift();
      isForOpen = this.outstanding.size === 0 && this.requestOpen && this.openHeadRead;
    } else if (!isForOpen) return; // nobody had asked (a 408 on an idle connection)
    if (isForOpen) this.answeredEarly = true;
    else this.facts.exchangeEnded((request & TO_PROBE) === 0 ? 'work' : 'probe');
  }

  /** False if the CONNECT was taken: the connection is a tunnel now (RFC 9110 section 9.3.6). */
  private settleConnect(status: number): boolean {
    if (status >= 200 && status < 300) {
      this.facts.exchangeEnded('work');
      turnOpaque(this.facts, 'tcp');
      return false;
    }
    this.connecting = false;
    if (!this.early) return true;
    giveUp(this.facts, 'early-data');
    return false;
  }

  /** An accepted upgrade (RFC 9110 section 7.8): the app's next byte is the new protocol's. */
  private switchProtocols(m: Message, request: number): boolean {
    this.facts.answered(m.status);
    if (request !== TO_UPGRADE) giveUp(this.facts, 'unexpected-switch');
    else if (this.outstanding.size > 1 || this.requestOpen) giveUp(this.facts, 'early-data');
    else {
      this.facts.exchangeEnded('work');
      if (m.has(WEBSOCKET)) {
        this.facts.follows(createWebSocketObserver(this.facts));
        this.facts.carries('websocket');
      } else turnOpaque(this.facts, m.has(H2C) ? 'http2' : 'tcp');
    }
    return false;
  }
}

/** Tells of the exchanges on an HTTP/1.1 connection, from its first request's first byte. */
export function createHttp1Observer(facts: Facts): Observer {
  return new Http1Observer(facts);
}
