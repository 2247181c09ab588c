/**
 * One client that keeps a WebSocket open, sends numbered messages and expects each back, in order.
 * It connects again at once when the socket was closed, and after a pause when it could not.
 */
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import type { Failure, WebSocketCounts, WebSocketLaneName } from './contract.js';
import { slower } from './ledger.js';
import { Wire } from './parting.js';
import { type Job, type Lane, Pause } from './pause.js';
import { wrongStatus } from './request-lane.js';

const RETRY_MS = 500;
const CLOSE_MS_MAX = 2_000;
const DONE = 1_000;
/** A message that is older than that, and than twice the slowest echo, should have had its own. */
const CROSSED_MS_MAX = 1_000;

interface Message {
  readonly text: string;
  readonly sentMs: number;
}

/** How messages are sent. */
export interface Talk {
  readonly everyMs: number;
  readonly bytes: number;
}

/** One WebSocket from its first byte to its last. */
class Life {
  isOpen = false;
  /** Its end is our doing. */
  isLeft = false;
  readonly due: Message[] = [];
  /** Why it could not be opened, or was given up. */
  refusal: { readonly failure: Failure; readonly detail: string } | undefined;
  readonly wire: Wire;
  readonly socket: WebSocket;
  readonly fromMs = performance.now();

  constructor(name: WebSocketLaneName, job: Job) {
    const wire = (this.wire = new Wire(job.at));
    this.socket = new WebSocket(`ws://${job.target}/socket`, {
      // Short messages too, or none here would be.
      perMessageDeflate: name === 'deflate' ? { threshold: 0 } : false,
      createConnection: () => wire.socket,
    });
    const late = setTimeout(() => this.giveUp(wire.lateness, 'given up'), job.timeoutMs);
    for (const event of ['open', 'close']) this.socket.once(event, () => clearTimeout(late));
    this.socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      this.giveUp(wrongStatus(statusCode), `${statusCode}`);
    });
    this.socket.on('error', ({ message }) => (this.refusal ??= this.why(message)));
  }

  /** Ends it for this reason; it is not counted among the closes. */
  giveUp(failure: Failure, detail: string): void {
    this.refusal ??= { failure, detail };
    this.socket.terminate();
  }

  private why(detail: string): { failure: Failure; detail: string } {
    const { hasReceived, parting } = this.wire;
    if (parting === undefined) return { failure: 'malformed-answer', detail };
    return { failure: this.wire.failure(parting, hasReceived), detail };
  }
}

export class WebSocketLane implements Lane {
  private readonly name: WebSocketLaneName;
  private readonly talk: Talk;
  private readonly job: Job;
  private readonly counts: WebSocketCounts;
  private readonly pause = new Pause();
  private readonly filler: string;
  private life: Life | undefined;
  private timer: NodeJS.Timeout | undefined;
  private numbered = 0;

  constructor(name: WebSocketLaneName, talk: Talk, job: Job) {
    this.name = name;
    this.talk = talk;
    this.job = job;
    this.counts = job.ledger.webSockets[name];
    this.filler = 'tide '.repeat(Math.ceil(talk.bytes / 5)).slice(0, talk.bytes);
  }

  async run(delayMs: number): Promise<void> {
    await this.pause.wait(delayMs);
    while (!this.pause.isOver) {
      const life = (this.life = new Life(this.name, this.job));
      await this.live(life);
      if (life.isOpen && !this.job.reopens) break;
      if (!life.isOpen) await this.pause.wait(RETRY_MS);
    }
  }

  finish(): void {
    this.pause.end();
    clearInterval(this.timer);
    if (this.life?.due.length === 0) this.leave(this.life);
  }

  abandon(): void {
    if (this.life !== undefined) this.leave(this.life);
  }

  /** Resolves once the socket is closed. */
  private async live(life: Life): Promise<void> {
    const { socket } = life;
    socket.on('open', () => this.opened(life));
    socket.on('message', (data: Buffer) => this.takeEcho(life, data.toString()));
    await new Promise<void>((resolve) => {
      socket.addEventListener('close', ({ code, wasClean }) => {
        clearInterval(this.timer);
        this.closed(life, code, wasClean);
        resolve();
      });
    });
  }

  private opened(life: Life): void {
    const { counts } = this;
    life.isOpen = true;
    counts.opened++;
    counts.open++;
    const ms = performance.now() - life.fromMs;
    counts.slowestOpenMs = slower(counts.slowestOpenMs, ms);
    if (this.pause.isOver) {
      this.leave(life);
      return;
    }
    this.say(life);
    this.timer = setInterval(() => this.say(life), this.talk.everyMs);
  }

  private say(life: Life): void {
    const { due, socket, wire } = life;
    if (socket.readyState !== WebSocket.OPEN) return;
    const nowMs = performance.now();
    if (due.length > 0 && nowMs - due[0].sentMs > this.job.timeoutMs) {
      life.giveUp(wire.lateness, `no echo of ${due[0].text.slice(0, 20)}`);
      return;
    }
    const text = `${++this.numbered} ${this.filler}`;
    due.push({ text, sentMs: nowMs });
    this.counts.sent++;
    socket.send(text);
  }

  private takeEcho(life: Life, text: string): void {
    const { counts } = this;
    const { due } = life;
    const at = due.findIndex((message) => message.text === text);
    if (at === -1) {
      counts.wrong++;
      return;
    }
    if (at > 0) counts.outOfOrder++;
    const [{ sentMs }] = due.splice(at, 1);
    counts.echoed++;
    const ms = performance.now() - sentMs;
    counts.slowestEchoMs = slower(counts.slowestEchoMs, ms);
    this.job.ledger.took(this.name, ms);
    if (this.pause.isOver && due.length === 0) this.leave(life);
  }

  private closed(life: Life, code: number, wasClean: boolean): void {
    const { counts, job } = this;
    const { due, isLeft, isOpen, refusal, wire } = life;
    if (isOpen) counts.open--;
    if (wire.wasReset) counts.resets++;
    this.unanswered(due, wasClean && !isLeft);
    if (isLeft) return;
    if (refusal !== undefined) {
      const fault = { ...refusal, sentMs: wire.sentMs(life.fromMs) };
      job.ledger.fails(this.name, counts.failures, fault);
      return;
    }
    counts.closes[code] = (counts.closes[code] ?? 0) + 1;
    if (!wasClean) counts.unclean++;
    job.ledger.closes.add(job.ledger.atMs);
  }

  private unanswered(due: readonly Message[], mayHaveCrossed: boolean): void {
    const { counts } = this;
    counts.unanswered += due.length;
    const crossedMsMax = Math.max(CROSSED_MS_MAX, 2 * counts.slowestEchoMs);
    for (const { sentMs } of due) {
      const ms = performance.now() - sentMs;
      if (!mayHaveCrossed || ms > crossedMsMax) counts.lost++;
      else counts.oldestCrossedMs = slower(counts.oldestCrossedMs, ms);
    }
  }

  /** Says goodbye; waits for the other side's, but not for long. */
  private leave(life: Life): void {
    const { socket } = life;
    life.isLeft = true;
    socket.close(DONE);
    const late = setTimeout(() => socket.terminate(), CLOSE_MS_MAX);
    socket.once('close', () => clearTimeout(late));
  }
}
