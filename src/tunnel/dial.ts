/**
 * Reaches the app for a client that is already there. The client's bytes wait in its own socket,
 * which bounds them; an app that refuses is dialled again until the time is up, because it may
 * only just be starting. Ends in a joined tunnel, in a refusal, or with the client.
 */
import { type Socket, connect } from 'node:net';
import type { Timer } from '../clock.js';
import { type LaneSocket, joinLanes } from './lane.js';
import { proxyPreamble } from './proxy-preamble.js';
import { refuse } from './refusal.js';
import { type FirstWords, firstWords, isServedElsewhere } from './second-chance.js';
import type { Tunnel } from './tunnel.js';

/** Where the app listens. */
export interface AppAddress {
  readonly host: string;
  readonly port: number;
}

const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 500;

/** What is under way for a client whose app is not reached. */
export interface Reaching {
  /** Its request is with another pod. */
  readonly isElsewhere: boolean;
  giveUp(): void;
  abandon(): void;
}

/** A socket of either side while the app is not reached. */
export interface DialSocket extends LaneSocket {
  dial: Reaching | undefined;
}

export class Dial implements Reaching {
  private readonly tunnel: Tunnel;
  private readonly client: LaneSocket;
  private readonly address: AppAddress;
  private readonly untilMs: number;
  private retryMs = RETRY_FIRST_MS;
  readonly isElsewhere = false;
  private app: DialSocket | undefined;
  private timer: Timer | undefined;
  private said: FirstWords | undefined;

  constructor(tunnel: Tunnel, client: LaneSocket, address: AppAddress) {
    const { clock, policy } = tunnel.around;
    this.tunnel = tunnel;
    this.client = client;
    this.address = address;
    this.untilMs = clock.now() + policy.appConnectTimeoutMs;
    this.attempt();
  }

  attempt(): void {
    const { clock, policy } = this.tunnel.around;
    const app = connect({
      host: this.address.host,
      port: this.address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: policy.keepAliveMs > 0,
      keepAliveInitialDelay: policy.keepAliveMs,
    }) as DialSocket;
    app.dial = this;
    adopt(this.tunnel, app);
    app.on('connect', onAppConnect);
    this.app = app;
    this.timer = clock.after(Math.max(0, this.untilMs - clock.now()), timedOut, this);
  }

  reached(app: DialSocket): void {
    const { tunnel, client } = this;
    this.timer?.cancel();
    app.dial = undefined;
    (client as DialSocket).dial = undefined;
    app.removeListener('connect', onAppConnect);
    const { proxyProtocol } = tunnel.around.policy;
    if (proxyProtocol !== 'off') app.write(proxyPreamble(proxyProtocol, client));
    tunnel.around.events.reached();
    tunnel.join(app);
    joinLanes(client, app);
  }

  /** This attempt came to nothing. */
  failed(code: string): void {
    const { clock, events } = this.tunnel.around;
    this.timer?.cancel();
    this.app = undefined;
    events.dialFailed(code);
    this.said ??= firstWords(this.client);
    if (isServedElsewhere(this.tunnel, this.client as DialSocket, this.said)) return;
    const leftMs = this.untilMs - clock.now();
    if (leftMs <= 0) refuse(this.tunnel, this.client);
    else this.timer = clock.after(Math.min(this.retryMs, leftMs), retry, this);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS);
  }

  /** The attempt hangs and the time is up. */
  expire(): void {
    const app = this.app;
    if (app === undefined) return;
    app.dial = undefined;
    app.destroy();
    this.failed('ETIMEDOUT');
  }

  /** Nobody will answer this client here any more; it is told so. */
  giveUp(): void {
    this.abandon();
    (this.client as DialSocket).dial = undefined;
    refuse(this.tunnel, this.client);
  }

  /** The client is gone. */
  abandon(): void {
    this.timer?.cancel();
    if (this.app === undefined) return;
    this.app.dial = undefined;
    this.app.destroy();
  }
}

/** Its request is with another pod, which has yet to answer it in whole. */
export function isElsewhere({ client }: Tunnel): boolean {
  return (client as DialSocket).dial?.isElsewhere === true;
}

/** Makes `app` the socket of `tunnel`'s app, once the tunnel is joined. */
export function adopt(tunnel: Tunnel, app: LaneSocket): void {
  app.tunnel = tunnel;
  app.on('error', onAppError);
  app.on('close', onAppClose);
}

function timedOut(dial: Dial): void {
  dial.expire();
}

function retry(dial: Dial): void {
  dial.attempt();
}

function onAppConnect(this: DialSocket): void {
  (this.dial as Dial | undefined)?.reached(this);
}

function onAppError(this: DialSocket, error: NodeJS.ErrnoException): void {
  if (this.dial !== undefined) (this.dial as Dial).failed(error.code ?? error.name);
  else if (isJoined(this)) this.tunnel.broke(this);
}

function onAppClose(this: DialSocket): void {
  if (isJoined(this)) this.tunnel.closed(this);
}

function isJoined(app: LaneSocket): boolean {
  return app.tunnel.app === (app as Socket);
}
