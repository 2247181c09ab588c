/**
 * What a Service is to its clients: one address, new connections go to the pod that is ready, and
 * those that are open stay where they are. Bytes, ends and resets pass as they come; what crossed an
 * end, and who reset, is counted.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';
import { within } from '../../peers/until.js';

export class Service {
  /** The port that new connections go to. */
  target: number;
  connections = 0;
  /** Connections that their pod has ended. */
  ended = 0;
  /** Connections on which a client spoke after the pod's end had come. */
  crossed = 0;
  /** Resets that came from a pod. */
  resets = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(target: number) {
    this.target = target;
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.join(client),
    );
  }

  static async open(t: Test, target: number): Promise<Service> {
    const service = new Service(target);
    service.server.listen(0, '127.0.0.1');
    await within(once(service.server, 'listening'), 'the Service listens');
    t.teardown(() => {
      service.server.close();
      for (const socket of service.sockets) socket.destroy();
    });
    return service;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private join(client: Socket): void {
    this.connections++;
    const at = { host: '127.0.0.1', port: this.target, allowHalfOpen: true, noDelay: true };
    const pod = connect(at);
    for (const socket of [client, pod]) {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    }
    client.on('error', () => pod.resetAndDestroy());
    pod.on('error', () => {
      this.resets++;
      client.resetAndDestroy();
    });
    pod.once('end', () => this.ended++);
    client.on('data', () => {
      if (!pod.readableEnded) return;
      this.crossed++;
      client.removeAllListeners('data');
      client.resume();
    });
    client.pipe(pod);
    pod.pipe(client);
  }
}
