/**
 * One call of an admin port: asked once, answered whole and soon or not at all. What answers may
 * be another program, so that size and time are bounded and nothing is believed yet.
 */
import { type IncomingMessage, request } from 'node:http';
import { TOKEN_HEADER } from '../admin/contract.js';
import { type Clock, momentOf } from '../clock.js';
import { type Address, formatAddress } from '../settings/address.js';

export const ANSWER_MS_MAX = 5_000;
export const ANSWER_BYTES_MAX = 1_048_576;

export interface Target {
  readonly at: Required<Address>;
  readonly token: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The time of day where it was answered; undefined if it was not told. */
  readonly atMs: number | undefined;
}

/** There is no answer that could be used; the message says what to do. */
export class AskError extends Error {
  /** It may be otherwise in a moment. */
  readonly passing: boolean;

  constructor(message: string, passing = false) {
    super(message);
    this.passing = passing;
  }
}

/** Rejects with an AskError. */
export function ask(
  { at, token }: Target,
  clock: Clock,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
): Promise<Answer> {
  const who = formatAddress(at);
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { [TOKEN_HEADER]: token };
    const asked = request({ ...at, method, path, agent: false, headers });
    const late = clock.after(ANSWER_MS_MAX, () =>
      fail(new AskError(`${who} does not answer within ${ANSWER_MS_MAX / 1_000}s`, true)),
    );
    const fail = (error: AskError): void => {
      late.cancel();
      asked.destroy();
      reject(error);
    };
    const broken = (error: NodeJS.ErrnoException): void => fail(unreached(who, error));
    asked.on('error', broken);
    asked.on('response', (response) => {
      collect(response, who, fail, broken, (answer) => {
        late.cancel();
        resolve(answer);
      });
    });
    // Whatever else ends it, like a switch of protocols, is no answer either.
    asked.on('close', () => broken(new Error('closed')));
    asked.end();
  });
}

function collect(
  response: IncomingMessage,
  who: string,
  fail: (error: AskError) => void,
  broken: (error: Error) => void,
  done: (answer: Answer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('error', broken);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) fail(notTidegate(who, 'answers with more than 1 MiB'));
    else chunks.push(chunk);
  });
  response.on('end', () => {
    const atMs = momentOf(response.headers.date ?? '');
    done({
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString('utf8'),
      atMs: Number.isNaN(atMs) ? undefined : atMs,
    });
  });
}

/** Somebody is there, but nobody who was meant. */
export function notTidegate(who: string, what: string): AskError {
  return new AskError(
    `${who} ${what}: that is no admin port of tidegate (setting admin, 9180 unless set)`,
  );
}

function unreached(who: string, { code = '' }: NodeJS.ErrnoException): AskError {
  if (code.startsWith('HPE_')) return notTidegate(who, 'answers with something else than HTTP');
  if (code === 'ECONNREFUSED') {
    const hint = 'start it, or from outside its pod: kubectl port-forward POD 9180';
    return new AskError(`nothing listens on ${who}; ${hint}`, true);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new AskError(`${who} has a host that is not found`, code === 'EAI_AGAIN');
  }
  const isClosed = code === '' || code === 'ECONNRESET' || code === 'EPIPE';
  const what = isClosed ? 'closes the connection without an answer' : `is not reached: ${code}`;
  return new AskError(`${who} ${what}`, true);
}
