/**
 * One HTTP call: asked once, answered whole and soon or not at all. Whoever answers may be another
 * program, so that size and time are bounded and nothing is believed. Words for people are the
 * caller's.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Clock, momentOf } from './clock.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Limits {
  readonly answerMs: number;
  readonly answerBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The time of day where it was answered; undefined if it was not told. */
  readonly atMs: number | undefined;
  /** It asks to be let alone for so long. */
  readonly retryAfterMs?: number;
}

/**
 * There is no answer, or no more of it (`silent`). `code` is the system's, or Node's, if there is one.
 */
export class CallError extends Error {
  readonly failure: 'late' | 'silent' | 'too-large' | 'broken';
  readonly code: string;

  constructor(failure: CallError['failure'], cause?: NodeJS.ErrnoException) {
    super(cause?.message ?? failure, { cause });
    this.failure = failure;
    this.code = cause?.code ?? '';
  }
}

/** Rejects with a CallError. `open` makes the request, which is ended here with `body`. */
export function boundedCall(
  open: () => ClientRequest,
  { answerMs, answerBytes }: Limits,
  clock: Clock,
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let asked: ClientRequest;
    try {
      asked = open();
    } catch (error) {
      return reject(new CallError('broken', error as NodeJS.ErrnoException));
    }
    const fail = (error: CallError): void => {
      late.cancel();
      asked.destroy();
      reject(error);
    };
    const late = clock.after(answerMs, () => fail(new CallError('late')));
    const broken = (error: NodeJS.ErrnoException): void => fail(new CallError('broken', error));
    asked.on('error', broken);
    asked.on('response', (response) => {
      response.on('error', broken);
      collect(response, answerBytes, fail, (answer) => {
        late.cancel();
        resolve(answer);
      });
    });
    // Whatever else ends it, like a switch of protocols, is no answer either.
    asked.on('close', () => broken(new Error('closed')));
    // Node frames no body of a DELETE by itself: it would go out as another request, and be lost.
    if (body !== '') asked.setHeader('content-length', Buffer.byteLength(body));
    asked.end(body);
  });
}

/** The answer whole, once it has ended; its errors are the caller's to hear. */
export function collect(
  response: IncomingMessage,
  bytesMax: number,
  fail: (error: CallError) => void,
  done: (answer: Answer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) fail(new CallError('too-large'));
    else chunks.push(chunk);
  });
  response.on('end', () => {
    const { date = '', 'retry-after': retryAfter = '' } = response.headers;
    const atMs = momentOf(date);
    done({
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString('utf8'),
      atMs: Number.isNaN(atMs) ? undefined : atMs,
      // A date is as good by the standard; nobody who is asked here sends one.
      ...(/^\d{1,6}$/.test(retryAfter) ? { retryAfterMs: Number(retryAfter) * 1_000 } : {}),
    });
  });
}
