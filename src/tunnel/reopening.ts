/**
 * A client's connection that outlives its app's: the app is let go of, and the client's next byte
 * dials it anew. So an end of the app's side is none for a client that is between two requests, and
 * none of its requests crosses a FIN on the way.
 */
import type { Timer } from '../clock.js';
import { endBehind, wasReset } from './ending.js';
import { type LaneSocket, partLanes } from './lane.js';
import { LINGER_MS } from './refusal.js';
import type { Tunnel } from './tunnel.js';

/**
 * How long a client is kept behind the goodbye of its event stream. Pools use a connection again at
 * once; whoever waits for the time that the goodbye told, a second or more, is to come back elsewhere.
 */
export const KEPT_MS_MAX = 500;

/** A socket whose tunnel has let go of its app. */
interface KeptSocket extends LaneSocket {
  tunnel: Tunnel & { reopening: Reopening };
}

export class Reopening {
  /** The client has been given its end, or has come to its own. */
  hasEnded = false;
  /** Nothing is owed to the client any more. */
  isWaiting = false;
  private readonly tunnel: Tunnel;
  private readonly quietMs: number;
  private timer: Timer | undefined;

  private constructor(tunnel: Tunnel, quietMs: number) {
    this.tunnel = tunnel;
    this.quietMs = quietMs;
  }

  /** Lets go of the app. Until it is told to wait, the client is not heard. */
  static begin(tunnel: Tunnel, quietMs: number): Reopening {
    const client = tunnel.client as LaneSocket;
    const app = tunnel.app as LaneSocket;
    const reopening = new Reopening(tunnel, quietMs);
    partLanes(client, app);
    tunnel.letGoOfApp(reopening);
    discard(app, tunnel);
    client.pause();
    client.on('end', onEnd);
    return reopening;
  }

  /** Nothing is owed to the client any more: whatever it says now is its next request. */
  wait(): void {
    const { client, around } = this.tunnel;
    this.isWaiting = true;
    client.on('data', onData);
    client.resume();
    if (client.readableEnded) this.left();
    else if (this.hasEnded) this.giveEnd();
    else this.timer = around.clock.after(this.quietMs, timeIsUp, this);
  }

  /** The client has spoken. */
  spoken(chunk: Buffer): void {
    if (this.hasEnded) return;
    const { tunnel } = this;
    const { client } = tunnel;
    this.timer?.cancel();
    client.removeListener('data', onData);
    client.removeListener('end', onEnd);
    client.pause();
    client.unshift(chunk);
    tunnel.reopen();
  }

  /** The client has ended, in whatever way. */
  left(): void {
    const { client } = this.tunnel;
    this.tunnel.partedBy('client');
    if (wasReset(client)) client.destroy();
    else this.giveEnd();
  }

  endUnlessSpoken(): void {
    this.timer = this.tunnel.around.clock.after(0, endQuiet, this);
  }

  /** The client is kept no longer, or will not be. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (this.isWaiting) this.giveEnd();
  }

  forget(): void {
    this.timer?.cancel();
  }

  /** The client gets its end, and what comes yet is read and discarded for a while. */
  private giveEnd(): void {
    const { tunnel } = this;
    const { client, around } = tunnel;
    this.hasEnded = true;
    tunnel.partedBy(around.policy.isDraining ? 'drain' : 'app');
    this.timer?.cancel();
    endBehind(client);
    const linger = (): void => {
      if (!client.destroyed) this.timer = around.clock.after(LINGER_MS, destroy, client);
    };
    if (client.writableFinished) linger();
    else client.once('finish', linger);
  }
}

/** Whether the client may go on with another app connection: all that was asked is answered. */
export function mayReopen({ client, observer, hasPreamble, bytesPassed }: Tunnel): boolean {
  // A new connection would lack the preamble of the first.
  if (hasPreamble || client.destroyed || client.readableEnded || client.writableEnded) return false;
  return observer.http?.persists ?? (observer.undecided && bytesPassed === 0);
}

/**
 * The app has left while nothing was at work. True if its client does not hear of it: others can answer
 * its next request (setting `secondChance`), which an end passed on would only make it lose.
 */
export function outlivesApp(tunnel: Tunnel): boolean {
  const { app, isBusy, parting, around } = tunnel;
  const { secondChance, idleFarewellMs } = around.policy;
  if (secondChance === undefined || app === undefined || isBusy) return false;
  if ((parting?.state ?? 'open') !== 'open' || !mayReopen(tunnel)) return false;
  Reopening.begin(tunnel, idleFarewellMs);
  tunnel.goOn();
  return true;
}

/** An app that is let go of reads the end, and may finish what it was saying. */
function discard(app: LaneSocket, { around }: Tunnel): void {
  if (app.destroyed) return;
  const timer = around.clock.after(LINGER_MS, destroy, app);
  app.once('close', () => timer.cancel());
  endBehind(app);
  app.resume();
}

function destroy(socket: { destroy(): void }): void {
  socket.destroy();
}

/** A loop that was held up comes to its timers first: a client that has spoken is read before. */
function timeIsUp(reopening: Reopening): void {
  reopening.endUnlessSpoken();
}

function endQuiet(reopening: Reopening): void {
  reopening.end();
}

function onData(this: KeptSocket, chunk: Buffer): void {
  this.tunnel.reopening.spoken(chunk);
}

function onEnd(this: KeptSocket): void {
  const { reopening } = this.tunnel;
  if (reopening.isWaiting) reopening.left();
}
