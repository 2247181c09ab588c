/**
 * What a drain makes of an HTTP/1.1 connection, told in the plainest way: byte by byte, from
 * exchanges whose parts are known, so that nothing has to be read. The tunnel is held against it.
 */
export interface LateExchange {
  /** Empty lines in front of the request, which belong to none. */
  readonly lead: string;
  /** The request's head, blank line included, and as it has to reach the app. */
  readonly head: string;
  readonly headAtApp: string;
  readonly content: string;
  readonly asksForWebSocket: boolean;
  /** Interim answers, or nothing. */
  readonly interim: string;
  /** The head of the final answer, and the same if it is the connection's last. */
  readonly answerHead: string;
  readonly closingHead: string;
  readonly answerContent: string;
}

export const REFUSAL =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

export function requestOf({ lead, head, content }: LateExchange): string {
  return lead + head + content;
}

export function answerOf({ interim, answerHead, answerContent }: LateExchange): string {
  return interim + answerHead + answerContent;
}

export class LateModel {
  isDraining = false;
  refusesUpgrades = false;
  atApp = '';
  atClient = '';
  ended = false;
  /** How many requests have begun, are in the app's hands by their heads, and are there in whole. */
  begun = 0;
  headsAtApp = 0;
  wholeAtApp = 0;
  answered = 0;
  private readonly exchanges: readonly LateExchange[];
  /** A drain has touched the connection. */
  private touched = false;
  private announced = -1;
  private crossed = false;
  private refused = false;
  private withheld = false;
  private heldHead = false;
  private inRequest = 0;
  private inAnswer = 0;

  constructor(exchanges: readonly LateExchange[]) {
    this.exchanges = exchanges;
  }

  fromClient(bytes: number): void {
    this.touched ||= this.isDraining;
    for (let count = 0; count < bytes; count++) this.clientByte();
  }

  fromApp(bytes: number): void {
    this.touched ||= this.isDraining;
    for (let count = 0; count < bytes; count++) this.appByte();
  }

  /** Which request the client's next byte belongs to. */
  private sending = 0;

  private clientByte(): void {
    const exchange = this.exchanges[this.sending];
    const { lead, head, headAtApp, content } = exchange;
    const at = this.inRequest++ - lead.length;
    const passes = (): boolean => !this.ended && !this.crossed && !this.refused;
    if (at === 0 && passes()) this.requestBegins();
    if (passes()) {
      if (at < 0 && this.announced < 0) this.atApp += lead[at + lead.length];
      else if (at < 0) this.crossed = true;
      else if (at >= head.length) this.atApp += content[at - head.length];
      else if (at === head.length - 1) this.headIsWhole(exchange, headAtApp);
    }
    if (at + 1 < head.length + content.length) return;
    if (passes()) this.wholeAtApp++;
    this.sending++;
    this.inRequest = 0;
    this.endIfOver();
  }

  private requestBegins(): void {
    if (this.announced >= 0) this.crossed = true;
    else {
      this.begun++;
      this.withheld = this.touched && this.refusesUpgrades;
    }
  }

  private headIsWhole(exchange: LateExchange, headAtApp: string): void {
    if (this.withheld && exchange.asksForWebSocket) {
      this.refused = true;
      this.endIfOver();
    } else {
      this.atApp += headAtApp;
      this.headsAtApp++;
    }
  }

  private appByte(): void {
    if (this.ended) return;
    const exchange = this.exchanges[this.answered];
    const { interim, answerHead, closingHead } = exchange;
    const at = this.inAnswer++ - interim.length;
    if (at === 0) this.heldHead = this.touched;
    if (at < 0 || at >= answerHead.length) this.atClient += answerOf(exchange)[this.inAnswer - 1];
    else if (at === answerHead.length - 1) {
      const isLast = this.heldHead && this.isDraining && this.begun === this.answered + 1;
      if (isLast) this.announced = this.answered;
      this.atClient += isLast ? closingHead : answerHead;
    }
    if (this.inAnswer < answerOf(exchange).length) return;
    this.answered++;
    this.inAnswer = 0;
    this.endIfOver();
  }

  private endIfOver(): void {
    if (this.ended) return;
    if (this.refused && this.answered === this.headsAtApp) {
      this.atClient += REFUSAL;
      this.ended = true;
    } else if (this.announced >= 0) {
      this.ended = this.answered > this.announced && this.wholeAtApp > this.announced;
    }
  }
}
