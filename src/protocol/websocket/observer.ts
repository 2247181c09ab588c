/**
 * Follows the frames of both lanes of a WebSocket connection. While serving it tells nothing: an
 * open WebSocket is work until it ends. What is no frame makes the tunnel opaque.
 */
import type { Facts, Farewell, Mark, Observer } from '../contract.js';
import { giveUp } from '../opaque.js';
import { FrameFraming } from './framing.js';

class WebSocketObserver implements Observer {
  readonly headEnd = 'none';
  stops = false;
  mark: Mark = 'none';
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

  get undecided(): boolean {
    return false;
  }

  get http(): undefined {
    return undefined;
  }

  get clientClosed(): boolean {
    return this.client.isClosed();
  }

  get appOwesClose(): boolean {
    return this.client.isClosed() && !this.app.isClosed();
  }

  /** One Close is enough, whoever has sent it (RFC 6455 section 5.5.1). */
  farewell(): Farewell {
    if (this.client.isClosed() || this.app.isClosed()) return 'none';
    return this.app.atBoundary() ? 'close' : 'not-yet';
  }

  clientEnded(): void {
    // The Close handshake is the peers' affair; the tunnel passes the FIN.
  }

  appEnded(): void {
    // As above.
  }

  private follow(framing: FrameFraming, chunk: Uint8Array, from: number): number {
    let at = from;
    this.mark = 'none';
    while (at < chunk.length) {
      at = framing.read(chunk, at);
      if (framing.event === 'failed') {
        giveUp(this.facts, 'websocket-frame');
        return at;
      }
      if (this.stops && framing.event === 'frame') {
        this.mark = 'boundary';
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
