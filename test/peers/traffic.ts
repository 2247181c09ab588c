/**
 * Traffic without a network: the real tracker and real tunnels, over sockets that are there in name
 * only. A test says what an observer would have read and what peers would have done; sockets that
 * are destroyed close in the same moment of the hand-driven clock, after those who asked for it.
 * What a goodbye comes to is staged, too: see `Manners`.
 */
import type { Socket } from 'node:net';
import type { Purpose } from '../../src/protocol/contract.js';
import { Tracker, type TrackerListener } from '../../src/tracker.js';
import type { EndedBy } from '../../src/tunnel/events.js';
import type { Policy } from '../../src/tunnel/policy.js';
import { type Surroundings, Tunnel } from '../../src/tunnel/tunnel.js';
import type { HandClock } from './clock.js';
import { POLICY } from './policy.js';

const FIRST_PORT = 40_000;
/** How long a goodbye may go unanswered. */
export const FAREWELL_LIMIT_MS = 5_000;

/** What becomes of a goodbye. */
export interface Manners {
  /** It is taken after so many milliseconds, or never; `none` can be said. */
  farewell: number | 'never' | 'none';
  /** A client whose idle connection is ended closes it after so long, or its tunnel cannot end it. */
  idleEndMs: number | 'none';
}

/** As much of a socket as a tunnel asks about when it ends. */
class StagedSocket {
  readonly remoteAddress = '10.1.2.3';
  readonly remotePort: number;
  readonly connecting = false;
  readonly writableLength = 0;
  bytesRead = 0;
  bytesWritten = 0;
  readableEnded = false;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  private readonly closed: (socket: StagedSocket) => void;

  constructor(remotePort: number, closed: (socket: StagedSocket) => void) {
    this.remotePort = remotePort;
    this.closed = closed;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.closed(this);
  }

  resetAndDestroy(): void {
    this.destroy();
  }
}

/** A tunnel whose goodbyes come to what its manners say. */
class StagedTunnel extends Tunnel {
  readonly manners: Manners;
  private readonly traffic: Traffic;
  private said = false;
  private taken = false;
  private isEnding = false;

  constructor(around: Surroundings, client: Socket, traffic: Traffic) {
    super(around, client, () => undefined);
    this.manners = { ...traffic.manners };
    this.traffic = traffic;
  }

  override get hasSaidFarewell(): boolean {
    return this.said;
  }

  override get hasParted(): boolean {
    return this.taken;
  }

  override get isParting(): boolean {
    return this.isEnding;
  }

  override sayFarewell(): void {
    const { farewell } = this.manners;
    this.traffic.asked.push({ tunnel: this, atMs: this.around.clock.now() });
    if (this.said || farewell === 'none' || this.kind === 'http1') return;
    this.said = true;
    this.part(farewell === 'never' ? FAREWELL_LIMIT_MS : farewell, farewell !== 'never');
  }

  override endIdle(): void {
    const { idleEndMs } = this.manners;
    this.traffic.endedIdle.push({ tunnel: this, atMs: this.around.clock.now() });
    if (idleEndMs !== 'none') this.part(idleEndMs, true);
  }

  private part(ms: number, taken: boolean): void {
    this.isEnding = true;
    this.around.clock.after(ms, () => {
      if (this.isOver) return;
      this.taken = taken;
      this.cut('drain');
    });
  }
}

/** Something that happened to a tunnel, and when. */
export interface Moment {
  readonly tunnel: Tunnel;
  readonly atMs: number;
}

/** What a tracker's listener heard, a word each. */
export type Heard = string[];

export class Traffic {
  readonly tracker: Tracker;
  readonly heard: Heard = [];
  readonly policy: Policy = { ...POLICY };
  /** Of the connections to come. */
  readonly manners: Manners = { farewell: 'none', idleEndMs: 0 };
  /** Goodbyes and ends of idle connections that were asked for, in order. */
  readonly asked: Moment[] = [];
  readonly endedIdle: Moment[] = [];
  private readonly clock: HandClock;
  private readonly tunnels = new Map<StagedSocket, Tunnel>();
  private port = FIRST_PORT;

