/**
 * Traffic without a network: the real tracker and real tunnels, over sockets that are there in name
 * only. A test says what an observer would have read and what peers would have done; sockets that
 * are destroyed close in the same moment of the hand-driven clock, after those who asked for it.
 */
import type { Socket } from 'node:net';
import { Tracker, type TrackerListener } from '../../src/tracker.js';
import type { EndedBy } from '../../src/tunnel/events.js';
import type { Policy } from '../../src/tunnel/policy.js';
import { Tunnel } from '../../src/tunnel/tunnel.js';
import type { HandClock } from './clock.js';

const POLICY: Policy = {
  forwarded: 'off',
  proxyProtocol: 'off',
  appConnectTimeoutMs: 10_000,
  keepAliveMs: 0,
  websocketCloseCode: 1001,
  farewellForApp: 'drain',
  isDraining: false,
  refusesUpgrades: false,
};
const FIRST_PORT = 40_000;

/** As much of a socket as a tunnel asks about when it ends. */
class StagedSocket {
  readonly remoteAddress = '10.1.2.3';
  readonly remotePort: number;
  readonly connecting = false;
  readonly writableLength = 0;
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

/** What a tracker's listener heard, a word each. */
export type Heard = string[];

export class Traffic {
  readonly tracker: Tracker;
  readonly heard: Heard = [];
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
    const around = { policy: POLICY, events: this.tracker, clock: this.clock, random: () => 0.5 };
    const tunnel = new Tunnel(around, client as unknown as Socket);
    this.tunnels.set(client, tunnel);
    return tunnel;
  }

  /** A client comes, the app is reached, nothing has been said. */
  connect(): Tunnel {
    const tunnel = this.dial();
    const app = this.socket();
    this.tunnels.set(app, tunnel);
    tunnel.join(app as unknown as Socket);
    return tunnel;
  }

  /** A request's first byte went by, on a connection of its own if none is named. */
  request(tunnel = this.connect()): Tunnel {
    tunnel.carries('http1');
    tunnel.exchangeBegan();
    return tunnel;
  }

  /** The request and its answer are whole. */
  answer(tunnel: Tunnel, status = 200): void {
    tunnel.answered(status);
    tunnel.exchangeEnded();
  }

  /** An upgrade was asked for and accepted. */
  websocket(): Tunnel {
    const tunnel = this.request();
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
      gaveUp: (reason) => (note('gaveUp', reason), listener.gaveUp?.(reason)),
      tlsCarried: () => (note('tlsCarried'), listener.tlsCarried?.()),
      fault: (error) => (note('fault', String(error)), listener.fault?.(error)),
      idle: () => (note('idle'), listener.idle?.()),
      busy: () => (note('busy'), listener.busy?.()),
    };
  }
}
