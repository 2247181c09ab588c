/**
 * A client whose upgrade another pod has accepted: from here on it is a tunnel like any other, with
 * that pod in the place of the app.
 */
import type { Socket } from 'node:net';
import { createWebSocketObserver } from '../protocol/websocket/observer.js';
import { adopt, type DialSocket } from './dial.js';
import { joinLanes } from './lane.js';
import type { Tunnel } from './tunnel.js';

/** What either side had said behind its head. */
export interface Early {
  readonly fromClient: Buffer | undefined;
  readonly fromApp: Buffer;
}

/** `isOther`: it is not our own app that has come back. */
export function joinSwitched(tunnel: Tunnel, app: Socket, isOther: boolean, early: Early): void {
  const client = tunnel.client as DialSocket;
  const joined = app as DialSocket;
  client.dial = undefined;
  joined.dial = undefined;
  adopt(tunnel, joined);
  tunnel.join(joined, isOther);
  tunnel.exchangeEnded('work');
  tunnel.follows(createWebSocketObserver(tunnel));
  tunnel.carries('websocket');
  if (early.fromClient !== undefined && early.fromClient.length > 0)
    client.unshift(early.fromClient);
  tunnel.around.events.receivedBytes -= client.readableLength; // the lane counts them
  if (early.fromApp.length > 0) app.unshift(early.fromApp);
  joinLanes(client, joined);
}
