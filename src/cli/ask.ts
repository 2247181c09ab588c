/**
 * The admin port that is meant, and one call of it. What cannot be used of what comes back is told
 * in words that say what to do.
 */
import { type ClientRequest, request } from 'node:http';
import { TOKEN_HEADER } from '../admin/contract.js';
import { type Answer, boundedCall, CallError, type Limits, type Method } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { type Address, formatAddress } from '../settings/address.js';

export const LIMITS: Limits = { answerMs: 5_000, answerBytes: 1_048_576 };

/** An admin port, however it is reached. */
export interface Target {
  /** For people. */
  readonly name: string;
  /** Whether a token goes with the calls. */
  readonly hasToken: boolean;
  /** Rejects with an AskError. What holds a lease is in the pod: `json` goes to an address alone. */
  ask(method: Method, path: string, json?: object): Promise<Answer>;
  /** Services that would have nobody ready without it; undefined where no cluster is asked. */
  readonly lastReadyOf?: () => Promise<readonly string[]>;
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

/** The one at this address. */
export function addressTarget(
  at: Required<Address>,
  token: string | undefined,
  clock: Clock,
): Target {
  const name = formatAddress(at);
  const secret = token === undefined ? {} : { [TOKEN_HEADER]: token };
  const ask = async (method: Method, path: string, json?: object): Promise<Answer> => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const headers = json === undefined ? secret : { ...secret, 'content-type': 'application/json' };
    const open = (): ClientRequest => request({ ...at, method, path, agent: false, headers });
    try {
      return await boundedCall(open, LIMITS, clock, body);
    } catch (error) {
      throw error instanceof CallError ? unreached(name, error) : error;
    }
  };
  return { name, hasToken: token !== undefined, ask };
}

/** Somebody is there, but nobody who was meant. */
export function notTidegate(who: string, what: string): AskError {
  return new AskError(
    `${who} ${what}: that is no admin port of tidegate (setting admin, 9180 unless set)`,
  );
}

function unreached(who: string, { failure, code }: CallError): AskError {
  if (failure === 'late') {
    return new AskError(`${who} does not answer within ${LIMITS.answerMs / 1_000}s`, true);
  }
  if (failure === 'too-large') return notTidegate(who, 'answers with more than 1 MiB');
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
