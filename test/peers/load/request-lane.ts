/**
 * One client that asks over and over: on one connection as long as that lasts, or on a new one each
 * time. Every answer is compared whole. A request that crossed a FIN is repeated, as RFC 9112 9.5
 * has it, and nothing else is.
 */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { answerToGet, answerToPost } from './agreement.js';
import { Connection, type Outcome } from './connection.js';
import type { Failure, RequestCounts, RequestLaneName } from './contract.js';
import { slower } from './ledger.js';
import { type Job, type Lane, Pause } from './pause.js';

interface Kind {
  readonly method: 'GET' | 'POST';
  readonly isKept: boolean;
  readonly isSlow: boolean;
}

const KINDS: Readonly<Record<RequestLaneName, Kind>> = {
  getKept: { method: 'GET', isKept: true, isSlow: false },
  postKept: { method: 'POST', isKept: true, isSlow: false },
  seldomKept: { method: 'GET', isKept: true, isSlow: false },
  getOnce: { method: 'GET', isKept: false, isSlow: false },
  postOnce: { method: 'POST', isKept: false, isSlow: false },
  slowKept: { method: 'GET', isKept: true, isSlow: true },
  slowOnce: { method: 'GET', isKept: false, isSlow: true },
};
const STATUSES: Readonly<Record<number, Failure>> = {
  500: 'wrong-status-500',
  502: 'wrong-status-502',
  503: 'wrong-status-503',
  504: 'wrong-status-504',
};

/** How requests of a lane are made. */
export interface Manner {
  readonly pauseMs: number;
  readonly requestsMax: number;
  readonly slowMs: number;
  readonly bodyBytes: number;
  readonly chunks: boolean;
}

interface Ask {
  readonly about: string;
  readonly bytes: Buffer;
  readonly expected: string;
  /** What the app was asked to take. */
  readonly causeMs: number;
}

/** The failure that a status other than 200 is. */
export function wrongStatus(status: number): Failure {
  return STATUSES[status] ?? 'wrong-status-other';
}

export class RequestLane implements Lane {
  private readonly name: RequestLaneName;
  private readonly kind: Kind;
  private readonly manner: Manner;
  private readonly job: Job;
  private readonly counts: RequestCounts;
  private readonly pause = new Pause();
  private readonly body: Buffer;
  private connection: Connection | undefined;
  private asked = 0;

  constructor(name: RequestLaneName, manner: Manner, job: Job) {
    this.name = name;
    this.kind = KINDS[name];
    this.manner = manner;
    this.job = job;
    this.counts = job.ledger.requests[name];
    this.body = randomBytes(this.kind.method === 'POST' ? manner.bodyBytes : 0);
  }

  async run(delayMs: number): Promise<void> {
    await this.pause.wait(delayMs);
    while (!this.pause.isOver) {
      await this.exchange();
      const { connection, manner } = this;
      if (connection?.isFree === true && connection.served >= manner.requestsMax) {
        await connection.end();
      }
      await this.pause.wait(this.manner.pauseMs);
    }
    await this.connection?.end();
  }

  finish(): void {
    this.pause.end();
  }

  abandon(): void {
    if (this.connection?.isFree === false) this.connection.giveUp('unfinished-at-stop');
  }

  private async exchange(): Promise<void> {
    const { counts, job, name } = this;
    const ask = this.next();
    const fromMs = performance.now();
    let sentMs = fromMs;
    counts.sent++;
    counts.inProgress++;
    let answer = await this.answerTo(ask);
    if (answer.failure !== undefined && answer.hasCrossedFin) {
      counts.repeatedAfterFin++;
      sentMs = performance.now();
      answer = await this.answerTo(ask);
    }
    if (answer.failure !== undefined) sentMs = answer.sentMs;
    counts.inProgress--;
    const ms = performance.now() - fromMs;
    counts.slowestMs = slower(counts.slowestMs, ms);
    counts.slowestExcessMs = slower(counts.slowestExcessMs, ms - ask.causeMs);
    job.ledger.took(name, ms - ask.causeMs);
    const [failure, detail] = judge(answer, ask);
    if (failure === undefined) counts.ok++;
    else {
      const fault = { failure, detail: `${ask.about}: ${detail}`, sentMs };
      job.ledger.fails(name, counts.failures, fault);
    }
  }

  private async answerTo({ bytes }: Ask): Promise<Outcome & { readonly text: string }> {
    const connection = this.free();
    const late = setTimeout(() => connection.giveUp(), this.job.timeoutMs);
    let text = '';
    const outcome = await connection.ask(bytes, {
      onBody: (part) => (text += part.toString('latin1')),
    });
    clearTimeout(late);
    return { ...outcome, text };
  }

  private free(): Connection {
    const { connection, counts } = this;
    if (connection?.isFree === true) return connection;
    if (connection?.wasResetWhileFree === true) counts.resetWhileIdle++;
    if (connection?.hasUnasked === true) counts.unasked++;
    counts.connections++;
    return (this.connection = new Connection(this.job.at, counts));
  }

  private next(): Ask {
    const { body, kind, manner } = this;
    const number = ++this.asked;
    const head = number % 2 === 0 ? 'early' : 'late';
    const target = kind.isSlow
      ? `/slow?ms=${manner.slowMs}&head=${head}&n=${number}`
      : `/quick?n=${number}`;
    const isPost = kind.method === 'POST';
    // Never the same body twice.
    if (body.length >= 4) body.writeUInt32BE(number);
    const isChunked = manner.chunks && number % 2 === 0;
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
    const lines = [
      `${kind.method} ${target} HTTP/1.1`,
      `Host: ${this.job.target}`,
      `User-Agent: load`,
      ...(kind.isKept ? [] : ['Connection: close']),
      ...(isPost ? [framing] : []),
    ];
    return {
      about: `${kind.method} ${target}`,
      bytes: Buffer.concat([
        Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
        ...(isChunked ? chunksOf(body) : [body]),
      ]),
      expected: isPost ? answerToPost(target, body) : answerToGet(target),
      causeMs: kind.isSlow ? manner.slowMs : 0,
    };
  }
}

/** A body as two chunks, and the last one. */
function chunksOf(body: Buffer): readonly Buffer[] {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const framed = parts.flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}\r\n`),
    part,
    Buffer.from('\r\n'),
  ]);
  return [...framed, Buffer.from('0\r\n\r\n')];
}

/** What was wrong with an answer, if anything was. */
function judge(
  answer: Outcome & { readonly text: string },
  { expected }: Ask,
): [Failure, string] | [undefined, ''] {
  if (answer.failure !== undefined) return [answer.failure, answer.detail];
  const { status } = answer.head;
  if (status !== 200) return [wrongStatus(status), `${status} ${JSON.stringify(answer.text)}`];
  if (answer.text === expected) return [undefined, ''];
  return ['wrong-body', JSON.stringify(answer.text)];
}
