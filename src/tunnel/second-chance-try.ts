/**
 * One try to give a request to somebody: connects, sends, and tells what comes of it. Let go of, it
 * tells nothing more, and the other side sees a reset. It decides nothing.
 */
import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http';
import { type Socket, connect } from 'node:net';
import type { Timer } from '../clock.js';
import type { AppAddress } from './dial.js';
import { cutOff, wasReset } from './ending.js';
import type { Errand, Send } from './second-chance-proxy.js';
import type { Surroundings } from './tunnel.js';

/** How long one connection may take to stand. */
export const CONNECT_MS_MAX = 3_000;
/** How long a silent pod is taken for one that may yet say that its app is gone. */
export const SILENT_MS = 250;

const NOTHING = Buffer.alloc(0);

/** Who hears of it. */
export interface TryListener {
  /** Nobody was reached; `code` is the system's. */
  unreached(code: string): void;
  /** The connection stands; what is to be sent. */
  reached(): Errand;
  /** It has been sent, and nothing has come for a while. */
  silent(): void;
  informed(answer: InformationEvent): void;
  answered(answer: IncomingMessage): void;
  switched(answer: IncomingMessage, socket: Socket, head: Buffer): void;
  /** It came to nothing after it had been sent, in whole or in part. */
  broke(): void;
}

export class Try {
  private readonly around: Surroundings;
  private readonly listener: TryListener;
  private readonly socket: Socket;
  private sent: ClientRequest | undefined;
  private timer: Timer;
  private isOver = false;
  /** It was cut off: for Node that, too, is an end, and may make an answer whole. */
  isCut = false;

  constructor(around: Surroundings, to: AppAddress, leftMs: number, listener: TryListener) {
    const { keepAliveMs } = around.policy;
    this.around = around;
    this.listener = listener;
    this.socket = connect({
      host: to.host,
      port: to.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    });
    this.socket.on('error', this.unreached);
    const timedOut = (): void => this.unreached({ code: 'ETIMEDOUT' });
    this.timer = around.clock.after(Math.min(CONNECT_MS_MAX, leftMs), timedOut);
  }

  /** As long as it is not sent, nobody can have done anything about it. */
  get isSent(): boolean {
    return this.sent !== undefined;
  }

  /** Sends by `send` once the connection stands. */
  begin(send: Send): void {
    this.socket.on('connect', () => {
      if (!this.isOver) this.go(send);
    });
  }

  private go(send: Send): void {
    const { socket, listener, around } = this;
    this.timer.cancel();
    this.timer = around.clock.after(SILENT_MS, () => listener.silent());
    const errand = listener.reached();
    socket.on('end', this.ended);
    try {
      const sent = send(errand, socket, this.broke);
      this.sent = sent;
      // Before http-proxy hears of that end, and ends the request.
      errand.body.prependOnceListener('end', () => sent.addTrailers(errand.trailers()));
      this.listen(sent);
      sent.write(NOTHING); // the head goes now, however long the body takes
    } catch (error) {
      around.events.fault(error);
      this.broke();
    }
  }

  private listen(sent: ClientRequest): void {
    const { listener } = this;
    sent.on('information', (answer) => {
      if (!this.isOver) listener.informed(answer);
    });
    sent.on('response', (answer) => {
      this.timer.cancel();
      if (!this.isOver) listener.answered(answer);
    });
    sent.on('upgrade', (answer, socket, head) => {
      if (this.isOver) return;
      this.forget();
      listener.switched(answer, socket, head);
    });
  }

  /** The client will say nothing more than its request: neither do we. */
  endSending(): void {
    const { sent, socket } = this;
    if (sent === undefined || sent.writableFinished) socket.end();
    else sent.once('finish', () => void socket.end());
  }

  /** Its answer is whole. */
  done(): void {
    const isWhole = this.sent?.writableFinished === true;
    this.forget();
    if (isWhole) this.socket.destroy();
    else this.drop();
  }

  /** Lets go of it, whatever it has come to. */
  leave(): void {
    this.forget();
    this.drop();
  }

  private drop(): void {
    cutOff(this.socket, true);
  }

  private forget(): void {
    this.isOver = true;
    this.timer.cancel();
    this.socket.removeListener('end', this.ended);
  }

  private readonly unreached = (error: { readonly code?: string }): void => {
    this.isCut = true;
    if (this.isOver || this.sent !== undefined) return;
    this.leave();
    this.listener.unreached(error.code ?? 'unknown');
  };

  private readonly broke = (): void => {
    if (!this.isOver) this.listener.broke();
  };

  private readonly ended = (): void => {
    this.isCut ||= wasReset(this.socket);
  };
}
