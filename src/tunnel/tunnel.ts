/**
 * One client socket joined to its own app socket. Passes bytes as they come, an end as an end and
 * a reset as a reset, and turns what its observer understands into counted facts. It has no policy
 * of its own: a connection is ended only by its peers, or because a drain asks for it.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import type { Kind } from '../protocol/contract.js';
import { Carried } from './carried.js';
import { cutOff, cutUnflushed, resetBehind } from './ending.js';
import type { DialSocket } from './dial.js';
import type { EndedBy, TunnelEvents } from './events.js';
import type { LaneSocket } from './lane.js';
import { Parting } from './parting.js';
import type { Policy } from './policy.js';
import { forwardedEndFor } from './forwarded-line.js';
import { outlivesApp, type Reopening } from './reopening.js';
import type { SecondChances } from './second-chance.js';
import { standsInForApp } from './stand-in.js';

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

export class Tunnel extends Carried {
  readonly client: Socket;
  /** Undefined until the app is reached, and behind one that was let go of. */
  app: Socket | undefined;
  /** That app is the one of another pod. */
  isOther = false;
  /** A request head's CR that waits for its LF, because a line may go in before it. */
  heldCr = false;
  /** Set once a drain has touched it. */
  parting: Parting | undefined;
  /** Set while the client is kept without an app. */
  reopening: Reopening | undefined;
  /** Dials the app. */
  private readonly reach: (tunnel: Tunnel) => void;
  private endedBy: EndedBy | undefined;
  private openSockets = 1;
  /** Set only while an ending is under way. */
  private endingTimer: Timer | undefined;
  /** What the heads of its requests end with; made once, for each of them gets it. */
  private lastLines: string | undefined;

  constructor(around: Surroundings, client: Socket, reach: (tunnel: Tunnel) => void) {
    super(around);
    this.client = client;
    this.reach = reach;
    around.events.opened(this);
  }

  /** The app was reached, and may yet say something. */
  get hasApp(): boolean {
    return this.app !== undefined && !this.app.readableEnded && !this.app.destroyed;
  }

  /** Bytes for the client wait in this process: its answer is over, but not yet out. */
  get owesClient(): boolean {
    return this.client.writableLength > 0;
  }

  /** Both sockets are gone. */
  get isOver(): boolean {
    return this.openSockets === 0;
  }

  /** Its client was told that nobody answers, or got its one answer from elsewhere. */
  isRefused = false;

  /** Its goodbye has been said. */
  get hasSaidFarewell(): boolean {
    return this.isRefused || (this.parting?.hasSpoken ?? this.reopening?.hasEnded ?? false);
  }

  /** Its goodbye was said and taken: the client has ended in order, too. */
  get hasParted(): boolean {
    return this.parting?.taken ?? this.reopening?.hasEnded ?? false;
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

  /**
   * Says the goodbye of what it carries as soon as one can stand there; asked again, nothing changes.
   * `mayKeep`: a client whose connection HTTP would keep may use it again.
   */
  sayFarewell(mayKeep = true): void {
    if (this.isOver) return;
    if (this.app !== undefined) this.beginParting(this.app as LaneSocket).ask(mayKeep);
    else if (this.reopening !== undefined) this.reopening.end();
    else (this.client as DialSocket).dial?.giveUp();
  }

  /** Ends a connection on which nothing is at work: a FIN, and what comes yet is discarded. */
  endIdle(): void {
    if (this.isBusy || this.isOver || this.isParting) return;
    this.reopening?.end();
    if (this.app !== undefined) this.beginParting(this.app as LaneSocket).end();
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

  // What it carries

  override carries(kind: Kind): void {
    if (kind === 'tls' || kind === 'websocket' || kind === 'http2') this.lastLines = undefined;
    super.carries(kind);
  }

  override preambled(): void {
    super.preambled();
    this.parting?.request.release();
  }

  protected override moved(kind: Kind, active: boolean, isWork: boolean): void {
    this.around.events.moved(this, kind, active, isWork);
  }

  // An app that is let go of

  /** The app is reached, or that of another pod; from here on there are two sockets to wait for. */
  join(app: Socket, isOther = false): void {
    this.app = app;
    this.isOther = isOther;
    this.openSockets++;
    this.settle(this.kind, false);
  }

  /** What becomes of the app's socket is nothing to this tunnel any more; its client is there. */
  letGoOfApp(reopening: Reopening): void {
    this.app = undefined;
    this.openSockets = 1;
    this.reopening = reopening;
  }

  /** What was said and owed before is over and done with: the client may speak. */
  goOn(): void {
    this.endingTimer?.cancel();
    this.endingTimer = undefined;
    this.parting?.forget();
    this.parting = undefined;
    this.endedBy = undefined;
    this.heldCr = false;
    this.startAnew();
    this.reopening?.wait();
  }

  /** The client has spoken again: it gets an app. */
  reopen(): void {
    this.reopening = undefined;
    this.settle(this.kind, true, false);
    this.reach(this);
  }

  // Endings

  /** The line that names the client, and the blank line; that alone once its socket is gone. */
  forwardedEnd(): string {
    return (this.lastLines ??= forwardedEndFor(this.client.remoteAddress));
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
    if (socket === this.app && (outlivesApp(this) || standsInForApp(this, true))) return;
    this.endedBy ??= this.reopening === undefined ? 'error' : 'client';
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
    this.reopening?.forget();
    this.around.events.closed(this, this.endedBy ?? 'error', this.exchanges.drop());
  }
}
