/**
 * How a connection was left by its other side, told exactly: an orderly FIN is not a reset, which
 * node:http and ws do not tell apart. What is ended here is no parting.
 */
import { readSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Failure } from './contract.js';

export interface At {
  readonly host: string;
  readonly port: number;
}

export interface Parting {
  readonly how: 'fin' | 'reset' | 'refused' | 'no-route' | 'timeout' | 'other';
  /** In the system's words. */
  readonly detail: string;
}

const BYTE = new Uint8Array(1);
const HOW: Readonly<Record<string, Parting['how']>> = {
  ECONNRESET: 'reset',
  // The system says this of a connection that was ended first and reset then.
  EPIPE: 'fin',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ETIMEDOUT: 'timeout',
};

const RESETS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** A connection that knows how it was left. */
export class Wire {
  readonly socket: Socket;
  /** Of `performance.now()`; Infinity before it is there. */
  connectedMs = Infinity;
  /** A byte has come. */
  hasReceived = false;
  parting: Parting | undefined;
  /** By the other side, be it behind a FIN. */
  wasReset = false;

  constructor(at: At) {
    this.socket = connect({ ...at, noDelay: true });
    this.socket.on('connect', () => (this.connectedMs = performance.now()));
    this.socket.once('data', () => (this.hasReceived = true));
    this.socket.on('end', () => {
      this.wasReset ||= hasReset(this.socket);
      this.parting ??= this.wasReset
        ? { how: 'reset', detail: 'a reset behind bytes' }
        : { how: 'fin', detail: 'a FIN' };
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      // Without a code it is the word of whoever destroyed it on this side.
      if (error.code === undefined) return;
      this.wasReset ||= RESETS.has(error.code);
      this.parting ??= { how: HOW[error.code] ?? 'other', detail: error.message };
    });
  }

  get isConnected(): boolean {
    return this.connectedMs < Infinity;
  }

  /** When what was written at `writtenMs` could go out. */
  sentMs(writtenMs: number): number {
    return this.isConnected ? Math.max(writtenMs, this.connectedMs) : writtenMs;
  }

  /** What an exchange failed by that is broken off by this parting. */
  failure(parting: Parting, hasAnswerBegun: boolean): Failure {
    switch (parting.how) {
      case 'fin':
        return hasAnswerBegun ? 'cut-in-answer' : 'ended-before-answer';
      case 'reset':
        return hasAnswerBegun ? 'reset-in-answer' : 'reset';
      case 'timeout':
        return this.lateness;
      default:
        return parting.how;
    }
  }

  /** What a time limit says that is over now. */
  get lateness(): Failure {
    return this.isConnected ? 'timeout-answer' : 'timeout-connecting';
  }
}

/**
 * Node 20 takes bytes and a reset that come together for bytes and an end. The error is still in
 * the socket, and a read finds it; behind a FIN there is none, even if a reset followed it.
 */
function hasReset(socket: Socket): boolean {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return false;
  try {
    readSync(fd, BYTE, 0, 1, null);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
  }
}
