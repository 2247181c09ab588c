/**
 * A client's connection of HTTP/1.1, one request at a time, written in one piece. It tells of each
 * how it went: answered whole, or by what it failed.
 */
import { performance } from 'node:perf_hooks';
import { type AnswerHead, AnswerReader, type Listener } from './answer-reader.js';
import type { Failure } from './contract.js';
import { type At, Wire } from './parting.js';

const END_MS_MAX = 1_000;

export type Outcome =
  | { readonly head: AnswerHead; readonly failure?: undefined }
  | {
      readonly failure: Failure;
      readonly detail: string;
      /** When its first byte went out, by `performance.now()`. */
      readonly sentMs: number;
      /** The connection had served before and was ended in order, before any byte of an answer. */
      readonly hasCrossedFin: boolean;
    };

export class Connection {
  /** Answers that were whole. */
  served = 0;
  wasResetWhileFree = false;
  /** Something came that nobody had asked for. */
  hasUnasked = false;
  private readonly wire: Wire;
  private reader: AnswerReader | undefined;
  private settle: ((outcome: Outcome) => void) | undefined;
  private isUsable = true;
  private writtenMs = 0;

  /** A reset is counted in `counts`. */
  constructor(at: At, counts: { resets: number }) {
    this.wire = new Wire(at);
    const { socket } = this.wire;
    socket.on('data', (bytes: Buffer) => this.take(bytes));
    socket.on('end', () => this.parted());
    socket.on('error', () => this.parted());
    socket.on('close', () => {
      this.isUsable = false;
      if (this.wire.wasReset) counts.resets++;
    });
  }

  /** Whether another request may be written to it. */
  get isFree(): boolean {
    return this.isUsable && this.settle === undefined;
  }

  /** Writes a request; resolves when its answer is whole or will not be. */
  ask(request: Uint8Array, listener: Listener): Promise<Outcome> {
    return new Promise((resolve) => {
      this.reader = new AnswerReader(listener);
      this.settle = resolve;
      this.writtenMs = performance.now();
      this.wire.socket.write(request);
    });
  }

  /** The time for the answer is over. */
  giveUp(failure: Failure = this.wire.lateness): void {
    this.fail(failure, 'given up');
    this.wire.socket.destroy();
  }

  /** Ends it; resolves once it is closed, which is not left to the other side. */
  async end(): Promise<void> {
    this.fail('unfinished-at-stop', 'ended here');
    const { socket } = this.wire;
    if (socket.closed) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => socket.destroy(), END_MS_MAX);
      socket.once('close', () => {
        clearTimeout(late);
        resolve();
      });
      socket.end();
    });
  }

  private take(bytes: Buffer): void {
    if (this.reader === undefined) {
      // What comes behind a connection's end is read and let go.
      if (!this.isUsable) return;
      this.hasUnasked = true;
      this.wire.socket.destroy();
      return;
    }
    this.reader.take(bytes);
    this.look(this.reader);
  }

  private look(reader: AnswerReader): void {
    if (reader.isMalformed) {
      this.fail('malformed-answer', 'not framed as HTTP/1.1');
      this.wire.socket.destroy();
      return;
    }
    const { head } = reader;
    if (!reader.isWhole || head === undefined) return;
    this.served++;
    this.isUsable &&= reader.keeps;
    this.over({ head });
    // The other side has been first to say that it is over.
    if (!this.isUsable) this.wire.socket.end();
  }

  private parted(): void {
    if (this.isFree && this.wire.parting?.how === 'reset') this.wasResetWhileFree = true;
    this.isUsable = false;
    const { reader, wire } = this;
    const { parting } = wire;
    if (parting?.how === 'fin' && reader !== undefined) {
      reader.end();
      this.look(reader);
    }
    if (parting === undefined || this.settle === undefined) return;
    const hasBegun = reader?.began === true;
    this.fail(wire.failure(parting, hasBegun), parting.detail, parting.how === 'fin' && !hasBegun);
  }

  private fail(failure: Failure, detail: string, byFinBefore = false): void {
    this.isUsable = false;
    const sentMs = this.wire.sentMs(this.writtenMs);
    this.over({ failure, detail, sentMs, hasCrossedFin: byFinBefore && this.served > 0 });
  }

  private over(outcome: Outcome): void {
    const { settle } = this;
    this.settle = undefined;
    this.reader = undefined;
    settle?.(outcome);
  }
}
