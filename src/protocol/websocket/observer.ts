/**
 * Follows the frames of both lanes of a WebSocket connection. While serving it tells nothing: an
 * open WebSocket is work until it ends. What is no frame makes the tunnel opaque.
 */
import type { Facts, Observer } from '../contract.js';
import { giveUp } from '../opaque.js';
import { FrameFraming } from './framing.js';

class WebSocketObserver implements Observer {
  readonly headEnd = 'none';
  private readonly facts: Facts;
  private readonly client = new FrameFraming();
  private readonly app = new FrameFraming();

  constructor(facts: Facts) {
    this.facts = facts;
  }

  fromClient(chunk: Uint8Array, from: number): number {
    return this.follow(this.client, chunk, from);
  }

  fromApp(chunk: Uint8Array, from: number): number {
    return this.follow(this.app, chunk, from);
  }

  clientEnded(): void {
    // The Close handshake is the peers' affair; the tunnel passes the FIN.
  }

  appEnded(): void {
    // As above.
  }

  private follow(framing: FrameFraming, chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      at = framing.read(chunk, at);
      if (framing.event === 'failed') {
        giveUp(this.facts, 'websocket-frame');
        return at;
      }
    }
    return at;
  }
}

/** Follows a connection from the first byte behind its 101. */
export function createWebSocketObserver(facts: Facts): Observer {
  return new WebSocketObserver(facts);
}
