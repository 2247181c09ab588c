/**
 * One client whose app cannot be reached: its request goes to another pod, and is sent anew until
 * one that has an app takes it or the time is up. A try counts as not sent only if nobody was
 * reached or a tidegate said so; whatever else fails ends in a reset, as it would in a tunnel.
 */
import type { IncomingMessage, InformationEvent } from 'node:http';
import type { Socket } from 'node:net';
import type { Timer } from '../clock.js';
import { retryMsFrom } from '../protocol/events/farewell.js';
import type { DialSocket, Reaching } from './dial.js';
import { UNAVAILABLE } from './refusal.js';
import { Answer, type Asked, isEventStream, wholeHead } from './second-chance-answer.js';
import { KeptBody } from './second-chance-body.js';
import { endBroken, endInOrder, plain } from './second-chance-end.js';
import type { SecondChances } from './second-chance.js';
import { MARKER_LOWER, notHere } from './second-chance-marker.js';
import type { Errand } from './second-chance-proxy.js';
import { asksForWebSocket, errandOf } from './second-chance-request.js';
import { joinSwitched } from './second-chance-switched.js';
import { Try, type TryListener } from './second-chance-try.js';
import type { Tunnel } from './tunnel.js';

const RETRY_FIRST_MS = 5;
const RETRY_MAX_MS = 250;
/** How many requests a client may send behind the one that is answered. */
const PIPELINED_MAX = 100;

export class Hop implements Reaching, TryListener {
  private readonly chances: SecondChances;
  private readonly tunnel: Tunnel;
  private readonly client: DialSocket;
  private readonly untilMs: number;
  private retryMs = RETRY_FIRST_MS;
  private tries = 0;
  private pipelined = 0;
  private request: IncomingMessage | undefined;
  private body: KeptBody | undefined;
  /** What came behind the head of an upgrade. */
  private early: Buffer | undefined;
  private current: Try | undefined;
  private answer: Answer | undefined;
  private timer: Timer;
  /** Somebody has said something. */
  private isHeard = false;
  private isAnswered = false;
  private isOver = false;
  /** How much of what the client sent is counted. */
  private countedBytes: number;

  constructor(chances: SecondChances, tunnel: Tunnel, client: DialSocket) {
    const { clock, policy } = tunnel.around;
    this.chances = chances;
    this.tunnel = tunnel;
    this.client = client;
    this.countedBytes = client.bytesRead - client.readableLength;
    this.untilMs = clock.now() + policy.appConnectTimeoutMs;
    this.timer = clock.after(policy.appConnectTimeoutMs, () => this.refuse());
    tunnel.exchangeBegan('work');
    tunnel.carries('http1');
  }

  /** The request's head is whole; `early` is what followed the head of an upgrade. */
  begin(request: IncomingMessage, early?: Buffer): void {
    if (this.request !== undefined || this.isOver) {
      this.discard(request);
      return;
    }
    this.timer.cancel();
    this.request = request;
    this.early = early;
    const mark = request.headers[MARKER_LOWER];
    if (mark !== undefined) {
      this.refuse(503, notHere(String(mark)));
      return;
    }
    if (early !== undefined && this.refusesUpgrade(request)) return;
    this.body = new KeptBody(request, () => this.countReceived());
    this.client.on('end', () => this.current?.endSending());
    this.attempt();
  }

  /** A drain has come so far that no WebSocket may begin. */
  private refusesUpgrade(request: IncomingMessage): boolean {
    const { policy, events } = this.tunnel.around;
    if (!policy.refusesUpgrades || !asksForWebSocket(request)) return false;
    events.refusedLate();
    this.refuse();
    return true;
  }

  /** Pipelined behind it: nobody's. Node keeps each of them, so there is an end to it. */
  private discard(request: IncomingMessage): void {
    request.resume();
    if (++this.pipelined <= PIPELINED_MAX) return;
    if (this.isOver) this.client.destroy();
    else this.cutOff();
  }

  attempt(): void {
    const { around } = this.tunnel;
    this.tries++;
    const to = this.isOwn ? this.chances.app : this.chances.service;
    const leftMs = Math.max(0, this.untilMs - around.clock.now());
    this.current = new Try(around, to, leftMs, this);
    this.current.begin(this.chances.send);
  }

  /** Every other time it is looked whether the app is there again. */
  private get isOwn(): boolean {
    return this.tries % 2 === 0 && this.tunnel.around.policy.proxyProtocol === 'off';
  }

  unreached(code: string): void {
    if (this.isOwn) this.tunnel.around.events.dialFailed(code);
    this.again();
  }

  reached(): Errand {
    const { body, request, tunnel, client } = this;
    const { policy, events } = tunnel.around;
    if (this.isOwn) events.reached();
    return errandOf(request as IncomingMessage, body as KeptBody, {
      mark: this.isOwn ? undefined : this.chances.id,
      forwarded: policy.forwarded,
      clientAddress: client.remoteAddress,
      service: this.chances.service,
      isUpgrade: this.early !== undefined,
    });
  }

  /** A pod says nothing, and so has taken it: a long body has to go on. */
  silent(): void {
    this.body?.release();
  }

