/**
 * One HTTP call whose answer is lines without end, each told as it comes. Bounded is what can be: the
 * time to the head, the size of a line, how long nothing is said. What is no success is an answer
 * like any other, and collected whole.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Answer, CallError, collect } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { Lines } from './lines.js';

/** A server whose machine is gone says nothing either: TCP asks after it when it is silent. */
const PROBE_MS = 20_000;

export interface StreamLimits {
  /** To the head, or to the end of an answer that is no success. */
  readonly answerMs: number;
  readonly answerBytes: number;
  readonly lineBytes: number;
  readonly silenceMs: number;
}

/**
 * Resolves when the other side has ended it (with the answer, if it was no success), or `signal` has;
 * after that nothing is heard. Rejects with a CallError, or with what `hear` has thrown.
 */
export function streamedCall(
  open: () => ClientRequest,
  limits: StreamLimits,
  clock: Clock,
  signal: AbortSignal,
  hear: (line: string) => void,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(undefined);
    let asked: ClientRequest;
    try {
      asked = open();
    } catch (error) {
      return reject(new CallError('broken', error as NodeJS.ErrnoException));
    }
    const settle = (act: () => void): void => {
      timer.cancel();
      signal.removeEventListener('abort', leave);
      asked.destroy();
      act();
    };
    const end = (answer?: Answer): void => settle(() => resolve(answer));
    const leave = (): void => end();
    const fail = (error: Error): void => settle(() => reject(error));
    const broken = (error: NodeJS.ErrnoException): void => fail(new CallError('broken', error));
    let timer = clock.after(limits.answerMs, () => fail(new CallError('late')));
    const awake = (): void => {
      timer.cancel();
      timer = clock.after(limits.silenceMs, () => fail(new CallError('silent')));
    };
    signal.addEventListener('abort', leave);
    asked.setSocketKeepAlive(true, PROBE_MS);
    asked.on('error', broken);
    asked.on('close', () => broken(new Error('closed')));
    asked.on('response', (response) => {
      response.on('error', broken);
      const { statusCode: status = 0 } = response;
      if (status < 200 || status > 299) return collect(response, limits.answerBytes, fail, end);
      awake();
      const isOver = (): boolean => asked.destroyed;
      follow(response, limits.lineBytes, { isOver, awake, hear, end, fail });
    });
    asked.end();
  });
}

interface Following {
  isOver(): boolean;
  awake(): void;
  hear(line: string): void;
  end(): void;
  fail(error: Error): void;
}

function follow(response: IncomingMessage, lineBytes: number, to: Following): void {
  const lines = new Lines(lineBytes);
  response.on('data', (chunk: Buffer) => {
    to.awake();
    try {
      for (const line of lines.push(chunk)) {
        // Whoever hears a line may want no more of them.
        if (to.isOver()) return;
        if (line === false) return to.fail(new CallError('too-large'));
        to.hear(line);
      }
    } catch (error) {
      to.fail(error as Error);
    }
  });
  response.on('end', () => to.end());
}
