/**
 * What is done to what: its path on the API server, and the words for people when it is refused.
 * Pure.
 */
import type { Resource } from './api.js';
import type { ApiStatus } from './client.js';
import { missingRight, RefusedError } from './fault.js';

export interface Deed {
  readonly verb: 'list' | 'watch' | 'get' | 'create' | 'patch' | 'delete';
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name?: string;
  /** Nothing of it is kept. */
  readonly isDry?: boolean | undefined;
  /** It is not made again. */
  readonly isOnce?: boolean | undefined;
}

/** What is undefined or empty is not asked. */
export type Query = Readonly<Record<string, string | undefined>>;

/** A patch that holds for another object is refused as if it wanted to change the uid. */
const OTHER_UID = /\bmetadata\.uid: Invalid value/;

export function dryRun({ isDry }: Deed): Query {
  return isDry === true ? { dryRun: 'All' } : {};
}

export function pathOf({ resource, namespace, name }: Deed, query: Query = {}): string {
  const { group, version, plural } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const asked = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value = '']) => `${key}=${encodeURIComponent(value)}`);
  const search = asked.length === 0 ? '' : `?${asked.join('&')}`;
  return `${root}${within}/${plural}${one}${search}`;
}

/** `server` is its address; an empty reason: it is no Status of the API server's own. */
export function refused(server: string, deed: Deed, status: ApiStatus): RefusedError {
  const { code, reason, message } = status;
  if (deed.verb === 'patch' && code === 422 && OTHER_UID.test(message)) {
    const none = `${deed.name}, ${wordsOf(deed)}, is another one by now`;
    return new RefusedError(none, 409, 'Conflict');
  }
  return new RefusedError(refusal(server, deed, status), code, reason);
}

function refusal(server: string, deed: Deed, { code, reason, message }: ApiStatus): string {
  const right = `${deed.verb} on ${wordsOf(deed)}`;
  if (code === 403) {
    const words = missingRight(server, message, right);
    if (words !== undefined) return words;
  }
  const what = deed.name === undefined ? right : `${deed.verb} of ${deed.name}, ${wordsOf(deed)}`;
  if (code === 404 && reason === '') {
    const { group, version } = deed.resource;
    const kind = group === '' ? version : `${group}/${version}`;
    return `the API server at ${server} does not know ${wordsOf(deed)} (${kind})`;
  }
  const words = message === '' ? '' : `: ${message}`;
  return `the API server at ${server} answers ${code} to ${what}${words}`;
}

/** `deployments.apps in namespace web` */
function wordsOf({ resource, namespace }: Deed): string {
  const { group, plural } = resource;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  return `${group === '' ? plural : `${plural}.${group}`} ${where}`;
}
