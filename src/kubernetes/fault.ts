/**
 * What can go wrong between here and a cluster, in words that say what to do. No credential is ever
 * part of them.
 */
import type { CallError } from '../bounded-call.js';

/** The cluster has not done what it was asked to. */
export class KubernetesError extends Error {
  /** It may be otherwise in a moment. */
  readonly passing: boolean;

  constructor(message: string, passing = false) {
    super(message);
    this.passing = passing;
  }
}

const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** `server` is its address, for people. */
export function unreached(server: string, error: CallError, answerMs: number): KubernetesError {
  const who = `the API server at ${server}`;
  if (error.failure === 'too-large') return new KubernetesError(`${who} answers with too much`);
  if (error.failure === 'late') {
    return new KubernetesError(`${who} does not answer within ${answerMs / 1_000}s`, true);
  }
  const tls = tlsWords(error);
  if (tls !== undefined) return new KubernetesError(`${who} ${tls}`);
  if (error.code.startsWith('HPE_')) {
    return new KubernetesError(`${who} answers with something else than HTTP`);
  }
  if (error.code === 'ECONNREFUSED') {
    return new KubernetesError(`nothing listens at ${server}, where the API server should`, true);
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new KubernetesError(`${who} has a host that is not found`, error.code === 'EAI_AGAIN');
  }
  const isClosed = error.code === '' || error.code === 'ECONNRESET' || error.code === 'EPIPE';
  const what = isClosed
    ? 'closes the connection without an answer'
    : `is not reached: ${error.code}`;
  return new KubernetesError(`${who} ${what}`, true);
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
