/**
 * The data port inside the test's own process: the real listener, tunnels and tracker on loopback
 * sockets, with time driven by hand, so that a test sees every count and every timer.
 */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { Test } from 'tap';
import { Tracker } from '../../src/tracker.js';
import { createListener } from '../../src/tunnel/listener.js';
import type { Policy } from '../../src/tunnel/policy.js';
import type { Tunnel } from '../../src/tunnel/tunnel.js';
import { HandClock } from './clock.js';
import { type At, type Ends, Peer, RawApp } from './peer.js';
import { POLICY } from './policy.js';
import { until, within } from './until.js';

export interface CarrierOptions {
  readonly policy?: Partial<Policy>;
  /** An app of one's own, or one that is not there. */
  readonly appAt?: At;
  readonly listenAt?: string;
}

/** Remembers who came last. */
class WatchedTracker extends Tracker {
  youngest: Tunnel | undefined;

  override opened(tunnel: Tunnel): void {
    super.opened(tunnel);
    this.youngest = tunnel;
  }
}

/** What the tracker passed on, in order. */
export type Heard = [what: string, about?: unknown];

export class Carrier {
  readonly clock = new HandClock();
  readonly heard: Heard[] = [];
  readonly tracker: WatchedTracker;
  readonly policy: Policy;
  /** Errors of accepting. */
  readonly refused: Error[] = [];
  readonly server: Server;

  constructor(app: At, policy: Partial<Policy>) {
    const hear =
      (what: string) =>
      (about?: unknown): void =>
        void this.heard.push(about === undefined ? [what] : [what, about]);
    this.tracker = new WatchedTracker(this.clock, {
      appUnreachable: hear('appUnreachable'),
      appReached: hear('appReached'),
      secondChance: hear('secondChance'),
      gaveUp: hear('gaveUp'),
      tlsCarried: hear('tlsCarried'),
      fault: hear('fault'),
      idle: hear('idle'),
      busy: hear('busy'),
    });
    this.policy = { ...POLICY, ...policy };
    const around = {
      policy: this.policy,
      events: this.tracker,
      clock: this.clock,
      random: () => 0.5,
    };
    this.server = createListener(around, app, (error) => this.refused.push(error));
  }

  get at(): At {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** The youngest tunnel; waits for the first. */
  async tunnel(): Promise<Tunnel> {
    await until(() => this.tracker.total > 0, 'there is a tunnel');
    return this.tracker.youngest as Tunnel;
  }

  /** What was heard of `what`. */
  about(what: string): unknown[] {
    return this.heard.filter(([name]) => name === what).map(([, about]) => about);
  }

  /** Open connections and what they are at work on. */
  get open(): { tunnels: number; active: number; idle: number; requests: number } {
    const { total, active, idle, requestsInFlight } = this.tracker;
    const sum = (counts: Record<string, number>): number =>
      Object.values(counts).reduce((all, count) => all + count, 0);
    return {
      tunnels: total,
      active: sum(active),
      idle: sum(idle),
      requests: requestsInFlight,
    };
  }

  /** Waits until nothing is left: no tunnel, no count, no timer. */
  async empty(): Promise<void> {
    const isEmpty = (): boolean => {
      const { tunnels, active, idle, requests } = this.open;
      return tunnels + active + idle + requests + this.clock.pending === 0;
    };
    const left = (): string => JSON.stringify({ ...this.open, timers: this.clock.pending });
    await until(isEmpty, () => `nothing is left, not ${left()}`);
  }
}

/** A carrier that listens while `t` runs. */
export async function openCarrier(t: Test, options: CarrierOptions = {}): Promise<CarrierWithApp> {
  const app = options.appAt === undefined ? await RawApp.open() : undefined;
  const carrier = new Carrier(options.appAt ?? (app as RawApp).at, options.policy ?? {});
  carrier.server.listen(0, options.listenAt ?? '127.0.0.1');
  await within(once(carrier.server, 'listening'), 'the carrier listens');
  t.teardown(async () => {
    carrier.server.close();
    for (const tunnel of carrier.tracker.tunnels()) tunnel.cut('error');
    await app?.close();
  });
  return { carrier, app: app as RawApp };
}

export interface CarrierWithApp {
  readonly carrier: Carrier;
  /** Not there if the test has an app of its own. */
  readonly app: RawApp;
}

/** A client and the app's end of its tunnel. */
export async function join({ carrier, app }: CarrierWithApp): Promise<Ends> {
  const client = await Peer.connect(carrier.at);
  return { client, app: await app.accepted() };
}

/** Waits until `holds`, looking again at every turn of the event loop. */
export async function turnsUntil(
  holds: () => boolean,
  what: string,
  turnsMax = 1e6,
): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns === turnsMax) throw new Error(`not within ${turnsMax} turns: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