  informed(answer: InformationEvent): void {
    this.isHeard = true;
    this.body?.release();
    if (this.request?.httpVersionMinor !== 0) this.write(wholeHead(answer));
  }

  answered(answer: IncomingMessage): void {
    if (this.isNotHere(answer)) {
      this.body?.hold();
      this.current?.leave();
      this.again();
      return;
    }
    this.isAnswered = true;
    this.body?.release();
    this.told(answer.statusCode ?? 0);
    const asked: Asked = {
      client: this.client,
      method: this.request?.method ?? '',
      isOld: this.request?.httpVersionMinor === 0,
      isCut: () => this.current?.isCut === true,
      sent: (bytes) => void (this.tunnel.around.events.sentBytes += bytes),
    };
    if (isEventStream(asked, answer)) this.tunnel.carries('sse');
    this.answer = new Answer(asked, answer, (how) => {
      if (how === 'whole') this.finish();
      else if (how === 'cut') this.cutOff();
      else this.bidFarewell();
    });
  }

  /** A tidegate has said that its app is gone, too: the request has reached nobody. */
  private isNotHere({ statusCode, headers }: IncomingMessage): boolean {
    const isMarked = statusCode === 503 && headers[MARKER_LOWER] === this.chances.id;
    return isMarked && !this.isHeard && this.body?.canRepeat === true;
  }

  private told(status: number): void {
    this.tunnel.answered(status);
    if (!this.isOwn) this.tunnel.around.events.secondChance();
  }

  /** The upgrade was accepted. */
  switched(answer: IncomingMessage, socket: Socket, fromApp: Buffer): void {
    this.told(101);
    this.countReceived();
    this.write(wholeHead(answer, ['upgrade', 'connection']));
    this.over();
    this.current = undefined;
    joinSwitched(this.tunnel, socket, !this.isOwn, { fromClient: this.early, fromApp });
  }

  broke(): void {
    if (!this.isAnswered) this.cutOff();
  }

  /** This try has reached nobody. */
  private again(): void {
    const { clock } = this.tunnel.around;
    if (this.isOver) return;
    this.current = undefined;
    const leftMs = this.untilMs - clock.now();
    if (leftMs <= 0) {
      this.refuse();
      return;
    }
    this.timer = clock.after(Math.min(this.retryMs, leftMs), () => this.attempt());
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS);
  }

  /** The client is told by ourselves, and by nobody else. */
  refuse(status = 503, answer: string = UNAVAILABLE): void {
    if (this.isOver) return;
    this.current?.leave();
    this.tunnel.answered(status);
    this.write(Buffer.from(answer, 'latin1'));
    this.part();
  }

  /** CONNECT is for nobody here; behind a request it costs what was under way. */
  refuseConnect(): void {
    if (this.request === undefined) this.refuse();
    else this.cutOff();
  }

  get isElsewhere(): boolean {
    return !this.isOver && this.current?.isSent === true;
  }

  /** A drain asks for the end: what was sent to nobody is refused, streams end, the rest has its time. */
  giveUp(): void {
    if (!this.isElsewhere) this.refuse();
    else if (this.tunnel.kind === 'sse') {
      this.answer?.sayFarewell(retryMsFrom(this.tunnel.around.random()));
    }
  }

  /** The client is gone, and so is what was done for it. */
  abandon(): void {
    this.countReceived();
    this.over();
    this.current?.leave();
  }

  /** What Node says of bytes that are no request. */
  refusedHead(code: string | undefined): void {
    if (this.isOver) return;
    if (this.request?.complete === true) return; // it is behind the request: nobody's
    if (this.request !== undefined) this.cutOff();
    else if (code !== 'HPE_HEADER_OVERFLOW') this.refuse(400, plain('400 Bad Request'));
    else this.refuse(431, plain('431 Request Header Fields Too Large'));
  }

  /** The answer is whole. */
  private finish(): void {
    if (this.isOver) return;
    this.current?.done();
    if (this.tunnel.kind === 'sse') this.tunnel.carries('http1');
    this.tunnel.exchangeEnded('work');
    this.part();
  }

  /** Its event stream was ended for a drain: that was the goodbye, and it counts as one. */
  private bidFarewell(): void {
    if (this.isOver) return;
    this.current?.leave();
    this.tunnel.partedBy('drain');
    this.tunnel.endedByFarewell();
    this.part();
  }

  /** FIN, and what the client sends yet is read and discarded for a while. */
  private part(): void {
    this.over();
    this.body?.discard();
    endInOrder(this.tunnel, this.client);
  }

  /** What was sent came to nothing: its client hears of that by a reset, behind what it is owed. */
  private cutOff(): void {
    if (this.isOver) return;
    this.over();
    this.current?.leave();
    endBroken(this.tunnel, this.client);
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer.cancel();
    this.chances.left();
  }

  private write(bytes: Buffer): void {
    this.tunnel.around.events.sentBytes += bytes.length;
    this.client.write(bytes);
  }

  private countReceived(): void {
    const { bytesRead } = this.client;
    this.tunnel.around.events.receivedBytes += bytesRead - this.countedBytes;
    this.countedBytes = bytesRead;
  }
}
