/**
 * Node's own HTTP parser (llhttp) as the truth about message boundaries. It is fed byte by byte,
 * so that every callback gives an exact offset, and answered as Node's own HTTP layer would,
 * except that a CONNECT refused is framed as RFC 9110 section 9.3.6 says.
 */
import { createRequire } from 'node:module';

/** What the parser says of a head. */
export interface OracleHead {
  readonly method: number;
  readonly status: number;
  /** Request: Upgrade and Connection: upgrade, or CONNECT. */
  readonly upgrade: boolean;
  /** Another message may follow on the connection. */
  readonly persistent: boolean;
}

/** What became of one byte. */
export type Step = 'read' | 'refused' | 'opaque';

export const ORACLE_HEAD = 2;
export const ORACLE_CONNECT = 5;
export const LLHTTP_VERSION = process.versions.llhttp ?? '';

/** Since 9.4 tabs count as white space, and a status line ends with CR LF only. */
export const LLHTTP_IS_9_3 = /^9\.[0-3]\./.test(LLHTTP_VERSION);

type HeadersComplete = (
  major: number,
  minor: number,
  fields: string[] | undefined,
  method: number,
  url: string,
  status: number,
  reason: string,
  upgrade: boolean,
  persistent: boolean,
) => number;

interface NodeParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, headBytesMax: number, lenience: number): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): Error | undefined;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnMessageBegin: number;
  readonly kOnHeadersComplete: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: NodeParserClass;
};
const HEAD_BYTES_MAX = 2 ** 30;

/** Hears of one lane. `head` of an answer returns the method of the request it answers. */
export interface OracleEars {
  begin(): void;
  head(head: OracleHead): number;
  end(): void;
}

/** One lane; create few of them and `restart`: each holds a native object. */
export class Oracle {
  private readonly parser = new HTTPParser();
  private readonly isRequest: boolean;
  private ears: OracleEars;
  private switched = false;
  private refused = false;
  private hidesErrors = false;

  constructor(direction: 'request' | 'answer', ears: OracleEars) {
    this.isRequest = direction === 'request';
    this.ears = ears;
    const heard: HeadersComplete = (...[, , , method, , status, , upgrade, persistent]) =>
      this.head({ method, status, upgrade, persistent });
    this.parser[HTTPParser.kOnMessageBegin] = () => this.ears.begin();
    this.parser[HTTPParser.kOnHeadersComplete] = heard;
    this.parser[HTTPParser.kOnMessageComplete] = () => this.ears.end();
    this.restart(ears);
  }

  restart(ears: OracleEars): void {
    const type = this.isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    this.ears = ears;
    this.switched = false;
    this.refused = false;
    this.hidesErrors = false;
    this.parser.initialize(type, {}, HEAD_BYTES_MAX, 0);
  }

  /** What follows is another protocol's. */
  get isDone(): boolean {
    return this.switched;
  }

  /** Feeds the one byte at `at`. */
  feed(bytes: Uint8Array, at: number): Step {
    if (this.switched) return 'opaque';
    if (this.refused) return 'refused';
    if (this.parser.execute(bytes.subarray(at, at + 1)) !== 1) this.refused = true;
    else if (this.hidesErrors) this.refused = this.hasHiddenError(bytes);
    return this.refused ? 'refused' : 'read';
  }

  /**
   * Once an upgrade was asked for, Node tells no errors. But a parser that has failed counts from
   * where that was, whatever it is given, even nothing at all from elsewhere.
   */
  private hasHiddenError(bytes: Uint8Array): boolean {
    return this.parser.execute(bytes.subarray(0, 0)) !== 0;
  }

  /** The sender's FIN; `end` is heard if that is what ends the message. */
  finish(): void {
    if (!this.switched && !this.refused) this.parser.finish();
  }

  /** Returns what Node's layer would: 1 no content, 2 another protocol follows, 0 neither. */
  private head(head: OracleHead): number {
    const answers = this.ears.head(head);
    if (head.upgrade) this.hidesErrors = true;
    if (this.isRequest) {
      this.switched = head.method === ORACLE_CONNECT;
      return this.switched ? 2 : 0;
    }
    const { status } = head;
    const taken = answers === ORACLE_CONNECT && status >= 200 && status < 300;
    this.switched = status === 101 || taken;
    if (this.switched) return 2;
    return answers === ORACLE_HEAD || (status >= 100 && status < 200) ? 1 : 0;
  }
}
