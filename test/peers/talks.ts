/**
 * Connections that have come to where a goodbye may be said: an open WebSocket, an answer under way,
 * raw bytes. What the app says is handed to its tunnel in pieces of any size, just as the system
 * might have cut it; all else goes through real sockets.
 */
import * as ws from 'ws';
import type { Tunnel } from '../../src/tunnel/tunnel.js';
import { type CarrierWithApp, join } from './carrier.js';
import { type Bytes, bytesOf, type Ends } from './peer.js';

export const UPGRADE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
export const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** 1001, as a server says it, and as a client answers. */
export const CLOSE = '\x88\x02\x03\xe9';
export const CLOSE_REPLY = '\x88\x82\0\0\0\0\x03\xe9';

export interface Talk extends Ends {
  readonly tunnel: Tunnel;
  /** The bytes before: they are not what it is about. */
  readonly before: { readonly client: number; readonly app: number };
}

/** A client that says `asked`, and an app that answers it; both have arrived. */
export async function talk(opened: CarrierWithApp, asked: Bytes, answered: Bytes): Promise<Talk> {
  const ends = await join(opened);
  const { client, app } = ends;
  client.send(asked);
  await app.got(asked.length);
  app.send(answered);
  await client.got(answered.length);
  const tunnel = [...opened.carrier.tracker.tunnels()].find(
    (one) => one.client.remotePort === client.socket.localPort,
  );
  if (tunnel === undefined) throw new Error('there is no such tunnel');
  return { ...ends, tunnel, before: { client: answered.length, app: asked.length } };
}

export function openWebSocket(opened: CarrierWithApp): Promise<Talk> {
  return talk(opened, UPGRADE, SWITCH);
}

/** The app's next bytes reach its tunnel, each piece by itself. */
export function appSays({ tunnel }: Talk, ...pieces: readonly Bytes[]): void {
  for (const piece of pieces) if (piece.length > 0) tunnel.app?.emit('data', bytesOf(piece));
}

/** What has reached the client, and the app, since the talk began. */
export function heardBy({ client, app, before }: Talk): { client: string; app: string } {
  return { client: client.text.slice(before.client), app: app.text.slice(before.app) };
}

/** One piece, one piece a byte, two pieces. */
export function whole(text: string): string[] {
  return [text];
}
export function byteByByte(text: string): string[] {
  return [...text];
}
export function cutAt(text: string, at: number): string[] {
  return [text.slice(0, Math.max(0, at)), text.slice(Math.max(0, at))];
}

interface FrameOptions {
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  readonly mask?: boolean;
}

interface FrameWriter {
  readonly Sender: { frame(payload: Buffer, options: object): Buffer[] };
}

/** A frame as `ws` writes it. */
export function frame(opcode: number, payload: string, options: FrameOptions = {}): string {
  const { Sender } = ws as unknown as FrameWriter;
  const all = { fin: true, rsv1: false, mask: false, readOnly: false, ...options, opcode };
  return Buffer.concat(Sender.frame(bytesOf(payload), all)).toString('latin1');
}
