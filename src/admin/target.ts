/**
 * Which path and query a request names, in whatever form a client may write its target (RFC 9112
 * section 3.2). Never throws: what cannot be a path is one that no route has.
 */

export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

const ORIGIN = /^https?:\/\/[^/?]*/i;

export function targetOf(text: string): Target {
  const target = text.replace(ORIGIN, '');
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return {
    path: path === '' ? '/' : path,
    query: new URLSearchParams(at < 0 ? '' : target.slice(at)),
  };
}
