/**
 * One client socket joined to its own app socket. Passes bytes as they come, an end as an end and
 * a reset as a reset, and turns what its observer understands into counted facts. It has no policy
 * of its own: a connection is ended only by its peers, or because a drain asks for it.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import type { Facts, GiveUpReason, Kind, Observer, Purpose } from '../protocol/contract.js';
import { createDetector } from '../protocol/detect.js';
import { OPAQUE } from '../protocol/opaque.js';
import { cutOff, cutUnflushed, resetBehind } from './ending.js';
import type { DialSocket } from './dial.js';
import type { EndedBy, TunnelEvents } from './events.js';
import type { LaneSocket } from './lane.js';
import { OpenExchanges } from './open-exchanges.js';
import { Parting, standsInForApp } from './parting.js';
import type { Policy } from './policy.js';
import { plainAddress } from './proxy-preamble.js';
import type { SecondChances } from './second-chance.js';

/** What all tunnels share. */
export interface Surroundings {
  readonly policy: Policy;
  readonly events: TunnelEvents;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Undefined unless the setting is given. */
  readonly secondChances?: SecondChances | undefined;
}

/** How long bytes already read may take to leave before a reset that follows them. */
export const RESET_FLUSH_MS = 1_000;

export class Tunnel implements Facts {
  readonly around: Surroundings;
  readonly client: Socket;
  /** Undefined until the app is reached. */
  app: Socket | undefined;
  observer: Observer;
  kind: Kind = 'tcp';
  /** Work is in progress, or what may be it: until the app is reached, the client's bytes may wait. */
  active = true;
  /** It is work for sure: not a connection on which nothing, or only a probe, has been heard. */
  isWork = false;
  /** A request head's CR that waits for its LF, because a line may go in before it. */
  heldCr = false;
  /** A PROXY preamble came from the client: its address is told already. */
  hasPreamble = false;
  /** Clock times: when it was accepted, and since when it is of its kind. */
  readonly openedMs: number;
  sinceMs: number;
  /** Set once a drain has touched it. */
  parting: Parting | undefined;
  private readonly exchanges = new OpenExchanges();
  private endedBy: EndedBy | undefined;
  private openSockets = 1;
  /** Set only while an ending is under way. */
  private endingTimer: Timer | undefined;
  private addressLine: string | undefined;

  constructor(around: Surroundings, client: Socket) {
    this.around = around;
    this.client = client;
    this.openedMs = around.clock.now();
    this.sinceMs = this.openedMs;
    this.observer = createDetector(this);
    around.events.opened(this);
  }

  /** The app is reached; from here on there are two sockets to wait for. */
  join(app: Socket): void {
    this.app = app;
    this.openSockets++;
    this.settle(this.kind, false);
  }

  get probes(): Policy['probes'] {
    return this.around.policy.probes;
  }

  get exchangesOpen(): number {
    return this.exchanges.size;
  }

  /** The app was reached, and may yet say something. */
  get hasApp(): boolean {
    return this.app !== undefined && !this.app.readableEnded && !this.app.destroyed;
  }

  /** Bytes for the client wait in this process: its answer is over, but not yet out. */
  get owesClient(): boolean {
    return this.client.writableLength > 0;
  }

  /** Something is going on, if only a probe's exchange. */
  get isBusy(): boolean {
    return this.active || this.exchanges.size > 0;
  }

  /** Both sockets are gone. */
  get isOver(): boolean {
    return this.openSockets === 0;
  }

  /** Clock time since when nothing is at work; told only while a drain is going on, else 0. */
  idleSinceMs = 0;

  /** Its client was told that nobody answers, or got its one answer from elsewhere. */
  isRefused = false;

  /** Its goodbye has been said. */
  get hasSaidFarewell(): boolean {
    return this.isRefused || (this.parting?.hasSpoken ?? false);
  }

  /** Its goodbye was said and taken: the client has ended in order, too. */
  get hasParted(): boolean {
    return this.parting?.taken ?? false;
  }

  /** It is being ended in order, and will be gone within seconds. */
  get isParting(): boolean {
    return this.hasSaidFarewell && !this.isOver;
  }

  /** How many bytes have passed, both ways. */
  get bytesPassed(): number {
    return this.client.bytesRead + this.client.bytesWritten;
  }

  /** What is being done to end it; made when it is first asked for. */
  beginParting(app: LaneSocket): Parting {
    return (this.parting ??= new Parting(this, app));
  }

  /** Says the goodbye of what it carries as soon as one can stand there; asked again, nothing changes. */
  sayFarewell(): void {
    if (this.isOver) return;
    if (this.app !== undefined) this.beginParting(this.app as LaneSocket).ask();
    else (this.client as DialSocket).dial?.giveUp();
  }

  /** Ends a connection on which nothing is at work: a FIN, and what comes yet is discarded. */
  endIdle(): void {
    if (this.isBusy || this.app === undefined || this.isOver || this.isParting) return;
    this.beginParting(this.app as LaneSocket).end();
  }

  /** Who ended it, unless a side had ended already. */
  partedBy(endedBy: EndedBy): void {
    this.endedBy ??= endedBy;
  }

