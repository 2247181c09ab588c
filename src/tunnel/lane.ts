/**
 * The hot loop: bytes of one side reach the other as they came. Listeners are shared by all
 * sockets and find their tunnel on the socket; per chunk nothing is allocated but by Node itself,
 * and nothing copied but a request head that gets a line. Nothing here decides or logs.
 */
import type { Socket } from 'node:net';
import { endBehind, wasReset } from './ending.js';
import { passHead, releaseCr, wantsLine } from './forwarded-line.js';
import { passLateFromApp } from './late-answers.js';
import { passLateFromClient } from './late-requests.js';
import { observeApp, observeClient } from './observe.js';
import { outlivesApp } from './reopening.js';
import { standsInForApp } from './stand-in.js';
import type { Tunnel } from './tunnel.js';

/** How much may wait for a slow reader before its peer is no longer read; bytes. */
export const QUEUE_BYTES_MAX = 65_536;

/** From this size on a chunk's memory is worth giving back; bytes. */
const GIVEN_BACK_BYTES_MIN = 16_384;

const CR = Buffer.from('\r');

/** A socket that belongs to a tunnel; once the app is reached, both have their peer. */
export interface LaneSocket extends Socket {
  tunnel: Tunnel;
  peer: LaneSocket;
}

/** Memory that Node read into. Node 20 has no `transfer`. */
interface ReadMemory {
  readonly byteLength: number;
  transfer?(byteLength: number): unknown;
}

/** Both sockets are there: from here on bytes flow, those that waited first. */
export function joinLanes(client: LaneSocket, app: LaneSocket): void {
  client.peer = app;
  app.peer = client;
  app.on('data', onAppData);
  app.on('end', onAppEnd);
  app.on('drain', onDrain);
  client.on('drain', onDrain);
  client.on('end', onClientEnd);
  client.on('data', onClientData);
  // Node has told of an end already if nothing had come before it.
  if (client.readableEnded) onClientEnd.call(client);
  client.resume(); // it was held back, if it has had an app before
}

/** Nothing of one side reaches the other any more. */
export function partLanes(client: LaneSocket, app: LaneSocket): void {
  app.removeListener('data', onAppData);
  app.removeListener('end', onAppEnd);
  app.removeListener('drain', onDrain);
  client.removeListener('drain', onDrain);
  client.removeListener('end', onClientEnd);
  client.removeListener('data', onClientData);
}

function onClientData(this: LaneSocket, chunk: Buffer): void {
  try {
    const { tunnel } = this;
    if (tunnel.parting === undefined && !tunnel.around.policy.isDraining)
      passFromClient(this, chunk);
    else passLateFromClient(this, chunk);
  } catch (error) {
    this.tunnel.broken(error);
  }
}

function onAppData(this: LaneSocket, chunk: Buffer): void {
  try {
    const { tunnel } = this;
    if (tunnel.parting === undefined && !tunnel.around.policy.isDraining) passFromApp(this, chunk);
    else passLateFromApp(this, chunk);
  } catch (error) {
    this.tunnel.broken(error);
  }
}

function passFromClient(client: LaneSocket, chunk: Buffer): void {
  const { tunnel, peer: app } = client;
  tunnel.around.events.receivedBytes += chunk.length;
  let passed = 0;
  let at = 0;
  if (tunnel.heldCr) {
    at = observeClient(tunnel, chunk, 0);
    passed = releaseCr(tunnel, app, at);
  }
  while (at < chunk.length) {
    at = observeClient(tunnel, chunk, at);
    const { headEnd } = tunnel.observer;
    if (headEnd !== 'none' && wantsLine(tunnel, headEnd)) {
      if (passed === 0 && at < chunk.length) app.cork();
      passed = passHead(tunnel, app, chunk, passed, at);
    }
  }
  if (passed === 0) app.write(chunk);
  else if (passed < chunk.length) app.write(chunk.subarray(passed));
  if (app.writableCorked > 0) app.uncork();
  if (app.writableLength === 0) giveBack(chunk);
  else if (app.writableLength >= QUEUE_BYTES_MAX) client.pause();
}

function passFromApp(app: LaneSocket, chunk: Buffer): void {
  const { tunnel, peer: client } = app;
  tunnel.around.events.sentBytes += chunk.length;
  let at = 0;
  while (at < chunk.length) at = observeApp(tunnel, chunk, at);
  client.write(chunk);
  if (client.writableLength === 0) giveBack(chunk);
  else if (client.writableLength >= QUEUE_BYTES_MAX) app.pause();
}

/**
 * Frees a chunk that the system has taken whole. Node reads each into 64 KiB of its own and leaves
 * them to the collector, which on Node 24 looks only when some 64 MiB lie about: so much more would
 * be resident after any long transfer, and every read would touch cold memory.
 */
function giveBack(chunk: Buffer): void {
  if (chunk.length < GIVEN_BACK_BYTES_MIN) return;
  const memory = chunk.buffer as ReadMemory;
  if (memory.byteLength === chunk.length) memory.transfer?.(0);
}

/** What waited has left: the side that was held back may speak again. */
function onDrain(this: LaneSocket): void {
  if (this.peer.isPaused() && !this.destroyed) this.peer.resume();
}

function onClientEnd(this: LaneSocket): void {
  const { tunnel, peer: app } = this;
  if (wasReset(this)) {
    tunnel.resetBy(this);
    return;
  }
  tunnel.ended(this);
  tunnel.parting?.request.release();
  if (tunnel.heldCr) app.write(CR);
  if (tunnel.parting?.withholdsEnd !== true) endBehind(app);
}

function onAppEnd(this: LaneSocket): void {
  if (wasReset(this)) {
    this.tunnel.resetBy(this);
    return;
  }
  if (outlivesApp(this.tunnel)) return;
  const standsIn = standsInForApp(this.tunnel, false);
  this.tunnel.ended(this);
  if (standsIn) {
    if (this.peer.readableEnded) this.end();
    return;
  }
  this.tunnel.parting?.appEnded();
  endBehind(this.peer);
}
