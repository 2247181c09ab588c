/**
 * How one tunnel is ended in order: what has been said to its client, and which bytes still pass.
 * Made when a drain first touches the tunnel. It says what its protocol says, where a goodbye can
 * stand, and never splits a message; what does not end in time then is cut.
 */
import type { Socket } from 'node:net';
import type { Timer } from '../clock.js';
import type { Farewell } from '../protocol/contract.js';
import {
  LAST_CHUNK,
  lastEventChunk,
  retryField,
  retryMsFrom,
} from '../protocol/events/farewell.js';
import { closingHead } from '../protocol/http1/farewell.js';
import { closeFrame } from '../protocol/websocket/farewell.js';
import { endBehind } from './ending.js';
import type { LaneSocket } from './lane.js';
import { observeApp } from './observe.js';
import { KEPT_MS_MAX, mayReopen, Reopening } from './reopening.js';
import { LINGER_MS, UNAVAILABLE } from './refusal.js';
import type { Tunnel } from './tunnel.js';
import { WithheldHead } from './withheld.js';

/** From a goodbye to the end of both sides. */
export const FAREWELL_MS_MAX = 5_000;

/**
 * `open`: nothing is said. `announced`: the last answer carries `Connection: close`. `refused`: a
 * request will be answered by us, behind the answers before it. `said`: the goodbye is out, and the
 * client's own is awaited. `kept`: the goodbye ends an answer, and will let the client go on once it
 * is out. `ended`: both sides have got their end.
 */
export type PartingState = 'open' | 'announced' | 'refused' | 'said' | 'kept' | 'ended';

/** Whose bytes still pass; the others are read and discarded. */
export const PASSES: Readonly<
  Record<PartingState, { readonly client: boolean; readonly app: boolean }>
> = {
  open: { client: true, app: true },
  announced: { client: true, app: true },
  refused: { client: false, app: true },
  said: { client: true, app: false },
  kept: { client: false, app: false },
  ended: { client: false, app: false },
};

export class Parting {
  state: PartingState = 'open';
  /** A goodbye is asked for, and waits for a place where it can stand. */
  isDue = false;
  /** The goodbye was taken: the client has said its own, or ended. */
  taken = false;
  /** A connection that HTTP would keep is kept. */
  private mayKeep = true;
  /** Runs while a request may yet come to its end behind its answer. */
  private requestTimer: Timer | undefined;
  readonly request: WithheldHead;
  readonly answer: WithheldHead;
  readonly tunnel: Tunnel;
  readonly client: Socket;
  readonly app: LaneSocket;

  constructor(tunnel: Tunnel, app: LaneSocket) {
    const { clock } = tunnel.around;
    this.tunnel = tunnel;
    this.client = tunnel.client;
    this.app = app;
    this.request = new WithheldHead(clock, app);
    this.answer = new WithheldHead(clock, tunnel.client);
  }

  get passesClient(): boolean {
    return PASSES[this.state].client && !this.hasLastRequest();
  }

  get passesApp(): boolean {
    return PASSES[this.state].app;
  }

  /** We have said goodbye, or ended it. */
  get hasSpoken(): boolean {
    return this.state === 'said' || this.state === 'kept' || this.state === 'ended';
  }

  /** A goodbye is asked for; it is said now, or as soon as it can stand. */
  ask(mayKeep = this.mayKeep): void {
    if (this.hasSpoken) return;
    this.isDue = true;
    this.mayKeep = mayKeep;
    if (this.canSpeak()) this.speak();
  }

  /** What is asked for could be done right behind the byte that the observer read last. */
  canSpeak(): boolean {
    return this.tunnel.observer.farewell() !== 'not-yet';
  }

  /** Does it; there may be nothing to say any more. */
  speak(): void {
    this.isDue = false;
    const farewell = this.tunnel.observer.farewell();
    if (farewell === 'none' || farewell === 'not-yet') return;
    // Behind the app's end there is no place for words.
    this.say(this.client.writableEnded ? 'end' : farewell);
  }

  /** The app has ended or broken off; true if its clients need not be told so by a cut. */
  standIn(): boolean {
    if (this.hasSpoken) return true;
    const farewell = this.tunnel.observer.farewell();
    if (farewell === 'none' || farewell === 'not-yet' || farewell === 'end') return false;
    // A WebSocket's client that has ended already is who ended it: nobody is left to answer.
    const hadLeft = this.client.readableEnded;
    if (farewell === 'close' && hadLeft) return false;
    this.tunnel.partedBy('app');
    this.mayKeep = this.tunnel.around.policy.secondChance !== undefined; // the app is not there
    this.say(farewell);
    if (hadLeft) this.taken = false; // it may read yet, but ended this by itself
    return true;
  }

  /** The head of an answer as it is to pass: the last one's says that the connection ends. */
  headOfAnswer(head: Buffer): Uint8Array {
    const { observer, around } = this.tunnel;
    if (!around.policy.isDraining || observer.http?.isLastAnswer !== true) return head;
    this.state = 'announced';
    return closingHead(head);
  }

  /** The answer that was announced as the last one is to a request that has passed in whole. */
  private hasLastRequest(): boolean {
    return this.state === 'announced' && this.tunnel.observer.http?.requesting === false;
  }

  /** An answer is out; it may have been what was waited for. */
  answered(): void {
    if (this.state === 'refused') this.answerRefused();
    else this.endIfAnswered();
    if (this.state === 'announced') this.awaitRequest();
  }