  /** A late request was answered with a refusal. */
  refusedLate(): void {
    this.around.events.refusedLate();
    this.answered(503);
    this.exchangeEnded('work');
  }

  /** The other socket of the pair. */
  peerOf(socket: Socket): Socket | undefined {
    return socket === this.client ? this.app : this.client;
  }

  carries(kind: Kind): void {
    if (kind === 'tls' || kind === 'websocket' || kind === 'http2') this.addressLine = undefined;
    if (kind === 'http1') this.weigh();
    else this.settle(kind, true);
  }

  follows(next: Observer): void {
    this.observer = next;
  }

  preambled(): void {
    this.hasPreamble = true;
    this.parting?.request.release();
  }

  exchangeBegan(purpose: Purpose | 'unknown'): void {
    this.exchanges.began(purpose, this.around.clock.now());
    this.around.events.exchangeBegan();
    if (this.kind === 'http1') this.weigh();
  }

  exchangeKnown(purpose: Purpose): void {
    this.exchanges.known(purpose);
    if (this.kind === 'http1') this.weigh();
  }

  answered(status: number): void {
    this.around.events.answered(status);
  }

  exchangeEnded(purpose: Purpose): void {
    this.around.events.exchangeEnded(this.exchanges.ended(purpose), purpose);
    if (this.kind === 'http1') this.weigh();
  }

  gaveUp(reason: GiveUpReason): void {
    this.around.events.gaveUp(reason, this.exchanges.drop());
  }

  /** A bug in an observer costs this tunnel its observer; the bytes pass on. */
  fault(error: unknown): void {
    this.around.events.fault(error);
    this.observer = OPAQUE;
    this.gaveUp('fault');
    this.carries('tcp');
  }

  private weigh(): void {
    this.settle('http1', this.exchanges.isActive, this.exchanges.isWork);
  }

  private settle(kind: Kind, active: boolean, isWork = active): void {
    const { kind: kindBefore, active: activeBefore, isWork: wasWork } = this;
    if (kind === kindBefore && active === activeBefore && isWork === wasWork) return;
    if (kind !== kindBefore) this.sinceMs = this.around.clock.now();
    this.kind = kind;
    this.active = active;
    this.isWork = isWork;
    if (!active && this.around.policy.isDraining) this.idleSinceMs = this.around.clock.now();
    this.around.events.moved(this, kindBefore, activeBefore, wasWork);
  }

  /** The line that names the client, CRLF included; empty once its socket is gone. */
  forwardedLine(): string {
    const { remoteAddress: address } = this.client;
    this.addressLine ??=
      address === undefined ? '' : `X-Forwarded-For: ${plainAddress(address)}\r\n`;
    return this.addressLine;
  }

  /** One side sent its FIN. Who was first is who ended the connection. */
  ended(socket: Socket): void {
    this.endedBy ??= socket === this.client ? 'client' : 'app';
    if (socket === this.client) this.parting?.clientLeft();
    try {
      if (socket === this.client) this.observer.clientEnded();
      // Behind our goodbye the app's end is not what made its answer whole.
      else if (!this.hasSaidFarewell) this.observer.appEnded();
    } catch (error) {
      this.fault(error);
    }
  }

  /** One side was reset, and its socket does not know. */
  resetBy(socket: Socket): void {
    this.broke(socket);
    socket.destroy();
  }

  /** One side is broken: the other is told by a reset, behind the bytes that it is still owed. */
  broke(socket: Socket): void {
    if (socket === this.app && standsInForApp(this, true)) return;
    this.endedBy ??= 'error';
    const peer = this.peerOf(socket);
    if (peer === undefined || peer.destroyed) return;
    if (!resetBehind(peer)) this.limitEnding(RESET_FLUSH_MS, cutUnflushed, peer);
  }

  /** An ending is under way; `cut` is called if it is not over in time. */
  limitEnding<A>(ms: number, cut: (arg: A) => void, arg: A): void {
    this.endingTimer ??= this.around.clock.after(ms, cut, arg);
  }

  /** A bug in the carrying itself costs this tunnel, and nothing else. */
  broken(error: unknown): void {
    this.around.events.fault(error);
    this.cut('error');
  }

  /**
   * Ends both sockets at once: by resets if something is at work or owed, so that nothing cut looks whole.
   * `endedBy` is counted unless a side had ended already.
   */
  cut(endedBy: EndedBy): void {
    if (this.active) this.endedBy = endedBy;
    else this.endedBy ??= endedBy;
    const byReset = (this.isBusy && !this.hasSaidFarewell) || this.owesClient;
    this.parting?.cut();
    cutOff(this.client, byReset);
    if (this.app !== undefined) cutOff(this.app, byReset || this.app.writableLength > 0);
  }

  /** A socket is gone; with the second one the tunnel is. */
  closed(socket: Socket): void {
    if (--this.openSockets > 0) {
      if (!socket.readableEnded) this.broke(socket);
      return;
    }
    this.endingTimer?.cancel();
    this.parting?.forget();
    this.around.events.closed(this, this.endedBy ?? 'error', this.exchanges.drop());
  }
}
