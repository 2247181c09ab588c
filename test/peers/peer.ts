/**
 * A raw TCP endpoint, client or app, that does what a test says byte for byte and remembers what it
 * saw: bytes, an end (FIN) or a reset. It never ends by itself, and every wait is bounded.
 */
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { within } from './until.js';

export interface At {
  readonly host: string;
  readonly port: number;
}

/** Strings are latin1: one character, one byte. */
export type Bytes = string | Uint8Array;

/** How the other side left: not yet, by a FIN, or by a reset. */
export type Leaving = 'open' | 'end' | 'reset';

export function bytesOf(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
}

export class Peer {
  readonly socket: Socket;
  receivedBytes = 0;
  /** A FIN was seen, behind all bytes. */
  sawEnd = false;
  /** What the system said of this socket; ECONNRESET, or EPIPE if a FIN came before the reset. */
  errorCode: string | undefined;
  closed = false;
  /** False: bytes are only counted. */
  keeps = true;
  private readonly chunks: Buffer[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      if (this.keeps) this.chunks.push(chunk);
      this.changed();
    });
    socket.on('end', () => {
      if (isReset(socket)) this.errorCode ??= 'ECONNRESET';
      else this.sawEnd = true;
      this.changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode ??= error.code ?? error.message;
      this.changed();
    });
    socket.on('close', () => {
      this.closed = true;
      this.changed();
    });
  }

  /** Begins to connect. */
  static dial(at: At): Peer {
    return new Peer(connect({ ...at, allowHalfOpen: true }));
  }

  static async connect(at: At): Promise<Peer> {
    const peer = Peer.dial(at);
    await within(once(peer.socket, 'connect'), 'it connects');
    return peer;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  get leaving(): Leaving {
    if (this.errorCode !== undefined) return 'reset';
    return this.sawEnd ? 'end' : 'open';
  }

  send(bytes: Bytes): void {
    this.socket.write(bytesOf(bytes));
  }

  /** FIN behind what was sent. */
  end(): void {
    this.socket.end();
  }

  /** RST now; what was sent and not yet taken may be lost. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Leaves like a process that ends: a FIN, or a RST if bytes are unread. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Reads no more; the kernel's buffers fill. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Waits until at least so many bytes have come in all. */
  async got(count: number, timeoutMs?: number): Promise<void> {
    await this.until(
      () => this.receivedBytes >= count,
      () => `${count} bytes come, not just ${this.receivedBytes}: ${this.tail()}`,
      timeoutMs,
    );
  }

  /** Waits until the text has come. */
  async gotText(text: string, timeoutMs?: number): Promise<void> {
    const holds = (): boolean => this.text.includes(text);
    await this.until(holds, () => `"${text}" comes, not just: ${this.tail()}`, timeoutMs);
  }

  /** Waits for a FIN. */
  async ended(timeoutMs?: number): Promise<void> {
    await this.until(
      () => this.sawEnd,
      () => `an end comes; it is ${this.leaving}`,
      timeoutMs,
    );
  }

  /** Waits until the other side has left in either way. */
  async left(timeoutMs?: number): Promise<Leaving> {
    await this.until(
      () => this.leaving !== 'open',
      () => 'an end or a reset comes',
      timeoutMs,
    );
    return this.leaving;
  }

  /** Waits until this socket is gone altogether. */
  async gone(timeoutMs?: number): Promise<void> {
    await this.until(
      () => this.closed,
      () => `it closes; it is ${this.leaving}`,
      timeoutMs,
    );
  }

  private tail(): string {
    return JSON.stringify(this.text.slice(-200));
  }

  private changed(): void {
    for (const look of this.waiting) look();
  }

  private async until(holds: () => boolean, what: () => string, timeoutMs = 10_000): Promise<void> {
    if (holds()) return;
    let look = (): void => undefined;
    const comes = new Promise<void>((resolve) => {
      look = () => {
        if (holds()) resolve();
      };
    });
    this.waiting.add(look);
    try {
      await within(comes, what, timeoutMs);
    } finally {
      this.waiting.delete(look);
    }
  }
}

/** Node 20 takes bytes and a reset that come at once for an end; the system knows better. */
function isReset(socket: Socket): boolean {
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
  try {
    readSync(fd, new Uint8Array(1), 0, 1, null);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
  }
}

/** Two ends that are joined, in whatever way. */
export interface Ends {
  readonly client: Peer;
  readonly app: Peer;
}

/** An app: hands out the connections it gets, oldest first. */
export class RawApp {
  readonly server: Server;
  /** All connections there ever were. */
  readonly peers: Peer[] = [];
  private handed = 0;
  private wake = (): void => undefined;

  private constructor() {
    // What arrives before a test looks is read; a test that wants it unread pauses the peer.
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.peers.push(new Peer(socket));
      this.wake();
    });
  }

  static async open(host = '127.0.0.1', port = 0): Promise<RawApp> {
    const app = new RawApp();
    app.server.listen(port, host);
    await within(once(app.server, 'listening'), 'the app listens');
    return app;
  }

  get at(): At {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** The next connection, waiting for it if need be. */
  async accepted(timeoutMs?: number): Promise<Peer> {
    while (this.peers.length === this.handed) {
      const came = new Promise<void>((resolve) => (this.wake = resolve));
      await within(came, 'a connection reaches the app', timeoutMs);
    }
    return this.peers[this.handed++];
  }

  /** Listens no more and destroys what is open. */
  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await within(once(this.server, 'close'), 'the app closes');
  }
}

/** A port of 127.0.0.1 that nobody listens at. */
export async function freePort(): Promise<number> {
  const app = await RawApp.open();
  const { port } = app.at;
  await app.close();
  return port;
}