  /** `listener` is told what it wants to know; all of it is noted in `heard`. */
  constructor(clock: HandClock, listener: Partial<TrackerListener> = {}) {
    this.clock = clock;
    this.tracker = new Tracker(clock, this.noting(listener));
  }

  /** A client comes; its app is not reached yet. */
  dial(): Tunnel {
    const client = this.socket();
    const { policy, tracker, clock } = this;
    const around = { policy, events: tracker, clock, random: () => 0.5 };
    const tunnel = new StagedTunnel(around, client as unknown as Socket, this);
    this.tunnels.set(client, tunnel);
    return tunnel;
  }

  /** A client comes, the app is reached, or that of another pod; nothing has been said. */
  connect(isOther = false): Tunnel {
    const tunnel = this.dial();
    const app = this.socket();
    this.tunnels.set(app, tunnel);
    tunnel.join(app as unknown as Socket, isOther);
    return tunnel;
  }

  /** A request's head went by, on a connection of its own if none is named. */
  request(tunnel = this.connect(), purpose: Purpose | 'unknown' = 'work'): Tunnel {
    tunnel.carries('http1');
    tunnel.exchangeBegan(purpose);
    return tunnel;
  }

  /** The request and its answer are whole. */
  answer(tunnel: Tunnel, status = 200, purpose: Purpose = 'work'): void {
    tunnel.answered(status);
    tunnel.exchangeEnded(purpose);
  }

  /** An upgrade was asked for and accepted, by the app or by another pod. */
  websocket(isOther = false): Tunnel {
    const tunnel = this.request(this.connect(isOther));
    this.answer(tunnel, 101);
    tunnel.carries('websocket');
    return tunnel;
  }

  /** An event stream is being answered. */
  stream(): Tunnel {
    const tunnel = this.request();
    tunnel.answered(200);
    tunnel.carries('sse');
    return tunnel;
  }

  raw(): Tunnel {
    const tunnel = this.connect();
    tunnel.carries('tcp');
    return tunnel;
  }

  /** Somebody whose app cannot be reached, and who has asked for something. */
  asksElsewhere(): Tunnel {
    const tunnel = this.request(this.dial());
    this.pass(tunnel, 1);
    return tunnel;
  }

  /** Bytes of the client's go by. */
  pass(tunnel: Tunnel, bytes: number): void {
    (tunnel.client as unknown as StagedSocket).bytesRead += bytes;
  }

  /** One side sends its FIN, the other one answers it, and both sockets close. */
  end(tunnel: Tunnel, by: 'client' | 'app' = 'client'): void {
    this.fin(tunnel, by);
    this.fin(tunnel, by === 'client' ? 'app' : 'client');
    tunnel.client.destroy();
    tunnel.app?.destroy();
    this.clock.advance(0);
  }

  /** One side sends its FIN and nothing else. */
  fin(tunnel: Tunnel, by: 'client' | 'app'): void {
    const socket = by === 'client' ? tunnel.client : tunnel.app;
    if (socket === undefined) return;
    (socket as unknown as StagedSocket).readableEnded = true;
    tunnel.ended(socket);
  }

  /** tidegate ends it, for this reason. */
  cut(tunnel: Tunnel, endedBy: EndedBy): void {
    tunnel.cut(endedBy);
    this.clock.advance(0);
  }

  private socket(): StagedSocket {
    return new StagedSocket(this.port++, (socket) => {
      this.clock.after(0, () => {
        this.tunnels.get(socket)?.closed(socket as unknown as Socket);
        this.tunnels.delete(socket);
      });
    });
  }

  private noting(listener: Partial<TrackerListener>): TrackerListener {
    const note = (...words: string[]): void => void this.heard.push(words.join(' '));
    return {
      appUnreachable: (code) => (note('appUnreachable', code), listener.appUnreachable?.(code)),
      appReached: () => (note('appReached'), listener.appReached?.()),
      secondChance: () => (note('secondChance'), listener.secondChance?.()),
      gaveUp: (reason) => (note('gaveUp', reason), listener.gaveUp?.(reason)),
      tlsCarried: () => (note('tlsCarried'), listener.tlsCarried?.()),
      fault: (error) => (note('fault', String(error)), listener.fault?.(error)),
      idle: () => (note('idle'), listener.idle?.()),
      busy: () => (note('busy'), listener.busy?.()),
    };
  }
}
