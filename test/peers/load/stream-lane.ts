/**
 * One reader of an event stream, like an EventSource: it opens the stream again at once when it has
 * ended, with the number of its last event, and each event must be the next. Unlike one it obeys no
 * `retry:` field, so that what a reconnect meets is seen at once.
 */
import { performance } from 'node:perf_hooks';
import type { AnswerHead } from './answer-reader.js';
import { Connection, type Outcome } from './connection.js';
import type { StreamCounts } from './contract.js';
import { slower } from './ledger.js';
import { type Job, type Lane, Pause } from './pause.js';
import { wrongStatus } from './request-lane.js';

const RETRY_MS = 500;

export class StreamLane implements Lane {
  private readonly everyMs: number;
  private readonly job: Job;
  private readonly counts: StreamCounts;
  private readonly pause = new Pause();
  private connection: Connection | undefined;
  private lastNumber = 0;
  /** Of an event that has not ended. */
  private rest = '';
  private isOpen = false;

  constructor(everyMs: number, job: Job) {
    this.everyMs = everyMs;
    this.job = job;
    this.counts = job.ledger.streams;
  }

  async run(delayMs: number): Promise<void> {
    await this.pause.wait(delayMs);
    while (!this.pause.isOver) {
      const hasOpened = await this.read();
      if (hasOpened && !this.job.reopens) break;
      if (!hasOpened) await this.pause.wait(RETRY_MS);
    }
    await this.connection?.end();
  }

  finish(): void {
    this.pause.end();
    // What comes of it now is nobody's doing but ours.
    if (this.isOpen) this.counts.open--;
    this.isOpen = false;
    void this.connection?.end();
  }

  abandon(): void {
    this.connection?.giveUp();
  }

  /** Reads one stream to its end; false if there was none. */
  private async read(): Promise<boolean> {
    const fromMs = performance.now();
    const connection = (this.connection = new Connection(this.job.at, this.counts));
    const silent = setTimeout(() => connection.giveUp(), this.job.timeoutMs);
    this.rest = '';
    const onHead = ({ status }: AnswerHead): void => {
      if (status !== 200 || this.pause.isOver) return;
      this.isOpen = true;
      this.counts.opened++;
      this.counts.open++;
      this.counts.slowestOpenMs = slower(this.counts.slowestOpenMs, performance.now() - fromMs);
    };
    const outcome = await connection.ask(this.request(), {
      onHead,
      onBody: (bytes) => {
        silent.refresh();
        if (this.isOpen) this.take(bytes.toString('latin1'));
      },
    });
    clearTimeout(silent);
    const hasOpened = this.isOpen;
    this.isOpen = false;
    if (hasOpened) this.counts.open--;
    if (!this.pause.isOver) this.ended(outcome, hasOpened, fromMs);
    return hasOpened;
  }

  private ended(outcome: Outcome, hasOpened: boolean, fromMs: number): void {
    const { counts, job } = this;
    const how = hasOpened ? howItEnded(outcome) : undefined;
    if (how !== undefined) {
      counts[how]++;
      if (how === 'endedWhole' && this.rest !== '') counts.brokenEvents++;
      job.ledger.streamEnds.add(job.ledger.atMs);
      return;
    }
    if (outcome.failure !== undefined) {
      job.ledger.fails('streams', counts.failures, outcome);
    } else {
      const { status } = outcome.head;
      const fault = { failure: wrongStatus(status), detail: `${status}`, sentMs: fromMs };
      job.ledger.fails('streams', counts.failures, fault);
    }
  }

  private take(text: string): void {
    const events = (this.rest + text).split('\n\n');
    this.rest = events.pop() ?? '';
    for (const event of events) this.takeEvent(event.split('\n'));
  }

  private takeEvent(lines: readonly string[]): void {
    const { counts } = this;
    if (lines.some((line) => line.startsWith('retry:'))) counts.retryFields++;
    const id = lines.find((line) => line.startsWith('id:'));
    if (id === undefined) return;
    const number = Number(id.slice(3));
    counts.events++;
    if (number <= this.lastNumber) counts.duplicates++;
    else if (number !== this.lastNumber + 1) counts.gaps += number - this.lastNumber - 1;
    this.lastNumber = number;
  }

  private request(): Buffer {
    const lines = [
      `GET /stream?everyMs=${this.everyMs} HTTP/1.1`,
      `Host: ${this.job.target}`,
      'User-Agent: load',
      'Accept: text/event-stream',
      'Cache-Control: no-cache',
      ...(this.lastNumber > 0 ? [`Last-Event-ID: ${this.lastNumber}`] : []),
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }
}

/** What an end of a stream counts as; nothing if it was given up here. */
function howItEnded(outcome: Outcome): 'endedWhole' | 'cutByFin' | 'cutByReset' | undefined {
  if (outcome.failure === undefined) return 'endedWhole';
  if (outcome.failure === 'cut-in-answer') return 'cutByFin';
  return outcome.failure === 'reset-in-answer' ? 'cutByReset' : undefined;
}
