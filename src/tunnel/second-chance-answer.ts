/**
 * Writes another pod's answer to the client, with its own framing: the fields as they came, the
 * body streamed, the trailers behind it, and always `Connection: close`. It tells how the answer
 * ended and never makes one that was cut look whole.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isEventBoundary, STREAM_START, tailAfter } from '../protocol/events/boundary.js';
import { LAST_CHUNK, lastEventChunk, retryField } from '../protocol/events/farewell.js';
import { endToEnd, membersOf, type RawFields, valuesOf } from './second-chance-fields.js';

const CRLF = '\r\n';
const LAST_CHUNK_LINE = '0\r\n';
const UPGRADE_REQUIRED = 426;

/** To whom an answer goes, and what was asked. */
export interface Asked {
  readonly client: Socket;
  readonly method: string;
  readonly isOld: boolean;
  /** Whether it was cut off, though Node may call it ended. */
  isCut(): boolean;
  /** So many bytes were written. */
  sent(bytes: number): void;
}

/** What an answer comes to: whole, cut off, or an event stream that we have ended. */
export type Ended = (how: 'whole' | 'cut' | 'farewell') => void;

function lines(fields: RawFields): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}${CRLF}`;
  return text;
}

function statusLine({ statusCode, statusMessage }: StatusLine): string {
  return `HTTP/1.1 ${statusCode} ${statusMessage}${CRLF}`;
}

interface StatusLine {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
}

/** An interim answer (RFC 9110 section 15.2), or one that switches protocols, as it came. */
export function wholeHead(
  head: StatusLine & { readonly rawHeaders: RawFields },
  keeping: readonly string[] = [],
): Buffer {
  const fields = endToEnd(head.rawHeaders, keeping);
  return Buffer.from(statusLine(head) + lines(fields) + CRLF, 'latin1');
}

export class Answer {
  private readonly asked: Asked;
  private readonly from: IncomingMessage;
  private readonly ended: Ended;
  private readonly isChunked: boolean;
  /** The last content bytes of an event stream. */
  private tail = STREAM_START;
  /** Set once a goodbye is asked for. */
  private retryMs: number | undefined;
  private isOver = false;

  constructor(asked: Asked, from: IncomingMessage, ended: Ended) {
    this.asked = asked;
    this.from = from;
    this.ended = ended;
    this.isChunked = isChunked(asked, from);
    this.write(this.head());
    from.on('data', this.passChunk);
    from.on('end', this.passEnd);
    // Node tells of what was cut off in several ways, but always by this in the end.
    from.on('error', () => this.end('cut'));
    from.on('close', () => this.end('cut'));
    asked.client.on('drain', this.goOn);
  }

  /** Ends an event stream for its client, with `retryMs`, as soon as no event is split by that. */
  sayFarewell(retryMs: number): void {
    this.retryMs ??= retryMs;
    if (!this.isOver) this.speakIfDue(this.retryMs);
  }

  private speakIfDue(retryMs: number): void {
    if (hasCoding(this.from)) {
      if (this.isChunked) this.write(LAST_CHUNK); // nothing may be put into it
    } else if (isEventBoundary(this.tail)) {
      this.write(this.isChunked ? lastEventChunk(retryMs) : retryField(retryMs));
    } else return;
    this.end('farewell');
  }

  private head(): Buffer {
    const { rawHeaders, statusCode } = this.from;
    const keeping = statusCode === UPGRADE_REQUIRED ? ['upgrade'] : [];
    if (this.isChunked) keeping.push('transfer-encoding');
    const fields = endToEnd(rawHeaders, keeping, this.isChunked ? [] : ['trailer']);
    const codings = membersOf(rawHeaders, 'transfer-encoding');
    if (this.isChunked && codings.at(-1) !== 'chunked') fields.push('Transfer-Encoding', 'chunked');
    fields.push('Connection', keeping.includes('upgrade') ? 'close, Upgrade' : 'close');
    return Buffer.from(statusLine(this.from) + lines(fields) + CRLF, 'latin1');
  }

  private readonly passChunk = (chunk: Buffer): void => {
    const { client } = this.asked;
    if (!this.isChunked) this.write(chunk);
    else {
      client.cork();
      this.write(Buffer.from(chunk.length.toString(16) + CRLF));
      this.write(chunk);
      this.write(Buffer.from(CRLF));
      client.uncork();
    }
    this.tail = tailAfter(this.tail, chunk, 0, chunk.length);
    if (client.writableNeedDrain) this.from.pause();
    if (this.retryMs !== undefined) this.speakIfDue(this.retryMs);
  };

  private readonly passEnd = (): void => {
    if (!this.from.complete || this.asked.isCut()) return this.end('cut');
    if (this.isChunked) {
      const trailers = lines(this.from.rawTrailers);
      this.write(Buffer.from(LAST_CHUNK_LINE + trailers + CRLF, 'latin1'));
    }
    this.end('whole');
  };

  private readonly goOn = (): void => {
    this.from.resume();
  };

  private write(bytes: Uint8Array): void {
    this.asked.sent(bytes.length);
    this.asked.client.write(bytes);
  }

  private end(how: Parameters<Ended>[0]): void {
    if (this.isOver) return;
    this.isOver = true;
    this.from.removeListener('data', this.passChunk);
    this.asked.client.removeListener('drain', this.goOn);
    this.ended(how);
  }
}

/** Neither its length nor the end of the connection says where it ends. */
function isChunked({ method, isOld }: Asked, { statusCode, rawHeaders }: IncomingMessage): boolean {
  const hasBody = method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
  return hasBody && !isOld && valuesOf(rawHeaders, 'content-length').length === 0;
}

/** Its content is encoded: where an event ends cannot be seen. */
function hasCoding({ rawHeaders }: IncomingMessage): boolean {
  return membersOf(rawHeaders, 'content-encoding').some((coding) => coding !== 'identity');
}

/** An event stream that announces its length is an ordinary answer. */
export function isEventStream({ method }: Asked, from: IncomingMessage): boolean {
  const isStream = membersOf(from.rawHeaders, 'content-type').some((type) =>
    /^text\/event-stream *(;|$)/.test(type),
  );
  const hasLength = valuesOf(from.rawHeaders, 'content-length').length > 0;
  return isStream && from.statusCode === 200 && !hasLength && method !== 'HEAD';
}
