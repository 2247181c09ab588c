/**
 * A tunnel between two ends that are memory: what a test feeds has passed when the call returns, so
 * that a conversation can be cut at every position, and a drain can begin there. Time is driven by
 * hand. What needs a kernel's buffers or a real reset needs real sockets, and the carrier.
 */
import { Duplex } from 'node:stream';
import { Tracker } from '../../src/tracker.js';
import { type LaneSocket, joinLanes } from '../../src/tunnel/lane.js';
import type { Policy } from '../../src/tunnel/policy.js';
import { Tunnel } from '../../src/tunnel/tunnel.js';
import { HandClock } from './clock.js';
import { POLICY } from './policy.js';
import { type Bytes, type Leaving, bytesOf } from './peer.js';

/** As much of a socket as a tunnel uses; what it writes is taken at once. */
class Wire extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly connecting = false;
  readonly taken: Buffer[] = [];
  bytesRead = 0;
  bytesWritten = 0;
  leaving: Leaving = 'open';

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    // Bytes come when a test feeds them.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytesWritten += chunk.length;
    this.taken.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.leaving = 'end';
    done();
  }

  resetAndDestroy(): void {
    this.leaving = 'reset';
    this.destroy();
  }
}

export type Side = 'client' | 'app';

/** What the two ends have seen, and how they were left. */
export interface Saw {
  readonly atApp: string;
  readonly atClient: string;
  readonly appSaw: Leaving;
  readonly clientSaw: Leaving;
}

const NOTHING = (): void => undefined;

export const NONE_LEFT = { tunnels: 0, active: 0, requests: 0, timers: 0 };

export class Wired {
  readonly clock = new HandClock();
  readonly faults: unknown[] = [];
  readonly tracker: Tracker;
  readonly policy: Policy;
  readonly tunnel: Tunnel;
  private readonly wires: Readonly<Record<Side, Wire>> = { client: new Wire(), app: new Wire() };

  private constructor(policy: Partial<Policy>) {
    this.policy = { ...POLICY, isDraining: true, ...policy };
    this.tracker = new Tracker(this.clock, {
      appUnreachable: NOTHING,
      appReached: NOTHING,
      secondChance: NOTHING,
      gaveUp: NOTHING,
      tlsCarried: NOTHING,
      fault: (error) => this.faults.push(error),
      idle: NOTHING,
      busy: NOTHING,
    });
    const client = this.wires.client as unknown as LaneSocket;
    const app = this.wires.app as unknown as LaneSocket;
    this.tunnel = new Tunnel(
      { policy: this.policy, events: this.tracker, clock: this.clock, random: () => 0.5 },
      client,
      () => undefined,
    );
    for (const socket of [client, app]) {
      socket.tunnel = this.tunnel;
      socket.on('error', () => this.tunnel.broke(socket));
      socket.on('close', () => this.tunnel.closed(socket));
    }
    this.tunnel.join(app);
    joinLanes(client, app);
  }

  /** A tunnel that is joined; a drain is going on unless `policy` says otherwise. */
  static async open(policy: Partial<Policy> = {}): Promise<Wired> {
    const wired = new Wired(policy);
    await turn();
    return wired;
  }

  /** One read's worth of bytes; nothing from a side that is gone. */
  feed(by: Side, bytes: Bytes): void {
    const wire = this.wires[by];
    const chunk = bytesOf(bytes);
    if (wire.destroyed || chunk.length === 0) return;
    wire.bytesRead += chunk.length;
    wire.push(chunk);
  }

  /** A FIN behind what was fed. */
  async end(by: Side): Promise<void> {
    if (!this.wires[by].destroyed) this.wires[by].push(null);
    await turn();
  }

  async reset(by: Side): Promise<void> {
    this.wires[by].destroy(new Error('reset'));
    await turn();
  }

  at(side: Side): string {
    return Buffer.concat(this.wires[side].taken).toString('latin1');
  }

  get saw(): Saw {
    return {
      atApp: this.at('app'),
      atClient: this.at('client'),
      appSaw: this.wires.app.leaving,
      clientSaw: this.wires.client.leaving,
    };
  }

  /** Both sides leave, if they have not; tells what is left then. */
  async leftovers(): Promise<typeof NONE_LEFT> {
    await this.end('app');
    await this.end('client');
    await turn();
    const { total, active, requestsInFlight } = this.tracker;
    const sum = Object.values(active).reduce((all, count) => all + count, 0);
    return {
      tunnels: total,
      active: sum,
      requests: requestsInFlight,
      timers: this.clock.pending,
    };
  }
}

/** What streams do later is done. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
