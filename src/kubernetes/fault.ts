/**
 * What can go wrong between here and a cluster, in words that say what to do. No credential is ever
 * part of them.
 */
import { CallError } from '../bounded-call.js';

/** The cluster has not done what it was asked to. */
export class KubernetesError extends Error {
  /** It may be otherwise in a moment. */
  readonly passing: boolean;

  constructor(message: string, passing = false, cause?: unknown) {
    super(message, { cause });
    this.passing = passing;
  }
}

/** The API server has answered, and what it says is no. */
export class RefusedError extends KubernetesError {
  readonly code: number;
  /** Its own word for it, as a Status has it: `Conflict`. */
  readonly reason: string;

  constructor(message: string, code: number, reason: string) {
    super(message, code === 429 || code >= 500);
    this.code = code;
    this.reason = reason;
  }
}

/** An object has come that cannot be read: nothing is wrong with the call. */
export class UnreadableError extends Error {
  /** Which it is, as far as that can be said: `pods web/web-1`. */
  readonly object: string;

  constructor(object: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.object = object;
  }
}

/** The object is another one by now, or has been changed. */
export function isConflict(error: unknown): boolean {
  return isRefused(error, 409, 'Conflict');
}

/** There is one of this name already. */
export function isAlreadyThere(error: unknown): boolean {
  return isRefused(error, 409, 'AlreadyExists');
}

export function isNotFound(error: unknown): boolean {
  return isRefused(error, 404, 'NotFound');
}

/** A right is missing, or somebody else than the API server's rights says no. */
export function isForbidden(error: unknown): boolean {
  return error instanceof RefusedError && error.code === 403;
}

/** It is a right that is missing: no quota, no policy, no namespace that is going. */
export function isWithoutRight(error: unknown): boolean {
  return isForbidden(error) && (error as RefusedError).message.includes(TAKES_RIGHT);
}

/** A list that was begun cannot be continued, or a watch not from where it was to begin. */
export function isExpired(error: unknown): boolean {
  return error instanceof RefusedError && error.code === 410;
}

/** There was no answer, or only one that it went wrong: what was asked may have been done. */
export function isUndecided(error: unknown): error is KubernetesError {
  if (error instanceof RefusedError) return error.code >= 500;
  if (!(error instanceof KubernetesError) || !(error.cause instanceof CallError)) return false;
  return !NEVER_SENT.has(error.cause.code) && tlsWords(error.cause) === undefined;
}

/** The same, where it was to change something. */
export function inDoubt(error: KubernetesError): KubernetesError {
  const words = `${error.message}; it may have been done all the same`;
  if (error instanceof RefusedError) return new RefusedError(words, error.code, error.reason);
  return new KubernetesError(words, error.passing, error.cause);
}

export function isTooMuch(error: unknown): boolean {
  return callFailure(error) === 'too-large';
}

/** Undefined: there was an answer, or none was waited for. */
export function callFailure(error: unknown): CallError['failure'] | undefined {
  if (!(error instanceof KubernetesError) || !(error.cause instanceof CallError)) return undefined;
  return error.cause.failure;
}

function isRefused(error: unknown, code: number, reason: string): boolean {
  return error instanceof RefusedError && error.code === code && error.reason === reason;
}

/** `pods "web-1" is forbidden: User "jane" cannot get resource ...` */
const NO_RIGHT = /User "([^"]*)" cannot /;
const TAKES_RIGHT = ' do that: it takes the verb ';

/** Undefined if it is not a right that is missing. `right`: `list on pods in namespace web`. */
export function missingRight(server: string, message: string, right: string): string | undefined {
  const who = NO_RIGHT.exec(message)?.[1];
  if (who === undefined) return undefined;
  return `the API server at ${server} does not let ${who}${TAKES_RIGHT}${right}`;
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);
const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** `server` is its address, for people; `ms` is what it was given to answer, or to say something. */
export function unreached(server: string, error: CallError, ms: number): KubernetesError {
  const who = `the API server at ${server}`;
  const fault = (words: string, passing = false): KubernetesError =>
    new KubernetesError(words, passing, error);
  if (error.failure === 'too-large') return fault(`${who} answers with too much`);
  if (error.failure === 'late') return fault(`${who} does not answer within ${ms / 1_000}s`, true);
  if (error.failure === 'silent') {
    return fault(
      `${who} has said nothing for ${ms / 1_000}s where it was to tell of changes`,
      true,
    );
  }
  const tls = tlsWords(error);
  if (tls !== undefined) return fault(`${who} ${tls}`);
  if (error.code.startsWith('HPE_')) return fault(`${who} answers with something else than HTTP`);
  if (error.code === 'ECONNREFUSED') {
    return fault(`nothing listens at ${server}, where the API server should`, true);
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return fault(`${who} has a host that is not found`, error.code === 'EAI_AGAIN');
  }
  const isClosed = error.code === '' || error.code === 'ECONNRESET' || error.code === 'EPIPE';
  const what = isClosed
    ? 'closes the connection without an answer'
    : `is not reached: ${error.code}`;
  return fault(`${who} ${what}`, true);
}

/** Undefined if it is not about certificates. */
function tlsWords({ code, message }: CallError): string | undefined {
  if (UNKNOWN_ISSUER.has(code)) {
    return 'has a certificate that certificate-authority did not sign: it is of another cluster, or renewed';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'has a certificate for another name; tls-server-name says which is expected';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `has a certificate that is not valid now (${code}); look at the clocks, too`;
  }
  if (/^ERR_SSL_.*(ALERT|CERTIFICATE_REQUIRED)/.test(code)) {
    return `refuses the TLS handshake (${code}): is client-certificate still good?`;
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO') {
    return 'does not speak TLS';
  }
  if (/^ERR_(SSL|OSSL|TLS|CRYPTO)_/.test(code) || /PEM|X509/.test(message)) {
    return `is not asked, because a certificate or key given for it cannot be used (${code})`;
  }
  return undefined;
}
