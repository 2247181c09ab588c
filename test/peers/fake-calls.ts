/**
 * Calls of the Kubernetes API, read from HTTP as the API server reads them, and what it answers in
 * words: a Status, and the refusal of whoever lacks a right.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { kindOf, resourceOf } from './fake-objects.js';

/** A call as the API server sees it. */
export interface Call {
  readonly method: string;
  readonly verb: 'list' | 'watch' | 'get' | 'create' | 'patch' | 'delete' | 'update';
  /** As it stands in rights: `deployments.apps`, `pods/proxy`. */
  readonly resource: string;
  /** Empty: all of them. */
  readonly namespace: string;
  /** Empty in a list and a watch. */
  readonly name: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly body: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A Status as the API server has it. */
export function status(
  code: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Said {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return { status: code, body: { ...body, message, reason, code }, headers };
}

/** What is said to whoever lacks the right. */
export function forbidden({ verb, resource, namespace, name }: Call): Said {
  const [plural, ...group] = resource.split('.');
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = name === '' ? resource : `${resource} "${name}"`;
  const cannot = `cannot ${verb} resource "${plural}" in API group "${group.join('.')}" ${where}`;
  return status(403, 'Forbidden', `${what} is forbidden: User "jane" ${cannot}`);
}

const VERBS: Readonly<Record<string, Call['verb']>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const PATH =
  /^\/(?:api\/(?<core>v1)|apis\/(?<version>[^/]+\/[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+).*)?$/;

/** Undefined if there is nothing at this path. */
export function callOf(
  { method = '', url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  body: string,
): Call | undefined {
  const { pathname, searchParams: query } = new URL(url, 'http://fake');
  const groups = PATH.exec(pathname)?.groups;
  if (groups === undefined) return undefined;
  const { core, version = core, namespace = '', plural, name = '', sub } = groups;
  const kind = kindOf(version, plural);
  if (kind === undefined) return undefined;
  const resource = resourceOf(kind) + (sub === undefined ? '' : `/${sub}`);
  const isWatch = ['1', 'true'].includes(query.get('watch') ?? '');
  const reading = name !== '' ? 'get' : isWatch ? 'watch' : 'list';
  const verb = VERBS[method] ?? reading;
  return { method, verb, resource, namespace, name, path: url, query, headers, body };
}

export function kindOfCall({ path }: Call): string {
  const groups = PATH.exec(path.split('?')[0])?.groups ?? {};
  return kindOf(groups['version'] ?? groups['core'], groups['plural']) ?? '';
}
