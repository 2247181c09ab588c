/**
 * What an observer should say of a conversation: two of Node's parsers read the lanes byte by
 * byte in the order in which the bytes passed, and requests are joined with answers by the rules
 * of RFC 9112 section 9.3.2, on plain lists.
 */
import { Oracle, ORACLE_CONNECT, ORACLE_HEAD, type OracleHead } from '../../peers/oracle.js';
import type { Side } from '../../peers/follower.js';

/** Bytes of one side, in the order in which they passed. */
export interface Part {
  readonly side: Side;
  readonly bytes: Uint8Array;
}

export interface Expectation {
  /** `exchange began`, `answered 200`, `exchange ended`, each with how many bytes had passed. */
  readonly lines: string[];
  /** Why the observer stops following HTTP, if it does: `refused`, `switched`, `gave up: …`. */
  stop: string;
  /** How many bytes had passed then. */
  stopMark: number;
  /** The methods of the requests, as far as they were understood. */
  readonly methods: string[];
}

interface Request {
  head: OracleHead | undefined;
  whole: boolean;
  answered: boolean;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const NO_HEAD: OracleHead = { method: -1, status: 0, upgrade: false, persistent: true };
const METHOD_NAMES = new Map([
  [ORACLE_HEAD, 'HEAD'],
  [ORACLE_CONNECT, 'CONNECT'],
]);

class Model {
  readonly expectation: Expectation = { lines: [], stop: '', stopMark: 0, methods: [] };
  mark = 0;
  private requests: Request[] = [];
  private connecting = false;
  /** A CONNECT was refused that was to be the last request. */
  private closed = false;
  private early = false;
  /** The request that the answer under way was begun for while its head was still coming. */
  private begunFor: Request | undefined;
  private status = 0;
  /** The connection is HTTP once a method and a space have gone by. */
  private isHttp = false;

  requestBegin(): void {
    this.requests.push({ head: undefined, whole: false, answered: false });
    if (this.isHttp) this.say('exchange began');
  }

  firstSpace(): void {
    if (this.isHttp) return;
    this.isHttp = true;
    this.say('exchange began');
  }

  requestHead(head: OracleHead): void {
    const request = this.open();
    request.head = head;
    this.connecting = head.method === ORACLE_CONNECT && !request.answered;
    this.closed = head.method === ORACLE_CONNECT && !head.persistent;
    this.expectation.methods.push(METHOD_NAMES.get(head.method) ?? 'GET');
  }

  requestEnd(): void {
    const request = this.open();
    request.whole = true;
    if (request.answered) this.say('exchange ended');
  }

  answerBegin(): void {
    const last = this.requests.at(-1);
    const nobodyWaits = this.waiting().length === 0;
    this.begunFor = nobodyWaits && last !== undefined && !last.whole ? last : undefined;
  }

  answerHead({ status }: OracleHead): number {
    const asked = this.waiting().at(0)?.head ?? NO_HEAD;
    this.status = status;
    if (status === 101) this.switchProtocols(asked);
    else if (status >= 200 || status < 100) {
      this.say(`answered ${status}`);
      if (asked.method === ORACLE_CONNECT) this.settleConnect(status);
    }
    return asked.method;
  }

  answerEnd(): void {
    if (this.stopped || (this.status >= 100 && this.status < 200)) return;
    const request = this.waiting().at(0) ?? this.begunFor;
    if (request === undefined || request.answered) return;
    request.answered = true;
    if (request.whole) this.say('exchange ended');
  }

  /** True if the byte is not HTTP's to read. */
  isHeldBack(side: Side, byte: number): boolean {
    if (side === 'app' && !this.isHttp) this.stop('refused');
    if (side === 'app' || this.stopped) return this.stopped;
    if (this.connecting) this.early = true;
    else if (this.closed && byte !== CR && byte !== LF) this.stop('refused');
    return this.connecting || this.closed;
  }

  stop(why: string): void {
    if (this.stopped) return;
    this.expectation.stop = why;
    this.expectation.stopMark = this.mark;
  }

  get stopped(): boolean {
    return this.expectation.stop !== '';
  }

  private say(line: string): void {
    if (!this.stopped) this.expectation.lines.push(`${line} @${this.mark}`);
  }

  private open(): Request {
    return this.requests[this.requests.length - 1];
  }

  private waiting(): Request[] {
    return this.requests.filter((request) => request.head !== undefined && !request.answered);
  }

  private settleConnect(status: number): void {
    if (status >= 200 && status < 300) {
      this.say('exchange ended');
      this.stop('switched');
    } else if (this.early) this.stop('gave up: early-data');
    this.connecting = false;
  }

  private switchProtocols(asked: OracleHead): void {
    this.say('answered 101');
    const plainUpgrade =
      asked.upgrade && asked.method !== ORACLE_HEAD && asked.method !== ORACLE_CONNECT;
    if (!plainUpgrade) this.stop('gave up: unexpected-switch');
    else if (this.waiting().length > 1 || !this.open().whole) this.stop('gave up: early-data');
    else {
      this.say('exchange ended');
      this.stop('switched');
    }
  }
}

let model = new Model();
const requestEars = {
  begin: () => model.requestBegin(),
  head: (head: OracleHead) => {
    model.requestHead(head);
    return 0;
  },
  end: () => model.requestEnd(),
};
const answerEars = {
  begin: () => model.answerBegin(),
  head: (head: OracleHead) => model.answerHead(head),
  end: () => model.answerEnd(),
};
const requests = new Oracle('request', requestEars);
const answers = new Oracle('answer', answerEars);

/** Reads the conversation; behind its last byte the app sends its FIN. */
export function expect(parts: readonly Part[]): Expectation {
  model = new Model();
  requests.restart(requestEars);
  answers.restart(answerEars);
  for (const part of parts) {
    for (let at = 0; at < part.bytes.length && !model.stopped; at++) {
      model.mark++;
      if (!model.isHeldBack(part.side, part.bytes[at])) readByte(part, at);
    }
  }
  if (!model.stopped) answers.finish();
  return model.expectation;
}

function readByte({ side, bytes }: Part, at: number): void {
  const step = (side === 'client' ? requests : answers).feed(bytes, at);
  if (step === 'refused') model.stop('refused');
  else if (side === 'client' && bytes[at] === SPACE) model.firstSpace();
  // The parser is done with a lane once it has read a CONNECT; if that is refused, HTTP goes on.
  if (requests.isDone) requests.restart(requestEars);
}
