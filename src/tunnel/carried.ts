/**
 * What one connection carries, as its observer tells it: its kind, since when, whether anything is
 * at work, and the exchanges that are open. Who counts hears of every change. Knows no sockets.
 */
import type { Facts, GiveUpReason, Kind, Observer, Purpose } from '../protocol/contract.js';
import { createDetector } from '../protocol/detect.js';
import { createHttp1Observer } from '../protocol/http1/observer.js';
import { OPAQUE } from '../protocol/opaque.js';
import { OpenExchanges } from './open-exchanges.js';
import type { Policy } from './policy.js';
import type { Surroundings } from './tunnel.js';

export abstract class Carried implements Facts {
  readonly around: Surroundings;
  observer: Observer;
  kind: Kind = 'tcp';
  /** Work is in progress, or what may be it: until the app is reached, the client's bytes may wait. */
  active = true;
  /** It is work for sure: not a connection on which nothing, or only a probe, has been heard. */
  isWork = false;
  /** A PROXY preamble came from the client: its address is told already. */
  hasPreamble = false;
  /** Clock times: when it was accepted, and since when it is of its kind. */
  readonly openedMs: number;
  sinceMs: number;
  /** Clock time since when nothing is at work; told only while a drain is going on, else 0. */
  idleSinceMs = 0;
  protected readonly exchanges = new OpenExchanges();

  constructor(around: Surroundings) {
    this.around = around;
    this.openedMs = around.clock.now();
    this.sinceMs = this.openedMs;
    this.observer = createDetector(this);
  }

  /** It was `kind`, active or not, for sure or not; now it is what its fields say. */
  protected abstract moved(kind: Kind, active: boolean, isWork: boolean): void;

  get probes(): Policy['probes'] {
    return this.around.policy.probes;
  }

  get exchangesOpen(): number {
    return this.exchanges.size;
  }

  /** Something is going on, if only a probe's exchange. */
  get isBusy(): boolean {
    return this.active || this.exchanges.size > 0;
  }

  carries(kind: Kind): void {
    if (kind === 'http1') this.weigh();
    else this.settle(kind, true);
  }

  follows(next: Observer): void {
    this.observer = next;
  }

  preambled(): void {
    this.hasPreamble = true;
  }

  exchangeBegan(purpose: Purpose | 'unknown'): void {
    this.exchanges.began(purpose, this.around.clock.now());
    this.around.events.exchangeBegan();
    if (this.kind === 'http1') this.weigh();
  }

  exchangeKnown(purpose: Purpose): void {
    this.exchanges.known(purpose);
    if (this.kind === 'http1') this.weigh();
  }

  answered(status: number): void {
    this.around.events.answered(status);
  }

  exchangeEnded(purpose: Purpose): void {
    this.around.events.exchangeEnded(this.exchanges.ended(purpose), purpose);
    if (this.kind === 'http1') this.weigh();
  }

  gaveUp(reason: GiveUpReason): void {
    this.around.events.gaveUp(reason, this.exchanges.drop());
  }

  /** A bug in an observer costs this tunnel its observer; the bytes pass on. */
  fault(error: unknown): void {
    this.around.events.fault(error);
    this.observer = OPAQUE;
    this.gaveUp('fault');
    this.carries('tcp');
  }

  /** What was open was ended by our goodbye, and nothing follows. */
  endedByFarewell(): void {
    const ended = this.exchanges.drop();
    if (ended > 0) this.around.events.saidFarewell(ended);
    this.settle('http1', false);
  }

  /**
   * What is carried goes on behind what was: as HTTP between exchanges, or as if nothing had been
   * said yet. What was open was ended by our goodbye.
   */
  protected startAnew(): void {
    const ended = this.exchanges.drop();
    if (ended > 0) this.around.events.saidFarewell(ended);
    const isHttp = this.kind === 'http1' || this.kind === 'sse';
    this.observer = isHttp ? createHttp1Observer(this) : createDetector(this);
    this.settle(isHttp ? 'http1' : this.kind, false);
  }

  private weigh(): void {
    this.settle('http1', this.exchanges.isActive, this.exchanges.isWork);
  }

  protected settle(kind: Kind, active: boolean, isWork = active): void {
    const { kind: kindBefore, active: activeBefore, isWork: wasWork } = this;
    if (kind === kindBefore && active === activeBefore && isWork === wasWork) return;
    if (kind !== kindBefore) this.sinceMs = this.around.clock.now();
    this.kind = kind;
    this.active = active;
    this.isWork = isWork;
    if (!active && this.around.policy.isDraining) this.idleSinceMs = this.around.clock.now();
    this.moved(kindBefore, activeBefore, wasWork);
  }
}
