/**
 * The fields with which a request goes to another pod: as they came, but for what is about the
 * connection alone, with the mark and, as in a tunnel, the line that names the client.
 */
import type { IncomingMessage } from 'node:http';
import type { KeptBody } from './second-chance-body.js';
import { plainAddress } from './proxy-preamble.js';
import { endToEnd, membersOf, valuesOf } from './second-chance-fields.js';
import { MARKER } from './second-chance-marker.js';
import type { Errand } from './second-chance-proxy.js';
import type { Policy } from './policy.js';

/** How it goes. */
export interface Passage {
  /** Undefined if it goes to our own app. */
  readonly mark: string | undefined;
  readonly forwarded: Policy['forwarded'];
  /** Undefined once its socket is gone. */
  readonly clientAddress: string | undefined;
  readonly service: { readonly host: string; readonly port: number };
  /** Its connection can be handed on: it was read as an upgrade. */
  readonly isUpgrade: boolean;
}

/** The request as it goes out now. */
export function errandOf(request: IncomingMessage, body: KeptBody, passage: Passage): Errand {
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    fields: requestFields(request, passage),
    body: body.open(),
    trailers: () => pairsOf(request.rawTrailers),
  };
}

export function requestFields(request: IncomingMessage, passage: Passage): string[] {
  const { rawHeaders, method } = request;
  const isUpgrade = passage.isUpgrade && asksForWebSocket(request);
  const isChunked = valuesOf(rawHeaders, 'transfer-encoding').length > 0;
  const takesTrailers = membersOf(rawHeaders, 'te').includes('trailers');
  const keeping = isUpgrade ? ['upgrade'] : isChunked ? ['transfer-encoding'] : [];
  // Without chunks there is no place for trailers, and Node refuses to announce them.
  const passed = endToEnd(rawHeaders, keeping, isChunked ? [] : ['trailer']);
  // First, so that it is seen however much of the head has come.
  const fields = passage.mark === undefined ? passed : [MARKER, passage.mark, ...passed];
  if (valuesOf(fields, 'host').length === 0 && request.httpVersionMinor === 0) {
    fields.push('Host', `${passage.service.host}:${passage.service.port}`);
  }
  addForwarded(fields, passage);
  const hasLength = valuesOf(fields, 'content-length').length > 0;
  // Else Node would send an empty body in chunks.
  if (!isChunked && !hasLength && !isBodiless(method)) fields.push('Content-Length', '0');
  if (takesTrailers) fields.push('TE', 'trailers');
  if (isUpgrade) fields.push('Connection', 'Upgrade');
  else fields.push('Connection', takesTrailers ? 'close, TE' : 'close');
  return fields;
}

/** RFC 6455 section 4.1. */
export function asksForWebSocket({ rawHeaders, method }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    membersOf(rawHeaders, 'connection').includes('upgrade') &&
    membersOf(rawHeaders, 'upgrade').includes('websocket')
  );
}

/**
 * What may become a WebSocket, by the bytes of its head: a GET that names one and has no body.
 * Whoever looks so and is none loses nothing, for nothing follows it.
 */
export function isWebSocketHead(head: string): boolean {
  const hasBody = /\n(?:content-length:[\t ]*0*[1-9]|transfer-encoding:)/i;
  return /^\s*GET /.test(head) && /\nupgrade:.*websocket/i.test(head) && !hasBody.test(head);
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at], raw[at + 1]]);
  return pairs;
}

function addForwarded(fields: string[], { forwarded, clientAddress }: Passage): void {
  if (forwarded === 'off' || clientAddress === undefined) return;
  if (forwarded === 'if-absent' && valuesOf(fields, 'x-forwarded-for').length > 0) return;
  fields.push('X-Forwarded-For', plainAddress(clientAddress));
}

/** Whose requests Node sends without a body unless one is announced. */
function isBodiless(method = 'GET'): boolean {
  return ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'].includes(method);
}
