/**
 * Who one is to a cluster: a token or a certificate, fixed, from a file or from a plugin. What is
 * secret stays in here and in the requests.
 */
import { KubernetesError } from './fault.js';
import { type Outside, readFile } from './outside.js';

/** What proves who one is; whatever is missing is not needed. */
export interface Secrets {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Credentials {
  /** As of now; rejects with a KubernetesError. */
  get(): Promise<Secrets>;
  /** They were refused; false if the next ones would be the same. */
  forget(): boolean;
}

/** A token that cannot be a header's value is none. */
const TOKEN = /^[!-~]+$/;

/** The same each time. */
export function always(secrets: Secrets): Credentials {
  return { get: () => Promise.resolve(secrets), forget: () => false };
}

/** The token is read anew each time: whoever writes the file renews it. */
export function fromTokenFile(path: string, pair: Secrets, outside: Outside): Credentials {
  const get = (): Secrets => ({
    ...pair,
    token: checkedToken(readFile(path, outside).trim(), path),
  });
  return { get: () => new Promise((resolve) => resolve(get())), forget: () => false };
}

/** `where` it stands, for whoever has to put it right. */
export function checkedToken(token: string, where: string): string {
  if (TOKEN.test(token)) return token;
  throw new KubernetesError(`the token of ${where} is not printable characters without spaces`);
}
