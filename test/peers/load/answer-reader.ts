/**
 * Reads answers of HTTP/1.1 on one connection, as RFC 9112 section 6 frames them. It knows whether
 * an answer is whole, which a client that only joins bytes does not. It is stricter than a browser:
 * what is not framed as it should be is malformed.
 */

const HEAD_BYTES_MAX = 16_384;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: |$)/;
const CHUNK_SIZE = /^[\da-f]{1,7}(?=$|;)/i;

export interface AnswerHead {
  readonly status: number;
  /** Names in small letters; the values of one name joined. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Who is told of an answer while it comes. */
export interface Listener {
  onHead?(head: AnswerHead): void;
  onBody(bytes: Buffer): void;
}

type Awaited =
  'head' | 'counted' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'fin' | 'whole' | 'lost';

export class AnswerReader {
  head: AnswerHead | undefined;
  /** Bytes of an answer have come. */
  began = false;
  private readonly listener: Listener;
  private awaited: Awaited = 'head';
  private line = '';
  private leftBytes = 0;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  get isWhole(): boolean {
    return this.awaited === 'whole';
  }

  get isMalformed(): boolean {
    return this.awaited === 'lost';
  }

  /** Whether the connection may be used again after this answer. */
  get keeps(): boolean {
    return this.isWhole && !/\bclose\b/i.test(this.head?.fields.get('connection') ?? '');
  }

  take(bytes: Buffer): void {
    this.began = true;
    let at = 0;
    while (at < bytes.length && this.awaited !== 'lost') at += this.step(bytes.subarray(at));
  }

  /** A FIN has come. */
  end(): void {
    if (this.awaited === 'fin') this.awaited = 'whole';
  }

  /** How many of these bytes are read. */
  private step(bytes: Buffer): number {
    switch (this.awaited) {
      case 'head':
        return this.takeUpTo(HEAD_END, bytes, HEAD_BYTES_MAX);
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.takeUpTo('\r\n', bytes, 256);
      case 'counted':
      case 'chunk':
        return this.takeBody(bytes);
      case 'fin':
        this.listener.onBody(bytes);
        return bytes.length;
      case 'whole':
        // Nobody has asked for more.
        this.awaited = 'lost';
        return 0;
      case 'lost':
        return 0;
    }
  }

  private takeBody(bytes: Buffer): number {
    const part = bytes.subarray(0, this.leftBytes);
    this.listener.onBody(part);
    this.leftBytes -= part.length;
    if (this.leftBytes === 0) this.awaited = this.awaited === 'chunk' ? 'chunk-end' : 'whole';
    return part.length;
  }

  private takeUpTo(end: string, bytes: Buffer, bytesMax: number): number {
    const before = this.line.length;
    const text = this.line + bytes.toString('latin1');
    const at = text.indexOf(end);
    if (at === -1) {
      this.line = text;
      if (text.length > bytesMax) this.awaited = 'lost';
      return bytes.length;
    }
    this.line = '';
    this.awaited = this.after(text.slice(0, at));
    return at + end.length - before;
  }

  private after(line: string): Awaited {
    if (this.awaited === 'head') return this.afterHead(line);
    if (this.awaited === 'chunk-end') return line === '' ? 'chunk-size' : 'lost';
    if (this.awaited === 'trailer') return line === '' ? 'whole' : 'trailer';
    const size = CHUNK_SIZE.exec(line)?.[0];
    if (size === undefined) return 'lost';
    this.leftBytes = parseInt(size, 16);
    return this.leftBytes === 0 ? 'trailer' : 'chunk';
  }

  private afterHead(text: string): Awaited {
    const [first, ...lines] = text.split('\r\n');
    const status = Number(STATUS_LINE.exec(first)?.[1]);
    if (Number.isNaN(status)) return 'lost';
    // 100 to 199 announce the answer; 101 is its own end.
    if (status < 200 && status !== 101) return 'head';
    const fields = fieldsOf(lines);
    if (fields === undefined) return 'lost';
    this.head = { status, fields };
    this.listener.onHead?.(this.head);
    if (status === 101 || status === 204 || status === 304) return 'whole';
    return this.bodyOf(fields);
  }

  private bodyOf(fields: ReadonlyMap<string, string>): Awaited {
    const coding = fields.get('transfer-encoding');
    const length = fields.get('content-length');
    if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? 'chunk-size' : 'lost';
    if (length === undefined) return 'fin';
    if (!/^\d{1,9}$/.test(length)) return 'lost';
    this.leftBytes = Number(length);
    return this.leftBytes === 0 ? 'whole' : 'counted';
  }
}

function fieldsOf(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) return undefined;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
