/**
 * The JSON that a call brings along: read whole, within its limit, or a refusal in words. Whatever
 * it says is looked at elsewhere.
 */
import type { IncomingMessage } from 'node:http';

/** Nobody has more to say here. */
export const JSON_BYTES_MAX = 4_096;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly reason: string;
}

export type Body = { readonly value: unknown } | { readonly refusal: Refusal };

/** Undefined if the asker is gone before its end; no body at all is the value undefined. */
export async function readJson(request: IncomingMessage): Promise<Body | undefined> {
  const { 'content-type': type, 'content-encoding': coding } = request.headers;
  if (type !== undefined && !JSON_TYPE.test(type)) {
    return refused(415, 'not-json', `content-type "${type}" is not application/json`);
  }
  if (coding !== undefined) {
    return refused(415, 'not-json', `content-encoding "${coding}" is not taken`);
  }
  const bytes = await collect(request);
  if (bytes === 'too-many') {
    return refused(413, 'too-large', `a body has more than ${JSON_BYTES_MAX} bytes`);
  }
  if (bytes === undefined) return undefined;
  if (bytes.length === 0) return { value: undefined };
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return refused(400, 'bad-request', 'the body is no JSON');
  }
}

function refused(status: number, error: string, reason: string): Body {
  return { refusal: { status, error, reason } };
}

function collect(request: IncomingMessage): Promise<Buffer | 'too-many' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > JSON_BYTES_MAX) resolve('too-many');
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => resolve(undefined));
  });
}
