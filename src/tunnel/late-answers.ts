/**
 * The app's lane of a tunnel that is being let go of: the hot loop, but heads of answers wait until
 * they are whole, because the last one gets its `Connection: close`, and a goodbye is said where
 * one can stand. Behind that nothing of the app's passes any more.
 */
import type { Socket } from 'node:net';
import type { Observer } from '../protocol/contract.js';
import { type LaneSocket, QUEUE_BYTES_MAX } from './lane.js';
import { observeApp } from './observe.js';
import type { Parting } from './parting.js';

export function passLateFromApp(app: LaneSocket, chunk: Buffer): void {
  const { tunnel, peer: client } = app;
  const parting = tunnel.beginParting(app);
  if (!parting.passesApp) {
    parting.discard(chunk, 0);
    return;
  }
  tunnel.around.events.sentBytes += chunk.length;
  client.cork();
  let passed = 0;
  let at = 0;
  while (at < chunk.length && parting.passesApp) {
    const { observer } = tunnel;
    observer.stops = observer.http !== undefined || parting.isDue;
    at = observeApp(tunnel, chunk, at);
    if (tunnel.observer.http === undefined) parting.releaseHeads();
    if (tunnel.observer === observer) passed = passToMark(parting, observer, chunk, passed, at);
  }
  if (parting.answer.isHolding) parting.answer.hold(chunk, passed);
  else if (parting.passesApp) pass(client, chunk, passed, chunk.length);
  else parting.discard(chunk, at);
  if (client.writableCorked > 0) client.uncork();
  if (parting.passesApp && client.writableLength >= QUEUE_BYTES_MAX) app.pause();
}

/** The observer has read up to `at`, what came before `passed` is out; returns what is out now. */
function passToMark(
  parting: Parting,
  observer: Observer,
  chunk: Buffer,
  passed: number,
  at: number,
): number {
  const { client } = parting;
  const { mark, http } = observer;
  if (mark === 'head') {
    const head = parting.answer.isHolding
      ? parting.headOfAnswer(parting.answer.take(chunk, passed, at))
      : chunk.subarray(passed, at);
    client.write(head);
    if (http?.answering === false) parting.answered();
    return at;
  }
  const speaks = parting.isDue && parting.canSpeak();
  if (mark !== 'begin' && mark !== 'end' && !speaks) return passed;
  pass(client, chunk, passed, at);
  if (mark === 'begin') parting.answer.begin();
  else if (mark === 'end') parting.answered();
  if (speaks) parting.speak();
  return at;
}

function pass(to: Socket, chunk: Buffer, from: number, end: number): void {
  if (from < end) to.write(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
}
