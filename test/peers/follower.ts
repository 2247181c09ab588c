/**
 * Stands in for a tunnel: hands the bytes of both lanes to the observer of the moment and writes
 * down what it hears, one fixed line a fact. Holds observers to their contract while it does.
 */
import type { Facts, GiveUpReason, Kind, Observer, Purpose } from '../../src/protocol/contract.js';
import { createDetector } from '../../src/protocol/detect.js';
import { PROBE_AGENTS, ProbeAgents } from '../../src/protocol/http1/probes.js';

export type Side = 'client' | 'app';

const KNOWN_PROBES = new ProbeAgents(PROBE_AGENTS);

export class Follower implements Facts {
  readonly probes: ProbeAgents;
  readonly log: string[] = [];
  /** For each line of `log`, how many bytes had been handed over when it was written. */
  readonly marks: number[] = [];
  /** Bytes handed over, of both lanes. */
  bytes = 0;
  private observer: Observer;
  private replaced = false;
  /** The CR of a head's blank line was the client's last byte. */
  private near = '';

  constructor(probes = KNOWN_PROBES) {
    this.probes = probes;
    this.observer = createDetector(this);
  }

  feed(side: Side, chunk: Uint8Array): void {
    this.bytes += chunk.length;
    let at = 0;
    while (at < chunk.length) at = this.feedFrom(side, chunk, at);
  }

  end(side: Side): void {
    if (side === 'client') this.observer.clientEnded();
    else this.observer.appEnded();
  }

  private feedFrom(side: Side, chunk: Uint8Array, at: number): number {
    const { observer } = this;
    this.replaced = false;
    const next = side === 'client' ? observer.fromClient(chunk, at) : observer.fromApp(chunk, at);
    const atHead = side === 'client' && this.noteHead(observer);
    if (next < at || next > chunk.length) throw new Error(`read from ${at} to ${next}`);
    if (next < chunk.length && !this.replaced && !atHead) throw new Error(`stopped at ${next}`);
    return next;
  }

  /** True right behind a request head. Holds back what a tunnel would, to see that it is right. */
  private noteHead(observer: Observer): boolean {
    const headEnd = this.replaced ? 'none' : observer.headEnd;
    const { near } = this;
    this.near = headEnd.startsWith('near') ? headEnd : '';
    const isHead = headEnd === 'plain' || headEnd === 'forwarded';
    if (near !== '' && near !== `near-${headEnd}`) throw new Error(`${near}, then ${headEnd}`);
    if (isHead) this.note(`head ${headEnd}`);
    return isHead;
  }

  private note(line: string): void {
    this.log.push(line);
    this.marks.push(this.bytes);
  }

  carries(kind: Kind): void {
    this.note(`carries ${kind}`);
  }

  follows(next: Observer): void {
    this.observer = next;
    this.replaced = true;
    this.near = '';
  }

  preambled(): void {
    this.note('preambled');
  }

  exchangeBegan(purpose: Purpose | 'unknown'): void {
    this.note('exchange began');
    if (purpose !== 'unknown') this.exchangeKnown(purpose);
  }

  exchangeKnown(purpose: Purpose): void {
    if (purpose === 'probe') this.note("it is a probe's");
  }

  answered(status: number): void {
    this.note(`answered ${status}`);
  }

  exchangeEnded(purpose: Purpose): void {
    this.note('exchange ended');
    if (purpose === 'probe') this.note("it was a probe's");
  }

  gaveUp(reason: GiveUpReason): void {
    this.note(`gave up: ${reason}`);
  }
}