  /** The last answer is out before its request: that may come to its end, but not stand still. */
  private awaitRequest(): void {
    const { bytesRead } = this.client;
    const look = (): void => {
      if (this.state !== 'announced') return;
      if (this.client.bytesRead === bytesRead) this.end();
      else this.awaitRequest();
    };
    this.requestTimer?.cancel();
    this.requestTimer = this.tunnel.around.clock.after(FAREWELL_MS_MAX, look);
  }

  /** This request is not forwarded, nor is anything behind it. */
  refuse(): void {
    this.request.drop();
    this.state = 'refused';
    this.answerRefused();
  }

  /** The answers before a refused request are out: it is its turn. */
  answerRefused(): void {
    const { http } = this.tunnel.observer;
    if (http === undefined || http.answering || http.answersDue > 1) return;
    this.tunnel.refusedLate();
    this.client.write(UNAVAILABLE);
    this.end();
  }

  /** Whether the exchange that was announced as the last one is over. */
  endIfAnswered(): void {
    const { http } = this.tunnel.observer;
    if (this.state !== 'announced' || http === undefined) return;
    if (!http.answering && !http.requesting && http.answersDue === 0) this.end();
  }

  /** The app has said all that it will: what it has not answered by now, nobody answers. */
  appEnded(): void {
    this.answer.release();
    if (this.state === 'refused') this.end();
    else this.endIfAnswered();
  }

  /** Nobody can tell any more where heads end: what is held back passes. */
  releaseHeads(): void {
    this.answer.release();
    if (!this.tunnel.observer.undecided) this.request.release();
  }

  /** Both sides get their end; what comes yet is read and discarded for a while. */
  end(): void {
    this.state = 'ended';
    this.requestTimer?.cancel();
    this.tunnel.partedBy('drain');
    this.answer.release();
    this.request.drop();
    endBehind(this.client);
    if (this.client.writableFinished) this.limit(LINGER_MS);
    else this.client.once('finish', () => this.limit(LINGER_MS));
    endBehind(this.app);
    this.client.resume();
    this.app.resume();
  }

  /** The client has said its own goodbye, or ended. */
  clientLeft(): void {
    if (!this.hasSpoken || this.taken) return;
    this.taken = true;
    if (this.state === 'said') endBehind(this.client);
  }

  /**
   * The client has answered our Close and ended, as clients do at the end that follows. The app knows
   * of the answer alone, which it takes for the first Close, and answers: only then is it told the end.
   */
  get withholdsEnd(): boolean {
    const { observer } = this.tunnel;
    return this.state === 'said' && observer.appOwesClose && !this.app.readableEnded;
  }

  /** Reads on in what does not pass any more: the app may have said its own goodbye. */
  discard(chunk: Buffer, from: number): void {
    if (this.state !== 'said') return;
    for (let at = from; at < chunk.length;) at = observeApp(this.tunnel, chunk, at);
    if (this.client.readableEnded && !this.withholdsEnd) this.app.end();
  }

  /** It is cut: what has not left this process was never said, nor is what was held back. */
  cut(): void {
    if (this.tunnel.owesClient) this.taken = false;
    this.forget();
  }

  /** What is held back is nobody's any more. */
  forget(): void {
    this.requestTimer?.cancel();
    this.request.drop();
    this.answer.drop();
  }

  private say(farewell: Farewell): void {
    if (farewell === 'close') {
      this.state = 'said';
      this.tunnel.partedBy('drain');
      this.client.write(closeFrame(this.tunnel.around.policy.websocketCloseCode));
      this.app.resume();
      if (!this.app.writable) this.client.resume(); // it was held back for an app that is gone
    } else {
      const words = this.wordsOf(farewell);
      if (words !== undefined && farewell !== 'retry' && this.keeps()) this.keep(words);
      else this.endBehindWords(words);
    }
    this.limit(FAREWELL_MS_MAX);
  }

  private endBehindWords(words: Uint8Array | undefined): void {
    if (words !== undefined) this.client.write(words);
    this.taken = this.client.readableEnded;
    this.end();
  }

  /** Nobody has been told that the connection ends with the answer that is being ended here. */
  private keeps(): boolean {
    return this.mayKeep && this.state === 'open' && mayReopen(this.tunnel);
  }

  /** A last chunk is no end of the connection: pools use it again at once, and would cross a FIN. */
  private keep(words: Uint8Array): void {
    const { tunnel, client } = this;
    this.state = 'kept';
    tunnel.partedBy('drain');
    this.forget();
    Reopening.begin(tunnel, Math.min(KEPT_MS_MAX, tunnel.around.policy.idleFarewellMs));
    client.write(words, () => {
      if (!client.destroyed) tunnel.goOn();
    });
  }

  private wordsOf(farewell: Farewell): Uint8Array | undefined {
    const { random } = this.tunnel.around;
    if (farewell === 'event') return lastEventChunk(retryMsFrom(random()));
    if (farewell === 'retry') return retryField(retryMsFrom(random()));
    return farewell === 'last-chunk' ? LAST_CHUNK : undefined;
  }

  private limit(ms: number): void {
    this.tunnel.limitEnding(ms, cutParted, this.tunnel);
  }
}

/** The time is up. */
function cutParted(tunnel: Tunnel): void {
  tunnel.cut('drain');
}
