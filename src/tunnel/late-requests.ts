/**
 * The client's lane of a tunnel that is being let go of: the hot loop, but no request passes behind
 * the one that was told to be the last, and while upgrades are refused heads of requests wait until
 * it is known whether they ask for one.
 */
import type { Observer } from '../protocol/contract.js';
import { passHead, releaseCr, wantsLine } from './forwarded-line.js';
import { type LaneSocket, QUEUE_BYTES_MAX } from './lane.js';
import { observeClient } from './observe.js';
import type { Parting } from './parting.js';
import type { Tunnel } from './tunnel.js';

export function passLateFromClient(client: LaneSocket, chunk: Buffer): void {
  const { tunnel, peer: app } = client;
  const parting = tunnel.beginParting(app);
  if (!parting.passesClient) return;
  tunnel.around.events.receivedBytes += chunk.length;
  app.cork();
  const passed = followRequests(tunnel, parting, app, chunk);
  if (parting.passesClient) {
    if (parting.request.isHolding) parting.request.hold(chunk, passed);
    else if (passed < chunk.length && app.writable)
      app.write(passed === 0 ? chunk : chunk.subarray(passed));
  }
  if (app.writableCorked > 0) app.uncork();
  parting.endIfAnswered();
  // What the client says may be no frame: then nothing has to be waited for any more.
  if (parting.isDue) parting.ask();
  if (tunnel.observer.clientClosed) parting.clientLeft();
  const isHeldUp = app.writable && app.writableLength >= QUEUE_BYTES_MAX;
  if (parting.passesClient && isHeldUp) client.pause();
}

/** Returns how far the chunk has passed, or is nobody's. */
function followRequests(tunnel: Tunnel, parting: Parting, app: LaneSocket, chunk: Buffer): number {
  const { request } = parting;
  const { policy } = tunnel.around;
  let passed = 0;
  let at = 0;
  if (tunnel.heldCr) {
    at = observeClient(tunnel, chunk, 0);
    passed = releaseCr(tunnel, app, at);
  }
  while (at < chunk.length && parting.passesClient) {
    const { observer } = tunnel;
    observer.stops = tunnel.kind !== 'websocket';
    at = observeClient(tunnel, chunk, at);
    if (tunnel.observer.http === undefined && !tunnel.observer.undecided) parting.releaseHeads();
    else if (observer.mark === 'begin') {
      request.release();
      if (passed < at) app.write(chunk.subarray(passed, at));
      passed = at;
      if (policy.refusesUpgrades) request.begin();
    } else if (observer.headEnd !== 'none') {
      passed = endHead(parting, observer, chunk, passed, at);
    }
  }
  if (passed < at && !parting.passesClient) app.write(chunk.subarray(passed, at));
  return passed;
}

/** A head is whole, or all but its last LF. Returns how far the chunk has passed. */
function endHead(
  parting: Parting,
  observer: Observer,
  chunk: Buffer,
  passed: number,
  at: number,
): number {
  const { headEnd } = observer;
  const { tunnel, app, request } = parting;
  const wants = wantsLine(tunnel, headEnd);
  if (!request.isHolding) return wants ? passHead(tunnel, app, chunk, passed, at) : passed;
  if (headEnd !== 'plain' && headEnd !== 'forwarded') return passed;
  if (observer.http?.asksForWebSocket === true) {
    parting.refuse();
    return chunk.length;
  }
  const head = request.take(chunk, passed, at);
  if (wants) passHead(tunnel, app, head, 0, head.length);
  else app.write(head);
  return at;
}
