/**
 * A server that answers each request as a test says, down to the way in which it leaves: what the
 * load driver counts is shown with the faults of this one.
 */
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Test } from 'tap';

export interface Request {
  readonly socket: Socket;
  readonly method: string;
  readonly target: string;
  /** With names in small letters. */
  readonly head: string;
  readonly body: Buffer;
  /** Which one it is on its connection, and which connection that is; from 1. */
  readonly number: number;
  readonly connection: number;
}

const HEAD_END = '\r\n\r\n';

export class Rogue {
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(answer: (request: Request) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = ++this.connections;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
      readRequests(socket, connection, answer);
    });
  }

  /** One that listens; it is gone when `t` is over. */
  static async start(t: Test, answer: (request: Request) => void): Promise<Rogue> {
    const rogue = new Rogue(answer);
    rogue.server.listen(0, '127.0.0.1');
    await once(rogue.server, 'listening');
    t.teardown(async () => {
      for (const socket of rogue.sockets) socket.destroy();
      rogue.server.close();
      await once(rogue.server, 'close');
    });
    return rogue;
  }

  /** HOST:PORT. */
  get target(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

/** Calls back for each request once it is there whole. */
function readRequests(
  socket: Socket,
  connection: number,
  answer: (request: Request) => void,
): void {
  let received = Buffer.alloc(0);
  let number = 0;
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(HEAD_END);
    if (end === -1) return;
    const head = received.toString('latin1', 0, end);
    const [method, target] = head.split(' ', 2);
    const lowered = head.replace(/^[^:\r\n]+:/gm, (name) => name.toLowerCase());
    const bodyBytes = Number(/^content-length: (\d+)$/m.exec(lowered)?.[1] ?? 0);
    const whole = end + HEAD_END.length + bodyBytes;
    if (received.length < whole) return;
    const body = received.subarray(whole - bodyBytes, whole);
    received = received.subarray(whole);
    answer({ socket, method, target, head: lowered, body, number: ++number, connection });
  });
}

/** A whole answer with a Content-Length. */
export function answerOf(body: string, status = '200 OK', fields = ''): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}
