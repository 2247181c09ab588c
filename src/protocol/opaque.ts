/**
 * The observer of everything that is carried but not followed: raw TCP, TLS, HTTP/2 for now, and
 * what an observer lost the thread of. It has no state, so one serves every tunnel.
 */
import type { Facts, GiveUpReason, Kind, Observer } from './contract.js';

export const OPAQUE: Observer = {
  headEnd: 'none',
  stops: false,
  mark: 'none',
  undecided: false,
  clientClosed: false,
  appOwesClose: false,
  http: undefined,
  fromClient: (chunk) => chunk.length,
  fromApp: (chunk) => chunk.length,
  clientEnded: () => undefined,
  appEnded: () => undefined,
  farewell: () => 'end',
};

/** From here on the bytes pass unread. */
export function turnOpaque(facts: Facts, kind: Kind): void {
  facts.follows(OPAQUE);
  facts.carries(kind);
}

/** What cannot be followed is carried on, and counted. */
export function giveUp(facts: Facts, reason: GiveUpReason): void {
  facts.gaveUp(reason);
  turnOpaque(facts, 'tcp');
}
